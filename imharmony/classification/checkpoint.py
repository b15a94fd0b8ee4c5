"""A trained classifier in one file, and its features. Reading runs no code from the file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from msgspec import Meta, Struct

from imharmony.classification.network import PLACES, Classifier
from imharmony.errors import InputError
from imharmony.losses.features import FeatureExtractor
from imharmony.storage.descriptions import MOST_CATEGORIES, Width, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

UNCHANGED = (127.5, 127.5, 127.5)  # mean and spread by which an extractor leaves [-1, 1] as it is


class Built(Struct, frozen=True, forbid_unknown_fields=True):
    """What its scores are called, in their order, and its channels."""

    categories: Annotated[list[str], Meta(min_length=1, max_length=MOST_CATEGORIES)]
    width: Width


class Description(Struct, frozen=True):
    """What a file of a classifier says and is used; beside it may stand more, which informs."""

    classifier: Built


def save_classifier(path: Path, network: Classifier, *, categories: Sequence[str], width: int, metadata: Mapping[str, str]) -> None:
    """Writes ``model.safetensors`` atomically; ``categories`` name the scores in their order."""
    write_weights(path, network, {**metadata, "classifier": {"categories": list(categories), "width": width}})


def load_classifier(path: Path) -> tuple[Classifier, dict[str, Any]]:
    """The classifier on the CPU in its evaluation mode, and the file's metadata with the key ``classifier``."""
    found = described(path, read_metadata(path), Description, wrong="not a classifier", advice=AGAIN).classifier
    if len(set(found.categories)) < len(found.categories):
        raise InputError(f"{path}: its metadata names a category twice; expected each once; {AGAIN}")
    metadata, tensors = read_weights(path)
    with torch.device("meta"):
        expect_fit(path, Classifier(categories=len(found.categories), width=found.width), tensors)
    network = Classifier(categories=len(found.categories), width=found.width)
    load_weights(path, network, tensors)
    return network.eval(), metadata


def load_classifier_features(names: Sequence[str], path: Path) -> FeatureExtractor:
    """The file's classifier at the named places of ``networks.classifier.PLACES``."""
    return features_of(load_classifier(path)[0], names)


def features_of(network: Classifier, names: Sequence[str]) -> FeatureExtractor:
    """A classifier, frozen from now on, at the named places."""
    return FeatureExtractor(network.layers, PLACES, names=names, mean=UNCHANGED, std=UNCHANGED)
