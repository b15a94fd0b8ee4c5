"""Networks of this library in the form that their authors' files have, where an option of ours makes them equal."""

import torch
from torch import Tensor

from imharmony.networks.attention_unet import AttentionUNet
from imharmony.networks.blocks import exact_halvings
from imharmony.networks.dih import DIH, depth_of
from imharmony.networks.published.region_norm import PublishedRegionNorm
from imharmony.networks.published.units import expect_as_published
from imharmony.networks.rain import RainNet
from imharmony.storage.descriptions import Start

TENSORFLOW_EPSILON = 1e-3  # of batch norms


class DIHTensorFlow(DIH):
    """The re-implementation of deep image harmonization that came with iHarmony4 (Tsai et al. 2017, arXiv:1703.00069).

    It takes blue, green and red in this order, and its tests give the mask in [-1, 1], though it was trained on [0, 1].
    """

    def __init__(self, *, width: int, depth: int) -> None:
        super().__init__(in_channels=4, width=width, depth=depth, epsilon=TENSORFLOW_EPSILON)

    def forward(self, inputs: Tensor) -> Tensor:
        """The harmonized picture, clipped to [-1, 1] as its tests do; float32 also under autocast."""
        composite, mask = inputs.split([3, 1], 1)
        return super().forward(torch.cat([composite.flip(1), 2 * mask - 1], 1)).clamp(-1, 1).flip(1)


def dih_tensorflow(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> DIHTensorFlow:
    """DIH without scene parsing; 64 channels wide at 256 px."""
    expect_as_published("dih_tensorflow", in_channels=in_channels, start=start)
    return DIHTensorFlow(width=width, depth=depth_of(size_px))


def dovenet_instance(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> AttentionUNet:
    """DoveNet's generator with instance norms, which its published commands ask for; 64 channels wide."""
    expect_as_published("dovenet_instance", in_channels=in_channels, start=start)
    return AttentionUNet(in_channels=in_channels, width=width, depth=exact_halvings(size_px, at_most=8), norm="instance")


def rainnet(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> RainNet:
    """RainNet with the statistics of its authors' program; 64 channels wide."""
    expect_as_published("rainnet", in_channels=in_channels, start=start)
    return RainNet(in_channels=in_channels, width=width, depth=exact_halvings(size_px, at_most=8), norm=PublishedRegionNorm)
