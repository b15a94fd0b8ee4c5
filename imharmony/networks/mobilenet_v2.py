"""MobileNetV2's blocks and its feature maps (Sandler et al. 2018, arXiv:1801.04381, table 2).

Pictures are float (B, C, H, W). Convolutions have no bias, since a batch norm follows each.
"""

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import pad

from imharmony.networks.matting_blocks import scaled

FIRST_CHANNELS = 32
LAST_CHANNELS = 1280


class Stage(NamedTuple):
    """A row of the paper's table: blocks of one width, of which the first has the stride."""

    expansion: int
    channels: int
    blocks: int
    stride: int


STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """Expansion by a convolution of 1 x 1, a depthwise one of 3 x 3, a linear one of 1 x 1 back; a sum where the shape stays.

    ``pads_first`` pads what enters the block instead of what enters the depthwise convolution, as IndexNet does. The border then
    holds the first batch norm's shift, not zeros.
    """

    def __init__(self, inputs: int, outputs: int, *, expansion: int, stride: int = 1, pads_first: bool = False) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.pads_first = pads_first
        self.adds = stride == 1 and inputs == outputs
        depthwise = nn.Conv2d(hidden, hidden, 3, stride=stride, padding=0 if pads_first else 1, groups=hidden, bias=False)
        self.layers = nn.Sequential(
            *(convolution(inputs, hidden, 1) if expansion > 1 else ()),
            *(depthwise, nn.BatchNorm2d(hidden), nn.ReLU6()),
            *(nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Maps of ``outputs`` channels; sides are divided by the stride and rounded up."""
        changed = self.layers(pad(features, (1, 1, 1, 1)) if self.pads_first else features)
        return features + changed if self.adds else changed


class MobileNetV2(nn.Module):
    """The features of MobileNetV2 at five scales. Sides of the picture are multiples of 32.

    At other widths the last convolution is scaled too, which the paper does for widths above 1 alone.
    """

    def __init__(self, *, in_channels: int = 3, width: float = 1.0) -> None:
        super().__init__()
        last = scaled(STAGES[-1].channels, width)
        self.features = nn.ModuleList(
            [
                nn.Sequential(*convolution(in_channels, scaled(FIRST_CHANNELS, width), 3, stride=2)),
                *_blocks(width),
                nn.Sequential(*convolution(last, scaled(LAST_CHANNELS, width), 1)),
            ]
        )
        strides = [2, *(stage.stride if first else 1 for stage in STAGES for first in _firsts(stage)), 1]
        # The map of a scale is the last one before the next stride; the deepest is the network's own last.
        self.scales = [*(place - 1 for place, stride in enumerate(strides) if stride == 2 and place), len(strides) - 1]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Maps of a half, a quarter, ... a thirty-second of the size, of 16, 24, 32, 96 and 1280 channels at width 1."""
        maps = [pictures]
        for block in self.features:
            maps.append(block(maps[-1]))
        return [maps[1 + place] for place in self.scales]


def convolution(inputs: int, outputs: int, kernel_px: int, *, stride: int = 1, padding: int | None = None) -> list[nn.Module]:
    """A convolution without bias that keeps the size at stride 1 (or pads as told), its batch norm and its ReLU6."""
    padding = kernel_px // 2 if padding is None else padding
    return [nn.Conv2d(inputs, outputs, kernel_px, stride=stride, padding=padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6()]


def stage_blocks(stage: Stage, inputs: int, outputs: int, *, stride: int, pads_first: bool = False) -> Iterator[InvertedResidual]:
    """The blocks of a stage; the first one has the stride."""
    for first in _firsts(stage):
        yield InvertedResidual(
            inputs if first else outputs, outputs, expansion=stage.expansion, stride=stride if first else 1, pads_first=pads_first
        )


def _blocks(width: float) -> Iterator[InvertedResidual]:
    inputs = scaled(FIRST_CHANNELS, width)
    for stage in STAGES:
        outputs = scaled(stage.channels, width)
        yield from stage_blocks(stage, inputs, outputs, stride=stage.stride)
        inputs = outputs


def _firsts(stage: Stage) -> list[bool]:
    return [place == 0 for place in range(stage.blocks)]
