"""The pixel-wise disharmony discriminator (Huang, Xu, Cai, Liu, Hu 2020, doi:10.1109/TIP.2019.2925550), cited by report 000.

LABELS ARE THE OTHER WAY ROUND THAN FOR ALL OTHER CRITICS: it scores *disharmony*, 1 = FAKE PIXEL, 0 = REAL PIXEL.
Its target is the mask for a composite and for a harmonized output, and zero everywhere for a photograph. A generator that
minimises its squared score therefore does right, where the same term on a critic with 1 = real would do the opposite.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import doubling, halving

MULTIPLES = (1, 2, 4, 8)  # of the width, one for each halving
MULTIPLE_PX = 2 ** len(MULTIPLES)
SMALLEST_PX = 2 * MULTIPLE_PX  # leaves 2 x 2 for the last instance norm, which needs more than one value


class DisharmonyCritic(nn.Module):
    """A small U-Net from a picture to one score for each of its pixels, higher = MORE FAKE.

    ``forward`` takes the picture alone, float (B, ``in_channels``, H, W) in [-1, 1]: the mask is what it has to find. That
    it is fully convolutional and keeps the size is the paper's; the layers are ours. Instance norms keep a score
    independent of the batch. ``outputs`` is the number of scores, 1 as published; more tell kinds of change apart, as darker from brighter.
    """

    def __init__(self, *, width: int, in_channels: int = 3, outputs: int = 1) -> None:
        super().__init__()
        channels = [width * multiple for multiple in MULTIPLES]
        self.first = nn.Sequential(halving(in_channels, width), nn.LeakyReLU(0.2))
        self.encoder = nn.ModuleList(_block(halving(few, many, bias=False), many) for few, many in pairwise(channels))
        joined = [channels[-1], *(2 * count for count in channels[-2:0:-1])]
        self.decoder = nn.ModuleList(
            _block(doubling(many, few, bias=False), few) for many, few in zip(joined, channels[-2::-1], strict=True)
        )
        self.last = nn.Sequential(doubling(2 * width, width), nn.LeakyReLU(0.2))
        self.head = nn.Conv2d(width + in_channels, outputs, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Raw scores (B, ``outputs``, H, W), higher = MORE FAKE."""
        height, width = pictures.shape[2:]
        if height % MULTIPLE_PX or width % MULTIPLE_PX or min(height, width) < SMALLEST_PX:
            raise InputError(f"this critic takes multiples of {MULTIPLE_PX} px, {SMALLEST_PX} px or more; got {width} x {height} px")
        skips = [self.first(pictures)]
        for block in self.encoder:
            skips.append(block(skips[-1]))
        features = skips.pop()
        for block, skip in zip(self.decoder, reversed(skips), strict=True):
            features = torch.cat([skip, block(features)], 1)
        return self.head(torch.cat([pictures, self.last(features)], 1))


def _block(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.InstanceNorm2d(channels, affine=True), nn.LeakyReLU(0.2))
