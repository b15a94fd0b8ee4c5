"""The three image ranges, and the only conversions between them.

Files: uint8 (B, H, W, 3), 0..255. Networks: float (B, 3, H, W) in [-1, 1]. Metrics: float (B, 3, H, W) in [0, 255].
Masks: uint8 (B, H, W) in files, float (B, 1, H, W) in [0, 1] elsewhere; 1 = foreground, soft values are kept.
"""

import numpy as np
import torch
from torch import Tensor


def network_from_uint8(images: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W) in [-1, 1]."""
    return images.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def metric_from_uint8(images: Tensor) -> Tensor:
    """uint8 (B, H, W, 3) -> float64 (B, 3, H, W) in [0, 255]."""
    return images.permute(0, 3, 1, 2).double()


def metric_from_network(images: Tensor) -> Tensor:
    """float [-1, 1] -> float64 in [0, 255]; values outside are clipped, as saving a file would."""
    return images.double().add(1).mul(127.5).clamp(0, 255)


def levels_from_network(images: Tensor) -> np.ndarray:
    """float (B, 3, H, W) in [-1, 1] -> float32 array (B, H, W, 3) in [0, 255]; what is not finite is NaN: clipped, it would be a level."""
    levels = metric_from_network(images).where(images.isfinite(), torch.nan)
    return levels.permute(0, 2, 3, 1).float().cpu().numpy()


def uint8_from_metric(images: Tensor) -> Tensor:
    """float (B, 3, H, W) in [0, 255] -> uint8 (B, H, W, 3), rounded to the nearest level (never truncated)."""
    return images.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def mask_from_uint8(masks: Tensor) -> Tensor:
    """uint8 (B, H, W) -> float32 (B, 1, H, W) in [0, 1]."""
    return masks.unsqueeze(1).float().div_(255)
