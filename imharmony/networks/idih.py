"""iDIH, the encoder-decoder with image fusion (Sofiiuk, Popenova, Konushin 2021, arXiv:2006.00809).

It improves on deep image harmonization (Tsai et al. 2017, arXiv:1703.00069), whose channel counts and sum skips it keeps.
Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].

Ours differs from the published network where its description leaves a choice or the smaller profiles ask for it:
the bottleneck is 2 x 2 (padding 1 everywhere), so that a batch of one trains; the decoder normalises exactly where the
encoder does; the input stays in [-1, 1] instead of ImageNet's statistics; no features of a segmentation network enter.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from imharmony.networks.blocks import Generator, ZeroConv2d, doubling, exact_halvings, full_precision, halving
from imharmony.storage.descriptions import Start

WIDEST = 8
FIRST_NORMALISED = 2
DEEPEST = 7


class IDIH(Generator):
    """An ELU encoder, a mirrored decoder whose skips are sums, and a head that blends its colours with the composite's.

    The sides of the input must be multiples of 2 ** ``depth``. The first three input channels are the composite. Where it begins
    at the composite, what the head blends with it is the composite changed: the published attention stays, and learns from the
    second step on.
    """

    def __init__(self, *, in_channels: int, width: int, depth: int, start: Start = "published") -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        channels = [width * min(2 ** (level // 2), WIDEST) for level in range(depth)]  # 64 64 128 128 256 256 512
        sizes = list(enumerate(pairwise([in_channels, *channels])))
        self.encoder = nn.ModuleList(_block(halving(inputs, outputs), outputs, level) for level, (inputs, outputs) in sizes)
        upwards = [(level - 1, wide, narrow) for level, (narrow, wide) in reversed(sizes[1:])]
        self.decoder = nn.ModuleList(_block(doubling(wide, narrow), narrow, level) for level, wide, narrow in upwards)
        self.last = nn.Sequential(doubling(width, width), nn.ELU())
        self.attention = nn.Conv2d(width, 1, 1)
        self.colours = (ZeroConv2d if self.begins_at_composite else nn.Conv2d)(width, 3, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The blended picture, float32 also under autocast; nothing bounds it to [-1, 1]."""
        maps = [inputs]
        for block in self.encoder:
            maps.append(block(maps[-1]))
        features = maps.pop()
        for block, skip in zip(self.decoder, reversed(maps[1:]), strict=True):
            features = block(features) + skip
        features = self.last(features)
        with full_precision(features):
            features = features.float()
            kept = torch.sigmoid(3 * self.attention(features))
            if self.begins_at_composite:
                return inputs[:, :3] + (1 - kept) * self.colours(features)  # k x + (1 - k)(x + c), but exact where c is 0
            return kept * inputs[:, :3] + (1 - kept) * self.colours(features)


def idih(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> IDIH:
    """An iDIH as deep as the size allows with a bottleneck of 2 x 2 or more, at most 7: 256 -> 7, 128 -> 6."""
    depth = max(1, exact_halvings(size_px, at_most=DEEPEST + 1) - 1)
    return IDIH(in_channels=in_channels, width=width, depth=depth, start=start)


def _block(convolution: nn.Module, channels: int, level: int) -> nn.Sequential:
    normalisation = [nn.BatchNorm2d(channels)] if level >= FIRST_NORMALISED else []
    return nn.Sequential(convolution, *normalisation, nn.ELU())
