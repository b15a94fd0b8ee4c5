"""RAIN as its authors' program computes it (Ling et al. 2021, arXiv:2106.02853), in RainNet's file and in HDNet's.

Feature maps are float (B, C, H, W); masks are (B, 1, H', W') in [0, 1], 1 = foreground.
"""

from torch import Tensor, nn

from imharmony.networks.rain import RegionAwareNorm

EPSILON = 1e-5  # added to the count of pixels and to variances


class PublishedRegionNorm(RegionAwareNorm):
    """``RegionAwareNorm`` with the authors' statistics.

    Where a mask is soft, a pixel's deviation weighs by the mask's square (there by the mask), and the count of pixels is the mask's sum +
    1e-5: an empty region has mean 0 and deviation 0.003 (there it takes the statistics of the whole map).
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        for name, parameter in list(self.named_parameters()):  # the authors' files have them without sides
            setattr(self, name, nn.Parameter(parameter.flatten()))

    def statistics(self, features: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation over a region (B, 1, h, w), each (B, C, 1, 1)."""
        count = region.sum((2, 3), keepdim=True) + EPSILON
        mean = (features * region).sum((2, 3), keepdim=True) / count
        variance = ((features - mean) * region).square().sum((2, 3), keepdim=True) / count
        return mean, (variance + EPSILON).sqrt()
