"""The attention U-Net of DoveNet (Cong et al. 2020, arXiv:1911.13239, generator ``s2ad``).

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.networks.blocks import (
    LARGEST_CHANGE,
    NORMS,
    Generator,
    Norm,
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
GATED_JOINS = 3  # the outermost ones


class AttentionGate(nn.Module):
    """Weighs each value of a map F by what its own pixel shows: F * sigmoid(W F + b), W mixing all channels of the pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weighing = nn.Conv2d(channels, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """The weighed map, of the same shape."""
        return features * self.weighing(features).sigmoid()


class AttentionUNet(Generator):
    """The U-Net of pix2pix whose three outermost joins of skip and decoder map pass an attention gate.

    The sides of the input must be multiples of 2 ** ``depth``. As in pix2pix, a skip carries the map *after* its
    LeakyReLU. The released weights have batch norms; the published training command asks for instance norms, before
    which the convolutions keep their biases. Report 002's code has no ``dropout``.
    """

    def __init__(
        self, *, in_channels: int, width: int, depth: int, norm: Norm = "batch", dropout: bool = True, start: Start = "published"
    ) -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        bias, layer = norm == "instance", NORMS[norm]
        channels = [width * min(2**level, WIDEST) for level in range(depth)]
        sizes, first_gated = list(enumerate(decoder_channels(channels))), depth - 1 - GATED_JOINS
        self.first = nn.Sequential(halving(in_channels, width, bias=bias), nn.LeakyReLU(0.2))
        self.encoder = nn.ModuleList(encoder_block(narrow, wide, norm=layer(wide), bias=bias) for narrow, wide in pairwise(channels[:-1]))
        self.bottleneck = nn.Sequential(halving(channels[-2], channels[-1], bias=bias), nn.ReLU())
        # Unlike report 000's U-Net, the innermost block has no dropout, and neither have the gated ones.
        self.decoder = nn.ModuleList(
            decoder_block(wide, narrow, norm=layer(narrow), bias=bias, dropout=dropout and 0 < level < first_gated)
            for level, (wide, narrow) in sizes
        )
        self.gates = nn.ModuleList(AttentionGate(2 * narrow) if level >= first_gated else nn.Identity() for level, (_, narrow) in sizes)
        self.last = doubling(2 * width, 3, zero=self.begins_at_composite)

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture in [-1, 1], or the changed composite, which nothing bounds; float32 also under autocast."""
        skips = [self.first(inputs)]
        for block in self.encoder:
            skips.append(block(skips[-1]))
        features = self.bottleneck(skips[-1])
        for block, gate, skip in zip(self.decoder, self.gates, reversed(skips), strict=True):
            features = gate(torch.cat([skip, block(features)], 1)).relu()
        with full_precision(features):
            return self.painted(inputs, self.last(features.float()).tanh(), reach=LARGEST_CHANGE)


def attention_unet(*, in_channels: int, width: int, size_px: int, dropout: bool = True, start: Start = "published") -> AttentionUNet:
    """An attention U-Net with batch norms, as deep as the size allows, at most 8: 512 and 256 -> 8, 128 -> 7."""
    depth = exact_halvings(size_px, at_most=8)
    return AttentionUNet(in_channels=in_channels, width=width, depth=depth, dropout=dropout, start=start)
