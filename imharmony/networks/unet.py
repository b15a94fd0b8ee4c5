"""The U-Net generator of pix2pix, as report 000 uses it (Isola, Zhu, Zhou, Efros 2017, arXiv:1611.07004).

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.networks.blocks import (
    LARGEST_CHANGE,
    Generator,
    decoder_block,
    decoder_channels,
    doubling,
    encoder_block,
    exact_halvings,
    full_precision,
    halving,
)
from imharmony.storage.descriptions import Start

WIDEST = 8  # channels stop growing at this multiple of the width
DROPOUT_BLOCKS = 3


class UNet(Generator):
    """Halves the picture ``depth`` times and doubles it back, each size joined to its equal by a skip connection.

    The sides of the input must be multiples of 2 ** ``depth``. As in pix2pix, a skip carries the map *after* its
    LeakyReLU, and convolutions before a batch norm have no bias, which the norm would take away. Report 000's Keras code
    keeps those biases: ``conv_bias``.
    """

    def __init__(self, *, in_channels: int, width: int, depth: int, conv_bias: bool = False, start: Start = "published") -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        channels = [width * min(2**level, WIDEST) for level in range(depth)]
        self.first = nn.Sequential(halving(in_channels, width, bias=conv_bias), nn.LeakyReLU(0.2))
        self.encoder = nn.ModuleList(
            encoder_block(narrow, wide, norm=nn.BatchNorm2d(wide), bias=conv_bias) for narrow, wide in pairwise(channels[:-1])
        )
        self.bottleneck = nn.Sequential(halving(channels[-2], channels[-1], bias=conv_bias), nn.ReLU())
        self.decoder = nn.ModuleList(
            decoder_block(wide, narrow, norm=nn.BatchNorm2d(narrow), bias=conv_bias, dropout=level < DROPOUT_BLOCKS)
            for level, (wide, narrow) in enumerate(decoder_channels(channels))
        )
        self.last = doubling(2 * width, 3, zero=self.begins_at_composite)

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture in [-1, 1], or the changed composite, which nothing bounds; float32 also under autocast."""
        skips = [self.first(inputs)]
        for block in self.encoder:
            skips.append(block(skips[-1]))
        features = self.bottleneck(skips[-1])
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            features = torch.cat([skip, block(features)], 1).relu()
        with full_precision(features):
            return self.painted(inputs, self.last(features.float()).tanh(), reach=LARGEST_CHANGE)


def unet(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> UNet:
    """A U-Net as deep as the size allows, at most 8: 512 and 256 -> 8, 128 -> 7."""
    return UNet(in_channels=in_channels, width=width, depth=exact_halvings(size_px, at_most=8), start=start)
