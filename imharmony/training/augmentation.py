"""Random crops and flips of a whole batch, on its device.

The same crop is taken of composite, real and mask. Images are float (B, 3, H, W); masks are (B, 1, H, W), in files
uint8 (B, H, W).
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

SMALLEST_AREA = 0.5  # of the picture; aspect ratios stay, so that people are not stretched
KEPT_EMPTY = 0.05  # how often a crop may miss the foreground (Sofiiuk et al. 2021, arXiv:2006.00809)
MOST_DRAWS = 20

Change = Literal["crop", "flip"]
CHANGES: tuple[Change, ...] = ("crop", "flip")


class Crop(NamedTuple):
    """A square of a square picture, mirrored or not."""

    top_px: int
    left_px: int
    side_px: int
    is_flipped: bool


def draw_crops(masks: np.ndarray, rng: np.random.Generator, changes: Collection[Change] = CHANGES) -> list[Crop]:
    """One crop for each mask; a crop without any foreground is drawn anew except with 5 % probability.

    Without "crop" among the ``changes`` it is the whole picture, without "flip" it is not mirrored; the other is drawn as with both.
    """
    return [_without(_draw_crop(mask, rng), changes, mask.shape[0]) for mask in masks]


def apply_crops(images: Tensor, crops: list[Crop]) -> Tensor:
    """Each image's crop at the size of the image, bilinear."""
    size = images.shape[-1]
    theta = torch.tensor([_affine(crop, size) for crop in crops], dtype=torch.float32)
    grid = affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
    return grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _draw_crop(mask: np.ndarray, rng: np.random.Generator) -> Crop:
    size = mask.shape[0]
    is_flipped, may_be_empty = bool(rng.random() < 0.5), rng.random() < KEPT_EMPTY
    for _ in range(MOST_DRAWS):
        side = round(size * np.sqrt(rng.uniform(SMALLEST_AREA, 1)))
        top, left = (int(start) for start in rng.integers(0, size - side, size=2, endpoint=True))
        if may_be_empty or mask[top : top + side, left : left + side].any():
            return Crop(top, left, side, is_flipped)
    return Crop(0, 0, size, is_flipped)


def _without(crop: Crop, changes: Collection[Change], size: int) -> Crop:
    kept = crop if "crop" in changes else Crop(0, 0, size, crop.is_flipped)
    return kept if "flip" in changes else kept._replace(is_flipped=False)


def _affine(crop: Crop, size: int) -> list[list[float]]:
    """Output coordinates to input coordinates, both in [-1, 1] from edge to edge."""
    scale = crop.side_px / size
    across = 2 * crop.left_px / size + scale - 1
    down = 2 * crop.top_px / size + scale - 1
    return [[-scale if crop.is_flipped else scale, 0.0, across], [0.0, scale, down]]
