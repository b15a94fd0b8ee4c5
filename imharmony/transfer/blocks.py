"""A region in pieces that stay in the cache, so that the memory of a transfer does not grow with the region."""

from collections.abc import Callable, Iterator

import numpy as np

BLOCK = 1 << 14  # pixels at a time


def blocks(pixels: np.ndarray, size: int = BLOCK) -> Iterator[np.ndarray]:
    """Views of at most ``size`` pixels of a region (N, 3), in its order."""
    for start in range(0, len(pixels), size):
        yield pixels[start : start + size]


def recoloured(pixels: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The region uint8 (N, 3) with ``change`` made to each block: from uint8 (1, n, 3) to float64 levels of the same shape.

    Levels are clipped to 0..255 and cut to whole ones, so ``change`` adds the half.
    """
    result = np.empty_like(pixels)
    for before, after in zip(blocks(pixels), blocks(result), strict=True):
        levels = change(before[None])[0]
        after[:] = np.clip(levels, 0, 255, out=levels)
    return result


def in_steps(values: np.ndarray, steps: int) -> np.ndarray:
    """The nearest multiples of 1 / ``steps``: with a power of two, products and sums of whole numbers with them are exact."""
    return np.rint(values * steps) / steps
