"""A trained classifier in one file, and its features. Reading runs no code from the file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from imharmony.classification.network import PLACES, Classifier
from imharmony.errors import InputError
from imharmony.losses.features import FeatureExtractor
from imharmony.storage.weights import AGAIN, load_weights, read_weights, write_weights

UNCHANGED = (127.5, 127.5, 127.5)  # mean and spread by which an extractor leaves [-1, 1] as it is


def save_classifier(path: Path, network: Classifier, *, categories: Sequence[str], width: int, metadata: Mapping[str, str]) -> None:
    """Writes ``model.safetensors`` atomically; ``categories`` name the scores in their order."""
    write_weights(path, network, {**metadata, "classifier": {"categories": list(categories), "width": width}})


def load_classifier(path: Path) -> tuple[Classifier, dict[str, Any]]:
    """The classifier on the CPU in its evaluation mode, and the file's metadata with the key ``classifier``."""
    metadata, tensors = read_weights(path)
    try:
        built = metadata["classifier"]
        network = Classifier(categories=len(built["categories"]), width=built["width"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: not a classifier of this version ({error}); {AGAIN}") from error
    load_weights(path, network, tensors)
    return network.eval(), metadata


def load_classifier_features(names: Sequence[str], path: Path) -> FeatureExtractor:
    """The file's classifier at the named places of ``networks.classifier.PLACES``."""
    return features_of(load_classifier(path)[0], names)


def features_of(network: Classifier, names: Sequence[str]) -> FeatureExtractor:
    """A classifier, frozen from now on, at the named places."""
    return FeatureExtractor(network.layers, PLACES, names=names, mean=UNCHANGED, std=UNCHANGED)
