"""CIELAB of tensors, differentiable: the formulas of ``imharmony.colour.spaces`` in the tensor's own precision.

sRGB is float in [0, 1]; L in [0, 100], a and b about -110..110. ``dim`` is the axis of the three channels.
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.spaces import KNEE, RGB_FROM_XYZ, SLOPE, WHITE, XYZ_FROM_RGB

_WHITE_OF_RGB = (XYZ_FROM_RGB / WHITE[:, None]).tolist()
_RGB_OF_WHITE = (RGB_FROM_XYZ * WHITE).tolist()


def linear_from_srgb(srgb: Tensor) -> Tensor:
    """Linear light of sRGB values (IEC 61966-2-1)."""
    return torch.where(srgb > 0.04045, ((srgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, srgb / 12.92)


def srgb_from_linear(linear: Tensor) -> Tensor:
    """sRGB values of linear light; values outside [0, 1] are not clipped."""
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, linear * 12.92)


def lab_from_srgb(srgb: Tensor, *, dim: int = -1) -> Tensor:
    """CIELAB of sRGB."""
    light = combined(_WHITE_OF_RGB, linear_from_srgb(srgb).unbind(dim))
    x, y, z = (each.clamp(min=KNEE**3) ** (1 / 3) + SLOPE * (each - KNEE**3).clamp(max=0) for each in light)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim)


def srgb_from_lab(lab: Tensor, *, dim: int = -1) -> Tensor:
    """sRGB of CIELAB, not clipped; as in ``spaces`` no Z is negative."""
    lightness, a, b = lab.unbind(dim)
    y = (lightness + 16) / 116
    roots = (y + a / 500, y, (y - b / 200).clamp(min=0))
    light = [each.clamp(min=KNEE) ** 3 + (each - KNEE).clamp(max=0) / SLOPE for each in roots]
    return srgb_from_linear(torch.stack(combined(_RGB_OF_WHITE, light), dim))


def combined(matrix: Sequence[Sequence[float]] | np.ndarray, channels: Sequence[Tensor]) -> list[Tensor]:
    """The rows of a matrix times channels: products and sums, which neither autocast nor a GPU's TF32 rounds."""
    return [reduce(torch.add, [factor * channel for factor, channel in zip(row, channels, strict=True)]) for row in matrix]
