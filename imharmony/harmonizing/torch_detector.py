"""A trained detector by its weights, run by torch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from imharmony.blind.detector import Detector, evidence, found_in, load_detector
from imharmony.colour.ranges import network_from_uint8
from imharmony.errors import InputError
from imharmony.pictures.pairs import squared


@dataclass(frozen=True)
class TrainedDetector:
    """A detector that was trained at ``size_px``."""

    detector: Detector
    size_px: int
    limit: float
    least_share: float
    odds: tuple[float, ...] = (1.0, 1.0, 1.0)

    def probabilities(self, photo: np.ndarray) -> np.ndarray:
        """As an exported one's, float32 (3, S, S)."""
        seen = network_from_uint8(torch.from_numpy(squared(photo, self.size_px).copy())[None])
        with torch.inference_mode():
            said = evidence(self.detector.probabilities(self.detector(seen)), self.odds)[0].numpy()
        if not np.isfinite(said).all():
            raise InputError("the detector says NaN of this photograph; expected 0 to 1; train it again or take another")
        return said


def load_trained_detector(path: Path) -> TrainedDetector:
    """The detector of a ``model.safetensors``; an ``InputError`` names a file that is none."""
    detector, size_px, metadata = load_detector(path)
    found = found_in(path, metadata)
    return TrainedDetector(detector, size_px, found.limit, found.least_share, found.odds)
