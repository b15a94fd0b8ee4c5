"""The loss on features of a variant, through the frozen network that a folder holds or names."""

from pathlib import Path

import torch

from imharmony.classification.checkpoint import load_classifier_features
from imharmony.losses import FEATURE_DISTANCES, ReconstructionLoss
from imharmony.losses.backbones import load_squeezenet, load_vgg19
from imharmony.losses.features import FeatureExtractor, feature_loss
from pipeline.params.training import Backbone, Features
from pipeline.steps.backbone_choice import read_backbone
from pipeline.steps.paths import MODEL


def feature_loss_in(folder: Path, features: Features, *, device: torch.device) -> ReconstructionLoss:
    """A variant's loss on features through the network that ``write_backbone`` left in its folder."""
    extractor, backbone = _extractor(folder, features)
    return feature_loss(extractor.to(device), weights=features.layers[backbone.name], distance=FEATURE_DISTANCES[features.distance])


def _extractor(folder: Path, features: Features) -> tuple[FeatureExtractor, Backbone]:
    backbone = read_backbone(folder)
    names, file = list(features.layers[backbone.name]), Path(backbone.file) if backbone.file else None
    if backbone.name == "classifier":
        return load_classifier_features(names, folder / MODEL), backbone
    if backbone.name == "squeezenet" and file is not None:
        return load_squeezenet(names, file), backbone
    return load_vgg19(names, file), backbone
