"""Squared error and peak signal-to-noise ratio, one number per image.

Images are uint8 or float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh. Results are
float64 (B,). Squares and sums are made in float64, and those of whole levels are exact. What is not finite, anywhere in a picture,
makes every mean of it so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from imharmony.metrics.pictures import one_by_one
from imharmony.metrics.weights import Part, Shares, Weights, common

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(eq=False)
class SquaredErrors:
    """The squared errors of one picture (H, W, C), of whose sums every measure of this module is a quotient.

    Outside of ``part`` the two pictures are equal, so that nobody looks there; None for anywhere.
    """

    output: np.ndarray
    real: np.ndarray  # of the same type
    weights: Shares | None = None  # None: only means over all pixels are asked for
    part: Part | None = None

    @staticmethod
    def between(output: np.ndarray, real: np.ndarray, mask: np.ndarray | None = None) -> SquaredErrors:
        """Those of pictures of any type."""
        weights = None if mask is None else Weights.of(mask)
        if output.dtype == real.dtype:
            return SquaredErrors(output, real, weights)
        kind = np.result_type(output, real)
        return SquaredErrors(output.astype(kind), real.astype(kind), weights)

    @property
    def mean(self) -> float:
        """Over all pixels and channels."""
        return self._everywhere / self.output.size

    @property
    def weighed_mean(self) -> float:
        """The same of errors weighed by the mask."""
        return self._weighed() / self.output.size

    @cached_property
    def foreground(self) -> float:
        """Over the foreground, each pixel weighed by the mask; NaN without one."""
        return self._per_pixel(self._weighed(), self._shares.area)

    @property
    def whole(self) -> float:
        """The sum over all pixels divided by the mask's."""
        return self._per_pixel(self._everywhere, self._shares.area)

    def product(self, *, in_whole_px: bool = False) -> float:
        """The sum weighed by the mask's square divided by the mask's, or by what is whole of that."""
        shares = self._shares
        if not in_whole_px:
            return self._per_pixel(self._weighed(power=2), shares.area)
        assert isinstance(shares, Weights)
        return self._per_pixel(self._weighed(power=2), shares.whole_px)

    @property
    def _shares(self) -> Shares:
        assert self.weights is not None
        return self.weights

    @cached_property
    def _everywhere(self) -> float:
        if self.part is None:
            return cv2.norm(self.output, self.real, cv2.NORM_L2SQR)
        return cv2.norm(self.output[self.part], self.real[self.part], cv2.NORM_L2SQR)

    @cached_property
    def _opaque(self) -> float:
        """Summed where the mask is 1."""
        shares = self._shares
        if not shares.count:
            return 0.0
        part = shares.extent if self.part is None else common(shares.extent, self.part)
        return cv2.norm(self.output[part], self.real[part], cv2.NORM_L2SQR, shares.opaque[part])

    @cached_property
    def _soft(self) -> np.ndarray:
        """Of each pixel with another weight, summed over the channels."""
        first, second = (picture.reshape(-1, picture.shape[2]).take(self._shares.places, axis=0) for picture in (self.output, self.real))
        difference = np.subtract(first, second, dtype=np.float64)
        return np.einsum("nc,nc->n", difference, difference)

    def _weighed(self, *, power: int = 1) -> float:
        found, soft = self._opaque, self._shares.soft
        if len(soft):
            found += float((soft if power == 1 else soft * soft) @ self._soft)
        is_finite = self.output.dtype == np.uint8 or math.isfinite(self._everywhere)
        return found if is_finite else found * math.nan

    def _per_pixel(self, total: float, area: float) -> float:
        return total / area / self.output.shape[2] if area > 0 else math.nan


def mse(output: Tensor, real: Tensor) -> Tensor:
    """Mean squared error over all pixels and channels."""
    return one_by_one(lambda *seen: SquaredErrors.between(*seen).mean, output, real)


def foreground_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the foreground, each pixel weighed by the mask; NaN where the mask is empty."""
    return one_by_one(lambda *seen: SquaredErrors.between(*seen).foreground, output, real, mask)


def weighed_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Mean over all pixels of the squared error weighed by the mask; 0 where the mask is empty."""
    return one_by_one(lambda *seen: SquaredErrors.between(*seen).weighed_mean, output, real, mask)


def product_mse(output: Tensor, real: Tensor, mask: Tensor, *, in_whole_px: bool = False) -> Tensor:
    """Squared error of both pictures multiplied by the mask, over the mask's sum: the weight is the mask's square; NaN where it is empty.

    The same as ``foreground_mse`` where the mask is hard, and less where it is soft. ``in_whole_px``: the sum without its fraction.
    """
    return one_by_one(lambda *seen: SquaredErrors.between(*seen).product(in_whole_px=in_whole_px), output, real, mask)


def whole_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Squared error of all pixels over the mask's sum; NaN where the mask is empty.

    The same as ``foreground_mse`` where the mask is hard and the background has no error.
    """
    return one_by_one(lambda *seen: SquaredErrors.between(*seen).whole, output, real, mask)


def background_mse(output: Tensor, composite: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error against the composite outside the foreground, which no harmonizer should touch; NaN where the mask is full."""
    return foreground_mse(output, composite, 1 - mask.double())


def psnr(output: Tensor, real: Tensor, *, peak: float | Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB; infinite for equal images. ``peak`` is a number or one per image."""
    return decibels(mse(output, real), peak=peak)


def foreground_psnr(output: Tensor, real: Tensor, mask: Tensor, *, peak: float | Tensor) -> Tensor:
    """Peak signal-to-noise ratio of the foreground error in dB."""
    return decibels(foreground_mse(output, real, mask), peak=peak)


def decibels(squared_error: Tensor, *, peak: float | Tensor) -> Tensor:
    """10 log10(peak² / error), infinite where the error is 0."""
    import torch  # as for ``pictures``

    peaks = torch.as_tensor(peak, dtype=torch.float64).expand(squared_error.shape)
    found = [decibels_of(error, peak=each) for error, each in zip(squared_error.tolist(), peaks.tolist(), strict=True)]
    return torch.tensor(found, dtype=torch.float64, device=squared_error.device)


def decibels_of(squared_error: float, *, peak: float) -> float:
    """The same of one number."""
    return 20 * _log10(peak) - 10 * _log10(squared_error)


def _log10(value: float) -> float:
    return math.log10(value) if value else -math.inf
