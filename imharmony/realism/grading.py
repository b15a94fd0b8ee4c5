"""Pictures that differ in nothing but the relation of foreground to background: what the critic learns from.

Pictures are float (B, 3, H, W) in [0, 1], masks (B, 1, H, W) in [0, 1].
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CONTRAST, SATURATION, GAMMA, GAIN = 0.5, 0.7, 0.6, 0.35  # the largest, of logarithms
SHIFT = 0.12  # the largest, of levels in [0, 1]
MILD = 0.5  # of these, before others
LUMA = (0.299, 0.587, 0.114)


class Grades(NamedTuple):
    """One grade for each picture, float32 (B, 1 or 3, 1, 1)."""

    contrast: Tensor
    saturation: Tensor
    gamma: Tensor
    gain: Tensor
    shift: Tensor


def draw_grades(count: int, rng: np.random.Generator, *, scale: float = 1.0) -> Grades:
    """Grades for ``count`` pictures, each part uniform up to ``scale`` of its largest."""

    def drawn(largest: float, channels: int) -> Tensor:
        return torch.from_numpy(scale * rng.uniform(-largest, largest, (count, channels))[..., None, None].astype(np.float32))

    return Grades(drawn(CONTRAST, 1).exp(), drawn(SATURATION, 1).exp(), drawn(GAMMA, 1).exp(), drawn(GAIN, 3).exp(), drawn(SHIFT, 1))


def graded(pictures: Tensor, grades: Grades) -> Tensor:
    """The pictures under their grades, in whole levels of 255, clipped to [0, 1]."""
    contrast, saturation, gamma, gain, shift = grades
    levels = pictures.clamp(0, 1) ** gamma * gain
    grey = sum(weight * levels[:, channel : channel + 1] for channel, weight in enumerate(LUMA))
    levels = grey + saturation * (levels - grey)
    levels = 0.5 + contrast * (levels - 0.5) + shift
    return (levels.clamp(0, 1) * 255).round() / 255


def fours(pictures: Tensor, masks: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Two real photographs and two composites of each picture, (2 B, 3, H, W) each.

    The picture as it is, or mildly graded, is one real photograph; the same with another grade over it as a whole is the other. The
    composites have the foreground of one and the background of the other. So each foreground and each background is seen as often in a
    real photograph as in a composite, and neither grades nor their traces tell: only whether the two go together does. At a soft edge
    the two are mixed by the mask.
    """
    is_graded = torch.from_numpy(rng.random(len(pictures)) < 0.5)[:, None, None, None]
    first = torch.where(is_graded, graded(pictures, draw_grades(len(pictures), rng, scale=MILD)), pictures)
    second = graded(first, draw_grades(len(pictures), rng))
    return torch.cat([first, second]), torch.cat([masks * second + (1 - masks) * first, masks * first + (1 - masks) * second])
