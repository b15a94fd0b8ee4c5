"""Batches of tensors as single pictures, which NumPy and OpenCV measure: metrics are computed on the CPU, wherever a batch lies."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

KEPT = (torch.uint8, torch.float32, torch.float64)


def each_picture(batch: Tensor) -> Iterator[np.ndarray]:
    """The pictures of (B, C, H, W), contiguous (H, W, C): views where the batch lies channels last. Other types become float64."""
    plain = batch.detach().cpu()
    for picture in (plain if plain.dtype in KEPT else plain.double()).permute(0, 2, 3, 1).numpy():
        yield np.ascontiguousarray(picture)


def one_by_one(measure: Callable[..., float], *batches: Tensor) -> Tensor:
    """A number of each picture, float64 (B,) where the first batch lies; masks (B, 1, H, W) are given as (H, W, 1)."""
    found = [measure(*pictures) for pictures in zip(*(each_picture(batch) for batch in batches), strict=True)]
    return torch.tensor(found, dtype=torch.float64, device=batches[0].device)
