"""The colours of a picture's regions at some points of each, in the place of the picture."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.points.positions import Counts, positions_of


class Points(NamedTuple):
    """sRGB in [0, 1], float32 (B, N, 3) of each region, N its own; ``inside`` and ``outside`` are pairs across the mask's border.

    ``known`` is float (B, 4), 1 where there is a foreground, a background, a ring, a border.
    """

    foreground: Tensor
    background: Tensor
    ring: Tensor
    inside: Tensor
    outside: Tensor
    known: Tensor


def points_of(pictures: Tensor, mask: Tensor, counts: Counts) -> Points:
    """The points of pictures float (B, 3, H, W) in [-1, 1] with masks (B, 1, H, W) in [0, 1]."""
    levels = mask.detach()[:, 0].float().mul(255).round().to(torch.uint8).cpu().numpy()
    found = [positions_of(level, counts) for level in levels]
    colours = pictures.float().add(1).div(2).flatten(2).transpose(1, 2)
    *regions, known = (torch.from_numpy(np.stack(column)).to(pictures.device) for column in zip(*found, strict=True))
    return Points._make([*(colours.gather(1, region[..., None].expand(-1, -1, 3)) for region in regions), known.float()])
