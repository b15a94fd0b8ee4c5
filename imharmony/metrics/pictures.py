"""Batches of tensors as single pictures, which NumPy and OpenCV measure: metrics are computed on the CPU, wherever a batch lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


def each_picture(batch: Tensor) -> Iterator[np.ndarray]:
    """The pictures of (B, C, H, W), contiguous (H, W, C): views where the batch lies channels last. Other types become float64."""
    import torch  # seconds, and memory: whoever measures arrays, or asks for the measures' names, has none of it

    plain = batch.detach().cpu()
    for picture in (plain if plain.dtype in (torch.uint8, torch.float32, torch.float64) else plain.double()).permute(0, 2, 3, 1).numpy():
        yield np.ascontiguousarray(picture)


def one_by_one(measure: Callable[..., float], *batches: Tensor) -> Tensor:
    """A number of each picture, float64 (B,) where the first batch lies; masks (B, 1, H, W) are given as (H, W, 1)."""
    import torch  # as above

    found = [measure(*pictures) for pictures in zip(*(each_picture(batch) for batch in batches), strict=True)]
    return torch.tensor(found, dtype=torch.float64, device=batches[0].device)
