"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004), one number per image.

An 11 x 11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, data range 255, on R, G and B, averaged over the three.
Images are uint8 or float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1]. Results are float64 (B,).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.metrics.memory import unset
from imharmony.metrics.pictures import each_picture, one_by_one
from imharmony.metrics.weights import Part, Weights, common, within

if TYPE_CHECKING:
    from torch import Tensor

WINDOW_PX = 11
SIGMA_PX = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
_REACH = WINDOW_PX // 2
_KERNEL = cv2.getGaussianKernel(WINDOW_PX, SIGMA_PX, cv2.CV_32F)
_TWICE = 2 * _KERNEL


def ssim(output: Tensor, real: Tensor) -> Tensor:
    """Mean similarity over the pixels whose window lies inside the picture: a border of 5 px is left out, as in the paper."""
    return one_by_one(lambda *seen: _compared(*seen).mean_of_whole_windows(), output, real)


def foreground_ssim(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean similarity over the foreground, each pixel weighed by the mask; NaN where the mask is empty.

    Foregrounds often touch the frame, so the border counts here; windows see the picture mirrored beyond it.
    """
    return one_by_one(lambda first, second, mask: _compared(first, second).mean_over(Weights.of(mask)), output, real, mask)


def ssim_map(output: Tensor, real: Tensor) -> Tensor:
    """Similarity at each pixel, mean over the channels, float64 (B, 1, H, W) on the CPU."""
    import torch  # as for ``pictures``

    maps = [_compared(*seen).values.mean(2, dtype=np.float64) for seen in zip(each_picture(output), each_picture(real), strict=True)]
    return torch.from_numpy(np.stack(maps))[:, None]


class Similarity(NamedTuple):
    """Similarity at each pixel of a part of a picture, float32 (h, w, C); elsewhere it is 1."""

    values: np.ndarray
    part: Part
    shape: tuple[int, int]  # of the whole picture

    def mean_of_whole_windows(self) -> float:
        """Over the pixels whose window lies inside the picture."""
        rows, columns = (slice(_REACH, side - _REACH) for side in self.shape)
        inside = common((rows, columns), self.part)
        count = (rows.stop - rows.start) * (columns.stop - columns.start)
        seen = self.values[within(inside, self.part)]
        return 1 - (seen[..., 0].size - sum(cv2.sumElems(seen)) / seen.shape[2]) / count if seen.size else 1.0

    def mean_over(self, weights: Weights) -> float:
        """Over a foreground that lies in the part, each pixel weighed; NaN without one."""
        return weights.total(self.values, self.part) / self.values.shape[2] / weights.area if weights.area > 0 else math.nan


class Reference:
    """A picture (H, W, C) that others are compared with, and what its windows are like, found once for all of them.

    All is computed from the difference d of the other picture: where that is 0 the similarity is 1, and nobody needs to look.
    """

    def __init__(self, picture: np.ndarray) -> None:
        height, width, channels = picture.shape
        if min(height, width) < WINDOW_PX:
            raise InputError(f"images are {width} x {height} px; SSIM needs at least {WINDOW_PX} px a side; score larger images")
        self._levels = picture.astype(np.float32, copy=False)
        # Variances do not change with a constant; around zero float32 loses least of them to cancellation.
        centre = _whole_means(self._levels)
        centre = np.float32(0) if centre is None else centre
        planes = unset((5, height, width * channels))
        centred, means, unspread, luminance, energy = planes
        self._centred, self._means, self._unspread, self._luminance, self._energy = planes.reshape(5, *picture.shape)
        np.subtract(self._levels.reshape(height, -1), centre, out=centred)
        np.copyto(means, centred)
        _blur(self._means)
        np.add(means, centre, out=luminance)
        np.multiply(luminance, luminance, out=energy)
        energy += energy
        energy += np.float32(C1)  # twice the squared mean
        luminance += luminance
        np.multiply(means, means, out=unspread)
        unspread *= np.float32(-2)
        unspread += np.float32(C2)
        means += means

    @cached_property
    def _spread(self) -> np.ndarray:
        """Twice the variance."""
        square = _blur(np.multiply(self._centred, self._centred, out=unset(self._centred.shape)), _TWICE)
        return np.add(square, self._unspread, out=square)

    def compare(self, output: np.ndarray, part: Part | None = None) -> Similarity:
        """Equation 13 of the paper, with a picture (H, W, C) that differs from this at most in a part."""
        shape = output.shape[:2]
        seen = _grown(part, shape) if part else (slice(0, shape[0]), slice(0, shape[1]))
        levels, centred = self._levels[seen], self._centred[seen]
        difference, covariance, variances, squared, scratch = unset((5, *levels.shape))
        np.subtract(output[seen], levels, out=difference, casting="same_kind")
        if part:
            np.multiply(difference, centred, out=covariance)  # of d and this picture: nothing beyond the part
        rows, centre = difference.reshape(len(difference), -1), _whole_means(difference)
        if centre is not None:
            rows -= centre
        if not part:
            np.add(difference, centred, out=covariance)
            covariance *= centred  # of both pictures
        np.multiply(difference, difference, out=variances)
        for image, kernel in ((difference, _KERNEL), (covariance, _TWICE), (variances, _KERNEL)):
            _blur(image, kernel)
        variances -= np.multiply(difference, difference, out=squared)  # of d
        if not part:
            covariance -= np.multiply(difference, self._means, out=scratch)
        if centre is not None:
            rows += centre
        if part:
            covariance -= np.multiply(difference, self._means[seen], out=scratch)
        covariance += self._spread[seen] if part else self._unspread  # twice that of both pictures
        variances += covariance  # of both pictures
        np.multiply(difference, difference, out=squared)
        luminance = np.multiply(difference, self._luminance[seen], out=scratch)
        luminance += self._energy[seen]  # twice the product of both means
        squared += luminance  # of both means
        covariance *= luminance
        variances *= squared
        return Similarity(np.divide(covariance, variances, out=covariance), seen, shape)


def _compared(output: np.ndarray, real: np.ndarray) -> Similarity:
    return Reference(real).compare(output)


def _grown(part: Part, shape: tuple[int, int]) -> Part:
    """The part whose windows see into a part."""
    rows, columns = (slice(max(each.start - _REACH, 0), min(each.stop + _REACH, side)) for each, side in zip(part, shape, strict=True))
    return rows, columns


def _whole_means(image: np.ndarray) -> np.ndarray | None:
    """Each channel's mean, rounded, for a row of the image, (w * C,), or None for zeros; every fourth row tells it well enough."""
    means = np.rint(cv2.mean(image[::4])[: image.shape[2]]).tolist()
    return np.array(means * image.shape[1], np.float32) if any(means) else None


def _blur(image: np.ndarray, across: np.ndarray = _KERNEL) -> np.ndarray:
    """The image's local means, in place."""
    return cv2.sepFilter2D(image, cv2.CV_32F, across, _KERNEL, dst=image, borderType=cv2.BORDER_REFLECT)
