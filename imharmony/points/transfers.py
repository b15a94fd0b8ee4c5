"""The colour transfers on points of many pictures at once: the formulas of ``imharmony.transfer`` on tensors, without its exact integers.

Points are sRGB in [0, 1], float (B, N, 3), each with its own number. A transfer gives ``points`` (what is recoloured) the change
that makes of ``own`` (what it is measured on) the look of ``reference``, or the one that ``draws`` say: numbers in [0, 1), (B,
``DRAWS``). Nothing is rounded to levels or clipped but where a formula says so.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.tensor_lab import combined, lab_from_srgb, linear_from_srgb, srgb_from_lab, srgb_from_linear
from imharmony.points.histograms import histogram
from imharmony.transfer.daylight import LUMINANCE, daylight_gains
from imharmony.transfer.lalphabeta import LAB_FROM_LOG, LMS_FROM_RGB, RGB_FROM_LMS
from imharmony.transfer.looks import LOOKS, SIZE, look_table
from imharmony.transfer.lut import STRENGTH
from imharmony.transfer.moments import MAX_GAIN
from imharmony.transfer.photometric import RANGES

DRAWS = 6
FLAT = 1e-6  # a variance in [0, 1] squared: a sixteenth of a level's
LEVEL = 1 / 255


class PointTransfer(NamedTuple):
    """``apply(points, own, reference, draws)``; whether it looks at the reference."""

    apply: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
    needs_reference: bool = True


def reinhard_lab(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """Mean and deviation of L, a and b."""
    return srgb_from_lab(_matched(*(lab_from_srgb(each) for each in (points, own, reference))))


def luminance(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """Mean and deviation of L alone."""
    lab, own_lab, other = (lab_from_srgb(each) for each in (points, own, reference))
    return srgb_from_lab(torch.cat([_matched(lab, own_lab, other)[..., :1], lab[..., 1:]], 2))


def reinhard_lalphabeta(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """Mean and deviation of l, α and β; black, which the statistics leave out, is the grey of level 1."""
    codes = [_log_light(each) for each in (points, own, reference)]
    seen = [(each > 0).any(2, keepdim=True).to(each.dtype) for each in (own, reference)]
    logs = torch.stack(combined(np.linalg.inv(LAB_FROM_LOG).tolist(), _matched(*codes, weights=seen).unbind(2)), 2)
    return torch.stack(combined(RGB_FROM_LMS.tolist(), (10 ** logs.clamp(-4, 1)).unbind(2)), 2)


def mkl(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """Mean and covariance of RGB, by the linear map that moves the colours least."""
    (mean, covariance), (other_mean, other) = _moments(own), _moments(reference)
    values, axes = torch.linalg.eigh(covariance)
    spread = torch.where(values > FLAT, values, 0).sqrt()
    inverse = torch.where(values > FLAT, values, torch.inf).rsqrt()
    squared = spread[:, :, None] * (axes.mT @ other @ axes) * spread[:, None]
    matrix = axes @ (inverse[:, :, None] * _by_values(squared, lambda each: each.clamp(min=0).sqrt()) * inverse[:, None]) @ axes.mT
    return _linear(points, _by_values(matrix, lambda gain: gain.clamp(max=MAX_GAIN)), mean, other_mean)


def xiao_rgb(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """Mean and covariance of RGB: the principal axes become the reference's, in order and turned to their side."""
    (mean, covariance), (other_mean, other) = _moments(own), _moments(reference)
    values, axes = torch.linalg.eigh(covariance)
    other_values, other_axes = torch.linalg.eigh(other)
    turned = other_axes * torch.where((axes * other_axes).sum(1, keepdim=True) < 0, -1.0, 1.0)
    gain = (other_values.clamp(min=0) / torch.where(values > FLAT, values, torch.inf)).sqrt().clamp(max=MAX_GAIN)
    return _linear(points, (turned * gain[:, None]) @ axes.mT, mean, other_mean)


def photometric(points: Tensor, _own: Tensor, _reference: Tensor, draws: Tensor) -> Tensor:
    """Exposure, white balance, contrast, gamma and saturation, each drawn from its range."""
    low, high = (points.new_tensor(ends) for ends in zip(*RANGES.values(), strict=True))
    adjustments = (low + draws[:, : len(RANGES)] * (high - low)).double()
    exposure, warmth, tint, contrast, gamma, saturation = adjustments.T.tolist()
    gains = np.stack([2**stops * daylight_gains(*light) for stops, *light in zip(exposure, warmth, tint, strict=True)])
    values = srgb_from_linear((linear_from_srgb(points) * points.new_tensor(gains)[:, None]).clamp(0, 1)).clamp(0, 1)
    bright, dark = (each ** points.new_tensor(contrast)[:, None, None] for each in (values, 1 - values))
    values = (bright / (bright + dark)) ** points.new_tensor(gamma)[:, None, None]
    luma = (values * points.new_tensor(LUMINANCE)).sum(2, keepdim=True)
    return luma + points.new_tensor(saturation)[:, None, None] * (values - luma)


