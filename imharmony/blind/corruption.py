"""Masks as a detector may get them wrong: too large, too small, moved, weak, blurred, blank, with something else beside."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

BLANK, ELSEWHERE = 0.1, 0.3  # how often there is none, and how often another place too
GROWN, MOVED = 1 / 16, 1 / 12  # at most, of the picture's side
WEAKEST = 0.2


def corrupted(masks: Tensor, rng: np.random.Generator) -> Tensor:
    """Masks (B, 1, S, S) in [0, 1], each wrong in ways of its own."""
    return torch.cat([_one(mask, rng) for mask in masks.split(1)])


def _one(mask: Tensor, rng: np.random.Generator) -> Tensor:
    if rng.random() < BLANK:
        return torch.zeros_like(mask)
    size = mask.shape[-1]
    reach = int(rng.integers(0, max(int(size * GROWN), 1) + 1))
    if reach:
        grown = max_pool2d(mask, 2 * reach + 1, 1, reach)
        mask = grown if rng.random() < 0.5 else 1 - max_pool2d(1 - mask, 2 * reach + 1, 1, reach)
    down, across = (int(each) for each in rng.integers(-int(size * MOVED), int(size * MOVED) + 1, 2))
    mask = _moved(mask, down, across)
    if rng.random() < ELSEWHERE:
        top, left, height, width = (int(each) for each in rng.integers((0, 0, size // 8, size // 8), (size, size, size // 3, size // 3)))
        mask = mask.clone()
        mask[..., top : top + height, left : left + width] = 1
    blur = int(rng.integers(0, max(size // 24, 1) + 1))
    if blur:
        mask = avg_pool2d(mask, 2 * blur + 1, 1, blur, count_include_pad=False)
    return mask * float(rng.uniform(WEAKEST, 1))


def _moved(mask: Tensor, down: int, across: int) -> Tensor:
    """What leaves the picture is lost."""
    size, reach = mask.shape[-1], max(abs(down), abs(across))
    top, left = reach - down, reach - across
    return pad(mask, [reach] * 4)[..., top : top + size, left : left + size]
