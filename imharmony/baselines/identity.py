"""Doing nothing: what every other method must beat."""

import numpy as np


def identity(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:  # noqa: ARG001 - every baseline takes a mask
    """The composite itself, float32 (H, W, 3) in [0, 255]."""
    return composite.astype(np.float32)
