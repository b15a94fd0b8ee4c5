"""EfficientNet-b0 with a stem for the foreground and one for the background (Tan & Le 2019, arXiv:1905.11946, table 1; Harmonizer's use).

Pictures are float (B, 4, H, W): colours in [0, 1] and a mask. Borders are padded as TensorFlow does, by one more pixel at the right and at
the bottom where the sum is odd.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

STEM = 32
LAST_CHANNELS = 1280
SQUEEZED = 4  # of a block's input channels
EPSILON, MOMENTUM = 1e-3, 0.01


class Stage(NamedTuple):
    """A row of the paper's table: blocks of one width, of which the first has the stride."""

    expansion: int
    channels: int
    blocks: int
    kernel: int
    stride: int


STAGES = (
    Stage(1, 16, 1, 3, 1),
    Stage(6, 24, 2, 3, 2),
    Stage(6, 40, 2, 5, 2),
    Stage(6, 80, 3, 3, 2),
    Stage(6, 112, 3, 5, 1),
    Stage(6, 192, 4, 5, 2),
    Stage(6, 320, 1, 3, 1),
)


class SamePadded(nn.Conv2d):
    """A convolution without bias whose output has 1 / stride of the input's side, rounded up."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """The convolved map."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, across = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in input.shape[2:])
        return super().forward(pad(input, (across // 2, across - across // 2, down // 2, down - down // 2)))


class Excitation(nn.Module):
    """Weighs channels by what their means over the picture say (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.activation = nn.SiLU()

    def forward(self, features: Tensor) -> Tensor:
        """The weighed map, of the same shape."""
        return features * self.expand(self.activation(self.reduce(features.mean((2, 3), keepdim=True)))).sigmoid()


class Block(nn.Module):
    """A mobile inverted bottleneck: expansion, depthwise convolution, excitation, linear projection; a sum where the shape stays."""

    def __init__(self, inputs: int, outputs: int, stage: Stage, *, stride: int) -> None:
        super().__init__()
        hidden = inputs * stage.expansion
        self.adds = stride == 1 and inputs == outputs
        self.expansion = nn.Identity() if stage.expansion == 1 else _activated(SamePadded(inputs, hidden, 1))
        self.depthwise = _activated(SamePadded(hidden, hidden, stage.kernel, stride=stride, groups=hidden))
        self.excitation = Excitation(hidden, max(inputs // SQUEEZED, 1))
        self.projection = nn.Sequential(SamePadded(hidden, outputs, 1), _norm(outputs))

    def forward(self, features: Tensor) -> Tensor:
        """The block's map."""
        changed = self.projection(self.excitation(self.depthwise(self.expansion(features))))
        return features + changed if self.adds else changed


class TwoStemEfficientNet(nn.Module):
    """Features (B, 1280, H/32, W/32) of a picture, its foreground and its background each marked by a mask of their own."""

    def __init__(self, *, width: int = STEM) -> None:
        super().__init__()
        self.channels = LAST_CHANNELS * width // STEM
        self.foreground, self.background = (_activated(SamePadded(4, width // 2, 3, stride=2)) for _ in range(2))
        self.blocks = nn.Sequential(*_blocks(width))
        self.last = _activated(SamePadded(STAGES[-1].channels * width // STEM, self.channels, 1))

    def forward(self, pictures: Tensor, mask: Tensor) -> Tensor:
        """The features of pictures in [0, 1]."""
        foreground = self.foreground(torch.cat([pictures, mask], 1))
        background = self.background(torch.cat([pictures, 1 - mask], 1))
        return self.last(self.blocks(torch.cat([foreground, background], 1)))


def _blocks(width: int) -> Iterator[Block]:
    inputs = width
    for stage in STAGES:
        outputs = stage.channels * width // STEM
        for place in range(stage.blocks):
            yield Block(inputs, outputs, stage, stride=1 if place else stage.stride)
            inputs = outputs


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM)


def _activated(convolution: SamePadded) -> nn.Sequential:
    return nn.Sequential(convolution, _norm(convolution.out_channels), nn.SiLU())
