"""A trained harmonizer as a method that travels to whoever scores with it."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from imharmony.checkpoint import load_harmonizer
from imharmony.evaluation.methods import NetworkMethod
from pipeline.steps.device import pick_device


@dataclass(frozen=True)
class TrainedMethod:
    """A checkpoint, which each process loads once, onto its first GPU if ``device`` and the machine say so."""

    path: Path
    sha256: str  # a file that was replaced is another method
    device: str  # as ``machine.device``

    def __call__(self, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The network's own picture, as ``methods.Harmonize``."""
        return _loaded(self)(composite, mask)

    def several(self, composites: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """As ``methods.TakesSeveral`` says."""
        return _loaded(self).several(composites, masks)


@lru_cache(maxsize=1)
def _loaded(method: TrainedMethod) -> NetworkMethod:
    return NetworkMethod(load_harmonizer(method.path)[0], device=pick_device(method.device))
