"""Small pictures with a box as foreground, whose colours do or do not go with what is around it."""

import numpy as np

SIZE = 32


def box(size: int = SIZE) -> np.ndarray:
    """A mask, float64 in [0, 1], of a box in the middle."""
    mask = np.zeros((size, size))
    mask[size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = 1
    return mask


def noisy(seed: int, *, size: int = SIZE, low: int = 40, high: int = 200) -> np.ndarray:
    """Colours that are spread around one of their own, with some texture, uint8 (S, S, 3)."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(low, high, 3)
    return np.clip(colour + rng.normal(0, 20, (size, size, 1)) + rng.normal(0, 6, (size, size, 3)), 0, 255).astype(np.uint8)


def tinted(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with a foreground that is bluer."""
    return np.where(mask[..., None] > 0.5, np.clip(picture + np.array([-40.0, -10, 40]), 0, 255), picture).astype(np.uint8)
