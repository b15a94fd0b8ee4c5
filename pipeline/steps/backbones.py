"""The frozen network that a variant's loss on features looks through: which one it is, and where its weights are."""

from pathlib import Path

import torch
from pydantic import ValidationError

from imharmony.classification.checkpoint import load_classifier_features
from imharmony.errors import InputError
from imharmony.losses import FEATURE_DISTANCES, ReconstructionLoss
from imharmony.losses.backbones import load_squeezenet, load_vgg19
from imharmony.losses.features import FeatureExtractor, feature_loss
from imharmony.storage.files import write_text
from pipeline.params.training import Backbone, Features

CHOICE = "backbone.json"
CLASSIFIER = "model.safetensors"
NONE = "null\n"


def write_backbone(folder: Path, backbone: Backbone | None) -> None:
    """Which network a loss looks through; None where it looks through none. A classifier lies beside it, as ``CLASSIFIER``."""
    write_text(folder / CHOICE, NONE if backbone is None else backbone.model_dump_json() + "\n")


def feature_loss_in(folder: Path, features: Features, *, device: torch.device) -> ReconstructionLoss:
    """A variant's loss on features through the network that ``write_backbone`` left in its folder."""
    extractor, backbone = _extractor(folder, features)
    return feature_loss(extractor.to(device), weights=features.layers[backbone.name], distance=FEATURE_DISTANCES[features.distance])


def _extractor(folder: Path, features: Features) -> tuple[FeatureExtractor, Backbone]:
    backbone = _read_choice(folder / CHOICE)
    names, file = list(features.layers[backbone.name]), Path(backbone.file) if backbone.file else None
    if backbone.name == "classifier":
        return load_classifier_features(names, folder / CLASSIFIER), backbone
    if backbone.name == "squeezenet" and file is not None:
        return load_squeezenet(names, file), backbone
    return load_vgg19(names, file), backbone


def _read_choice(path: Path) -> Backbone:
    try:
        return Backbone.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError) as error:
        raise InputError(f"{path}: absent or names no network; run the stage train_classifier (dvc repro)") from error
