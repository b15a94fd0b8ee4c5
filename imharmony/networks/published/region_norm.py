"""RAIN as its authors' program computes it (Ling et al. 2021, arXiv:2106.02853), in RainNet's file and in HDNet's.

Feature maps are float (B, C, H, W); masks are (B, 1, H', W') in [0, 1], 1 = foreground.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.blocks import full_precision

EPSILON = 1e-5  # added to the count of pixels and to variances


class PublishedRegionNorm(nn.Module):
    """``RegionAwareNorm`` with the authors' statistics.

    Where a mask is soft, a pixel's deviation weighs by the mask's square (here by the mask), and the count of pixels is the mask's sum +
    1e-5: an empty region has mean 0 and deviation 0.003 (here it takes the statistics of the whole map).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.foreground_scale, self.foreground_shift = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels))
        self.background_scale, self.background_shift = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The normalised map in float32; the mask is resized by the nearest pixel."""
        with full_precision(features):
            features = features.float()
            inside = interpolate(mask.float(), features.shape[2:], mode="nearest")
            mean_f, deviation_f = _statistics(features, inside)
            mean_b, deviation_b = _statistics(features, 1 - inside)
            foreground = (features - mean_f) / deviation_f * deviation_b + mean_b
            background = (features - mean_b) / deviation_b
            foreground = foreground * _spread(1 + self.foreground_scale) + _spread(self.foreground_shift)
            background = background * _spread(1 + self.background_scale) + _spread(self.background_shift)
            return foreground * inside + background * (1 - inside)


def _statistics(features: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
    count = region.sum((2, 3), keepdim=True) + EPSILON
    mean = (features * region).sum((2, 3), keepdim=True) / count
    variance = ((features - mean) * region).square().sum((2, 3), keepdim=True) / count
    return mean, (variance + EPSILON).sqrt()


def _spread(values: Tensor) -> Tensor:
    return values[:, None, None]
