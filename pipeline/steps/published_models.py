"""Files of models from elsewhere, which are scored like what is trained here."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from imharmony.checkpoint import input_of, load_harmonizer
from imharmony.errors import InputError
from imharmony.evaluation.methods import Harmonize
from imharmony.inference import own_picture
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.randomness import repeatable
from pipeline.params.training import COMPOSITE
from pipeline.steps.device import pick_device


def load_published(path: Path) -> tuple[Harmonizer, int]:
    """The harmonizer of a file and the size, in pixels, at which it sees pictures."""
    if (given := input_of(path)) != COMPOSITE:
        raise InputError(f"{path}: a model that takes {given!r} pictures; expected one that takes composites; name another file")
    harmonizer, metadata = load_harmonizer(path)
    return harmonizer, int(metadata["size_px"])


@dataclass(frozen=True)
class PublishedMethod:
    """A file's harmonizer on one picture of any size, as a user's photograph is harmonized with it; as ``TrainedMethod`` otherwise."""

    path: Path
    sha256: str
    device: str

    def __call__(self, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The network's own picture, as ``methods.Harmonize``."""
        return _loaded(self)(composite, mask)


@lru_cache(maxsize=1)
def _loaded(method: PublishedMethod) -> Harmonize:
    return published_method(method.path, device=pick_device(method.device))


def published_method(path: Path, *, device: torch.device) -> Harmonize:
    """A file's harmonizer as a function of one picture of any size, as a user's photograph is harmonized with it."""
    harmonizer, size_px = load_published(path)
    harmonizer.to(device)

    def harmonize(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with repeatable(device):
            return own_picture(composite, np.rint(mask * 255).astype(np.uint8), harmonizer=harmonizer, size_px=size_px)

    return harmonize
