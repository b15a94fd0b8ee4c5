"""Pictures that several baselines are tested on."""

import numpy as np
import pytest


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A mid-grey background and a darker, redder foreground, both with some contrast."""
    rng = np.random.default_rng(0)
    composite = rng.normal((120, 125, 130), 12, (40, 40, 3))
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 12:28] = 1
    composite[mask > 0] = rng.normal((110, 80, 75), 8, (320, 3))
    return np.clip(np.rint(composite), 0, 255).astype(np.uint8), mask


@pytest.fixture
def twins() -> tuple[np.ndarray, np.ndarray]:
    """A picture whose left half, the foreground, is its right half once more."""
    half = np.random.default_rng(1).normal((120, 100, 140), 20, (40, 20, 3)).clip(0, 255).astype(np.uint8)
    mask = np.zeros((40, 40), np.float32)
    mask[:, :20] = 1
    return np.concatenate([half, half], axis=1), mask
