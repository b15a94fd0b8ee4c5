"""A colour map per pixel, predicted small and applied at any size, after PCT-Net (Guerreiro et al. 2023).

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].

PCT-Net predicts the maps with the U-Net of iSSAM or a transformer, blends the result with the composite by an attention
map, starts from a zero matrix and clamps to the range of pictures. Ours has a small encoder-decoder with sum skips, no
attention (pasting is the harmonizer's business), adds its maps to the identity and clamps nothing.
"""

from itertools import pairwise

from torch import Tensor, nn

from imharmony.networks.blocks import Generator, ZeroConv2d, doubling, exact_halvings, full_precision, halving
from imharmony.storage.descriptions import Start

WIDEST = 8
DEEPEST = 6
MATRIX = 9
PARAMETERS = 12  # a 3 x 3 matrix, row by row, and an offset


class AffineMaps(Generator):
    """An encoder-decoder whose 12 outputs per pixel say how the composite's colours change there.

    The sides of the input must be multiples of 2 ** ``depth``. The first three input channels are the composite.
    """

    def __init__(self, *, in_channels: int, width: int, depth: int, start: Start = "published") -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        channels = [width * min(2**level, WIDEST) for level in range(depth)]
        first = nn.Sequential(halving(in_channels, width), nn.ELU())
        inner = [_block(halving(narrow, wide, bias=False), wide) for narrow, wide in pairwise(channels)]
        self.encoder = nn.ModuleList([first, *inner])
        self.decoder = nn.ModuleList(_block(doubling(wide, narrow, bias=False), narrow) for wide, narrow in pairwise(reversed(channels)))
        self.last = nn.Sequential(doubling(width, width), nn.ELU())
        self.parameters_at = (ZeroConv2d if self.begins_at_composite else nn.Conv2d)(width, PARAMETERS, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The composite with its colours mapped, float32 also under autocast; nothing bounds it to [-1, 1]."""
        return mapped(inputs[:, :3], self.maps(inputs))

    def maps(self, inputs: Tensor) -> Tensor:
        """The parameters of each pixel's colour map, (B, 12, H, W) in float32; zeros mean no change."""
        levels = [inputs]
        for block in self.encoder:
            levels.append(block(levels[-1]))
        features = levels.pop()
        for block, skip in zip(self.decoder, reversed(levels[1:]), strict=True):
            features = block(features) + skip
        features = self.last(features)
        with full_precision(features):
            return self.parameters_at(features.float())

    def mapped(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Pictures (B, 3, H', W') of any size with their colours mapped."""
        return mapped(pictures, maps)


def mapped(picture: Tensor, maps: Tensor) -> Tensor:
    """x + A x + b for each pixel's colour x, with A and b from ``maps`` (B, 12, H, W) of the picture's size."""
    matrices, offsets = maps.float().split([MATRIX, 3], 1)
    # Products and a sum, not a matrix product, which autocast and a GPU's TF32 would round.
    change = (matrices.unflatten(1, (3, 3)) * picture[:, None]).sum(2)
    return picture + change + offsets


def affine(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> AffineMaps:
    """As deep as the size allows with a bottleneck of 2 x 2 or more, at most 6: 256 and 128 -> 6, 96 -> 4."""
    depth = max(1, exact_halvings(size_px, at_most=DEEPEST + 1) - 1)
    return AffineMaps(in_channels=in_channels, width=width, depth=depth, start=start)


def _block(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ELU())
