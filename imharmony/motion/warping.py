"""Frames carried along a known motion, differentiably. Frames are float (B, C, H, W), motions (B, 2, 3) as ``Clip.backward``."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def carried(before: Tensor, backward: Tensor) -> tuple[Tensor, Tensor]:
    """The frames before, moved to where they are now, and (B, 1, H, W) which pixels were in the frame then: 1 or 0."""
    height, width = before.shape[2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=before.dtype, device=before.device),
        torch.arange(width, dtype=before.dtype, device=before.device),
        indexing="ij",
    )
    motion = backward.to(before.dtype)[:, :, :, None, None]
    # Sums and products, not a matrix product, which a GPU's TF32 would round.
    x, y = (motion[:, axis, 0] * columns + motion[:, axis, 1] * rows + motion[:, axis, 2] for axis in (0, 1))
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], 3)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return grid_sample(before, grid, padding_mode="border", align_corners=True), inside[:, None].to(before.dtype)
