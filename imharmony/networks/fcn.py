"""The fully convolutional generator of report 001, as its text describes it and as its code has it.

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1]. The code feeds and compares pictures in [0, 1]:
a scale and a shift, which its first and its linear last convolution take up everywhere but at the borders, where the
padding's zeros are black there and grey here.
"""

from torch import Tensor, nn

from imharmony.networks.blocks import LARGEST_CHANGE, Generator, ZeroConv2d, exact_halvings, full_precision
from imharmony.storage.descriptions import Start

CONVOLUTIONS = 3  # on the way down; the channels double from one to the next
SHRINKING_IN_CODE = 2


class FCN(Generator):
    """Three convolutions down, transposed ones up, each followed by a ReLU, and a convolution to colours; no norm, no skip.

    The sides of the input must be multiples of 2 ** ``depth``. The last ``depth`` of the three convolutions halve the
    size and as many transposed ones double it; all kernels are 3 px. ``bounded`` puts a tanh at the end.
    """

    def __init__(self, *, in_channels: int, width: int, depth: int, bounded: bool, start: Start = "published") -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        self.bounded = bounded
        channels = [in_channels, width, 2 * width, 4 * width]
        first_halving = CONVOLUTIONS - depth
        down = [
            nn.Conv2d(channels[level], channels[level + 1], 3, stride=2 if level >= first_halving else 1, padding=1)
            for level in range(CONVOLUTIONS)
        ]
        up = [
            nn.ConvTranspose2d(channels[level + 1], channels[level] if level else width, 3, stride=2, padding=1, output_padding=1)
            for level in reversed(range(first_halving, CONVOLUTIONS))
        ]
        self.layers = nn.ModuleList([*down, *up])
        self.last = (ZeroConv2d if self.begins_at_composite else nn.Conv2d)(width, 3, 3, padding=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture, in [-1, 1] if ``bounded``, or the changed composite; float32 also under autocast."""
        features = inputs
        for layer in self.layers:
            features = layer(features).relu()
        with full_precision(features):
            colours = self.last(features.float())
            return self.painted(inputs, colours.tanh(), reach=LARGEST_CHANGE) if self.bounded else self.painted(inputs, colours)


def fcn(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> FCN:
    """The text's network: three halvings and three doublings.

    The text says no more than that and "ReLU". Kernels and channels are the code's here, the third doubling keeps the
    width, and because a ReLU cannot give the dark half of [-1, 1], a convolution and a tanh follow it.
    """
    depth = exact_halvings(size_px, at_most=CONVOLUTIONS)
    return FCN(in_channels=in_channels, width=width, depth=depth, bounded=True, start=start)


def fcn_code(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> FCN:
    """The network that the code trains: its first "downsampling" has stride 1, and its output is linear."""
    depth = exact_halvings(size_px, at_most=SHRINKING_IN_CODE)
    return FCN(in_channels=in_channels, width=width, depth=depth, bounded=False, start=start)
