"""Large pictures by strips of rows, and how much of them is measured.

What is done to each pixel alone gives the same bits by strips. What is measured of all of them (percentiles, moments) is measured of at
most ``MEASURED_PX`` pixels: every second, third, ... in reading order where there are more. Up to there nothing is left out.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

STRIP_PX = 2**18
MEASURED_PX = 2**23  # 8.4 megapixels


def strips(size: tuple[int, ...]) -> Iterator[slice]:
    """The rows of a picture of this size (H, W, ...) from the top, about ``STRIP_PX`` pixels at a time."""
    height, width = size[:2]
    step = max(STRIP_PX // width, 1)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def step_of(count: int) -> int:
    """Each which of ``count`` pixels is measured: 1 is every one."""
    return max(-(-count // MEASURED_PX), 1)


def picked(region: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Strips of a region (H, W) with the indices, in the strip's pixels in reading order, of those that are measured."""
    step = step_of(int(np.count_nonzero(region)))
    seen = 0
    for rows in strips(region.shape):
        here = np.flatnonzero(region[rows])
        yield rows, here[-seen % step :: step]
        seen += len(here)


def shrunk(part: Callable[[slice], tuple[np.ndarray, ...]], size: tuple[int, int], size_px: int) -> list[np.ndarray]:
    """Layers of this size (H, W), whose rows ``part`` gives as float32, as OpenCV shrinks them to ``size_px`` squared by areas.

    Layers of more than ``MEASURED_PX`` pixels are first shrunk across, by strips; where they are a whole number of times as large, that
    is another order of the same sums.
    """
    height, width = size
    if height * width <= MEASURED_PX:
        return [_by_areas(layer, size_px, size_px) for layer in part(slice(None))]
    narrow = [[_by_areas(layer, size_px, rows.stop - rows.start) for layer in part(rows)] for rows in strips(size)]
    return [_by_areas(np.concatenate(layer), size_px, size_px) for layer in zip(*narrow, strict=True)]


def _by_areas(layer: np.ndarray, width: int, height: int) -> np.ndarray:
    return layer if layer.shape[:2] == (height, width) else cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA)
