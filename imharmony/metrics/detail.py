"""How much detail a foreground has, one number per image: a harmonizer that blurs loses it, one that adds noise gains it.

Images are uint8 or float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh. Brightness is
the mean of the three channels. Results are float64 (B,), and NaN where there is nothing to measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import cv2
import numpy as np

from imharmony.metrics.pictures import one_by_one
from imharmony.metrics.weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

WINDOW_PX = 9
MOST_DOUBLINGS = 16.0  # those of an 8-bit range, squared; distances end here
_WINDOW = np.ones(WINDOW_PX)


class Brightness:
    """That of a picture (H, W, C) in the rectangle that holds its foreground: no other pixel counts."""

    def __init__(self, picture: np.ndarray, weights: Weights) -> None:
        seen = picture[weights.extent]
        # Planes are added one by one, several times faster than an axis of 3 is.
        grey = reduce(np.add, (seen[..., channel].astype(np.float64) for channel in range(seen.shape[2]))) / seen.shape[2]
        self._grey = grey - np.rint(grey.mean())  # around zero squares lose little to cancellation
        self._weight = weights.mask[weights.extent].astype(np.float64)

    @cached_property
    def local_contrast(self) -> float:
        """The standard deviation in a window of 9 px around each pixel, in levels; its mean over the foreground.

        A window sees the foreground alone, each pixel weighed by the mask, so that the edge of what was pasted is no contrast.
        """
        weighed = self._weight * self._grey
        planes = np.stack([self._weight, weighed, weighed * self._grey], -1)
        inside, mean, square = cv2.split(cv2.sepFilter2D(planes, cv2.CV_64F, _WINDOW, _WINDOW, borderType=cv2.BORDER_CONSTANT))
        np.maximum(inside, 1e-12, out=inside)
        mean /= inside
        square /= inside
        square -= np.square(mean, out=mean)
        deviation = np.sqrt(np.maximum(square, 0, out=square), out=square)
        return _ratio(float(np.vdot(deviation, self._weight)), float(self._weight.sum()))

    @cached_property
    def gradient_energy(self) -> float:
        """Mean squared difference between neighbours, squared levels; a pair weighs as the less opaque of its pixels.

        The mean of the energy across and the energy down, each over its own pairs.
        """
        across = _pair_energy(self._weight[:, :-1], self._weight[:, 1:], self._grey[:, 1:] - self._grey[:, :-1])
        return (across + _pair_energy(self._weight[:-1], self._weight[1:], self._grey[1:] - self._grey[:-1])) / 2


def local_contrast(image: Tensor, mask: Tensor) -> Tensor:
    """``Brightness.local_contrast`` of each image."""
    return one_by_one(lambda *seen: _brightness(*seen).local_contrast, image, mask)


def gradient_energy(image: Tensor, mask: Tensor) -> Tensor:
    """``Brightness.gradient_energy`` of each image."""
    return one_by_one(lambda *seen: _brightness(*seen).gradient_energy, image, mask)


def detail_distance(measure: Callable[[Tensor, Tensor], Tensor], image: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """``doublings`` of one of the measures above from the real image to this."""
    import torch  # as for ``pictures``

    pairs = zip(measure(image, mask).tolist(), measure(real, mask).tolist(), strict=True)
    return torch.tensor([doublings(own, wanted) for own, wanted in pairs], dtype=torch.float64, device=image.device)


def doublings(own: float, wanted: float) -> float:
    """How often a measure doubles, or halves, from the wanted one: 0 is as much detail, 1 half or twice as much.

    ``MOST_DOUBLINGS`` where one of the two has none at all, so that a mean counts a picture without detail; 0 where neither has.
    """
    if math.isnan(own) or math.isnan(wanted):
        return math.nan
    if own == 0 or wanted == 0:
        return 0.0 if own == wanted else MOST_DOUBLINGS
    return min(abs(math.log2(own) - math.log2(wanted)), MOST_DOUBLINGS)


def _brightness(image: np.ndarray, mask: np.ndarray) -> Brightness:
    return Brightness(image, Weights.of(mask))


def _pair_energy(weight: np.ndarray, other: np.ndarray, difference: np.ndarray) -> float:
    shared = np.minimum(weight, other)
    return _ratio(float(np.vdot(np.square(difference), shared)), float(shared.sum()))


def _ratio(total: float, weight: float) -> float:
    return total / weight if weight else math.nan
