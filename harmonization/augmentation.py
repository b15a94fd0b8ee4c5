"""Random crops, flips and colour curves of a whole batch, on its device.

The same crop is taken of composite, real and mask, and the same curve laid over composite and real. Images are float
(B, 3, H, W); masks are (B, 1, H, W), in files uint8 (B, H, W).
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

SMALLEST_AREA = 0.5  # of the picture; aspect ratios stay, so that people are not stretched
KEPT_EMPTY = 0.05  # how often a crop may miss the foreground (Sofiiuk et al. 2021, arXiv:2006.00809)
MOST_DRAWS = 20
DARKEST = 1e-4  # of the values that a curve sees; a power's slope at 0 may be infinite


class Crop(NamedTuple):
    """A square of a square picture, mirrored or not."""

    top_px: int
    left_px: int
    side_px: int
    is_flipped: bool


def draw_crops(masks: np.ndarray, rng: np.random.Generator) -> list[Crop]:
    """One crop for each mask; a crop without any foreground is drawn anew except with 5 % probability."""
    return [_draw_crop(mask, rng) for mask in masks]


def apply_crops(images: Tensor, crops: list[Crop]) -> Tensor:
    """Each image's crop at the size of the image, bilinear."""
    size = images.shape[-1]
    theta = torch.tensor([_affine(crop, size) for crop in crops], dtype=torch.float32)
    grid = affine_grid(theta.to(images.device), list(images.shape), align_corners=False)
    return grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def draw_exponents(count: int, rng: np.random.Generator, *, strength: float) -> np.ndarray:
    """Exponents (count, 3) of each picture's curves: half of the spread (in log) common to its channels, half each one's own."""
    common, own = rng.uniform(-strength, strength, (count, 1)), rng.uniform(-strength, strength, (count, 3))
    return np.exp(0.5 * common + 0.5 * own)


def apply_curves(images: Tensor, exponents: np.ndarray) -> Tensor:
    """Images in [-1, 1] with v -> v ** exponent laid over each channel, v in [0, 1]; black and white stay.

    A photograph and its composite are as harmonious as before, but a network cannot learn the photographs by heart.
    """
    powers = torch.from_numpy(exponents).to(images)[..., None, None]
    return ((images + 1) / 2).clamp(DARKEST, 1).pow(powers).mul(2).sub(1)


def _draw_crop(mask: np.ndarray, rng: np.random.Generator) -> Crop:
    size = mask.shape[0]
    is_flipped, may_be_empty = bool(rng.random() < 0.5), rng.random() < KEPT_EMPTY
    for _ in range(MOST_DRAWS):
        side = round(size * np.sqrt(rng.uniform(SMALLEST_AREA, 1)))
        top, left = (int(start) for start in rng.integers(0, size - side, size=2, endpoint=True))
        if may_be_empty or mask[top : top + side, left : left + side].any():
            return Crop(top, left, side, is_flipped)
    return Crop(0, 0, size, is_flipped)


def _affine(crop: Crop, size: int) -> list[list[float]]:
    """Output coordinates to input coordinates, both in [-1, 1] from edge to edge."""
    scale = crop.side_px / size
    across = 2 * crop.left_px / size + scale - 1
    down = 2 * crop.top_px / size + scale - 1
    return [[-scale if crop.is_flipped else scale, 0.0, across], [0.0, scale, down]]