def lut(points: Tensor, _own: Tensor, _reference: Tensor, draws: Tensor) -> Tensor:
    """One of the hundred looks, mixed with the points by a strength that is drawn."""
    looks = (draws[:, 0] * len(LOOKS)).long()
    strength = STRENGTH[0] + draws[:, 1, None, None] * (STRENGTH[1] - STRENGTH[0])
    return points + strength * (_tetrahedral(points.clamp(0, 1), _tables().to(points), looks) - points)


POINT_TRANSFERS: dict[str, PointTransfer] = {
    "reinhard_lab": PointTransfer(reinhard_lab),
    "luminance": PointTransfer(luminance),
    "reinhard_lalphabeta": PointTransfer(reinhard_lalphabeta),
    "xiao_rgb": PointTransfer(xiao_rgb),
    "mkl": PointTransfer(mkl),
    "histogram": PointTransfer(histogram),
    "photometric": PointTransfer(photometric, needs_reference=False),
    "lut": PointTransfer(lut, needs_reference=False),
}


def _matched(points: Tensor, own: Tensor, reference: Tensor, *, weights: list[Tensor] | None = None) -> Tensor:
    """Points with the reference's mean and deviation in each channel, the gain at most ``MAX_GAIN``; a flat channel is shifted."""
    own_weight, other_weight = weights or [torch.ones_like(each[..., :1]) for each in (own, reference)]
    (mean, deviation), (other_mean, other) = _weighted(own, own_weight), _weighted(reference, other_weight)
    gain = torch.where(deviation > 1e-4, (other / deviation.clamp(min=1e-4)).clamp(max=MAX_GAIN), 1.0)
    return other_mean + gain * (points - mean)


def _weighted(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    total = weight.sum(1, keepdim=True)
    weight = torch.where(total > 0, weight, 1.0)
    total = weight.sum(1, keepdim=True)
    mean = (values * weight).sum(1, keepdim=True) / total
    return mean, ((values - mean).square() * weight).sum(1, keepdim=True).div(total).sqrt()


def _log_light(points: Tensor) -> Tensor:
    """l, α and β without their scales, float (B, N, 3)."""
    is_black = (points <= 0).all(2, keepdim=True)
    light = torch.stack(combined(LMS_FROM_RGB.tolist(), points.unbind(2)), 2)
    logs = torch.where(is_black, LEVEL, light.clamp(min=1e-5)).log10()
    return torch.stack(combined(LAB_FROM_LOG.tolist(), logs.unbind(2)), 2)


def _moments(points: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (B, 1, 3) and covariance (B, 3, 3) in float64."""
    mean = points.double().mean(1, keepdim=True)
    centred = points.double() - mean
    return mean, centred.mT @ centred / points.shape[1]


def _by_values(matrix: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Symmetric matrices with their eigenvalues changed."""
    values, axes = torch.linalg.eigh((matrix + matrix.mT) / 2)
    return (axes * change(values)[:, None]) @ axes.mT


def _linear(points: Tensor, matrix: Tensor, own: Tensor, reference: Tensor) -> Tensor:
    return ((points.double() - own) @ matrix.mT + reference).to(points.dtype)


@cache
def _tables() -> Tensor:
    """All looks, float32 (100, 17 ** 3, 3)."""
    return torch.from_numpy(np.stack([look_table(name).reshape(-1, 3) for name in LOOKS])).float()


def _tetrahedral(points: Tensor, tables: Tensor, looks: Tensor) -> Tensor:
    """Between four corners of the cell: one step up at a time, along the channel of the largest fraction first."""
    place = points * (SIZE - 1)
    cell = place.floor().clamp(max=SIZE - 2)
    fraction, order = (place - cell).sort(2, descending=True)
    strides = torch.tensor([SIZE * SIZE, SIZE, 1], device=points.device)
    corner = (cell.long() * strides).sum(2)
    colours = tables[looks[:, None], corner] * (1 - fraction[..., :1])
    following = torch.cat([fraction[..., 1:], torch.zeros_like(fraction[..., :1])], 2)
    for step in range(3):
        corner = corner + strides[order[..., step]]
        colours = colours + tables[looks[:, None], corner] * (fraction[..., step] - following[..., step])[..., None]
    return colours
