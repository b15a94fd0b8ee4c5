"""Colour difference as eyes see it, one number per image.

Images are uint8 or float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from imharmony.colour.spaces import WHITE_FROM_RGB, ciede2000, cube_root, lab_from_roots, linear_from_srgb
from imharmony.metrics.pictures import one_by_one
from imharmony.metrics.weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

PIXELS_AT_ONCE = 2**14  # so that a large picture takes no more memory than a small one
_LINEAR_OF_LEVEL = linear_from_srgb(np.arange(256) / 255)


def foreground_ciede2000(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean CIEDE2000 (Sharma, Wu & Dalal 2005) over the foreground, float64 (B,); NaN where the mask is empty.

    About 1 is just noticeable on patches side by side. Pixel by pixel, without the blur of eyes.
    """
    return one_by_one(lambda one, other, mask: mean_ciede2000(one, other, Weights.of(mask)), output, real, mask)


def mean_ciede2000(output: np.ndarray, real: np.ndarray, weights: Weights) -> float:
    """The same of one picture (H, W, 3)."""
    weight = weights.mask[weights.extent].ravel()
    places = np.flatnonzero(weight)
    if not len(places):
        return math.nan
    first, second = (picture[weights.extent].reshape(-1, 3) for picture in (output, real))
    total = 0.0
    for start in range(0, len(places), PIXELS_AT_ONCE):
        part = places[start : start + PIXELS_AT_ONCE]
        labs = (_lab(picture.take(part, axis=0)) for picture in (first, second))
        total += float(ciede2000(*labs) @ weight[part].astype(np.float64))
    return total / weights.area


def _lab(pixels: np.ndarray) -> np.ndarray:
    """CIELAB of pixels (N, 3), float64; whole levels, as of a file, need no power."""
    channels = np.ascontiguousarray(pixels.T)
    with np.errstate(invalid="ignore"):
        levels = channels.astype(np.uint8)
    linear = _LINEAR_OF_LEVEL.take(levels) if (levels == channels).all() else linear_from_srgb(channels.astype(np.float64) / 255)
    return lab_from_roots(*cube_root(WHITE_FROM_RGB @ linear, cbrt=_cube_roots), axis=0).T


def _cube_roots(values: np.ndarray) -> np.ndarray:
    """Those of positive numbers: OpenCV's powers, fast and a millionth off, and one step of Halley's, which cubes what is missing."""
    roots = cv2.pow(values.astype(np.float32), 1 / 3).astype(np.float64)
    cubes = roots * roots * roots
    return roots * (cubes + 2 * values) / (2 * cubes + values)
