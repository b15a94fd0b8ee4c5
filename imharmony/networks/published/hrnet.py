"""HRNet-W18 with object contexts, which iDIH takes features from (Wang et al. 2019, arXiv:1908.07919; Yuan et al. 2019, arXiv:1909.11065).

Pictures are float (B, 3, H, W) in ImageNet's units; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.published.object_context import ObjectContext

STEM = 64
WIDTH = 18
EXPANSION = 4  # of a bottleneck's last convolution
CONTEXT = 64  # channels of keys and values


class HRNetForm(NamedTuple):
    """How many residual blocks a branch has in a module, and how many modules the stages of two, three and four branches."""

    blocks: int
    modules: tuple[int, int, int]


HRNET18 = HRNetForm(4, (1, 4, 3))
HRNET18_SMALL = HRNetForm(2, (1, 3, 2))


class Scale(nn.Module):
    """Multiplies all values by one learnt number, whose sign does not count."""

    def __init__(self, first: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([first]))

    def forward(self, features: Tensor) -> Tensor:
        """The multiplied map, of the same shape."""
        return features * self.scale.abs()


class Residual(nn.Module):
    """Convolutions with batch norms beside a shortcut, which is a convolution of 1 x 1 where the channels change."""

    def __init__(self, layers: nn.Sequential, shortcut: nn.Module) -> None:
        super().__init__()
        self.layers = layers
        self.shortcut = shortcut

    def forward(self, features: Tensor) -> Tensor:
        """The sum, after a ReLU."""
        return (self.layers(features) + self.shortcut(features)).relu()


class Gathering(nn.Module):
    """The sum of all branches' maps at the size and with the channels of one of them."""

    def __init__(self, channels: list[int], target: int) -> None:
        super().__init__()
        self.target = target
        self.paths = nn.ModuleList(_path(channels, source, target) for source in range(len(channels)))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """The sum, after a ReLU."""
        parts = [_resized(path(features), maps[self.target]) for path, features in zip(self.paths, maps, strict=True)]
        return torch.stack(parts).sum(0).relu()


class Exchange(nn.Module):
    """A module of parallel branches, finest first, whose outputs are sums over all of them at their own size."""

    def __init__(self, channels: list[int], blocks: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(_basic(count) for _ in range(blocks))) for count in channels)
        self.gatherings = nn.ModuleList(Gathering(channels, target) for target in range(len(channels)))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The map of each branch, which knows of all."""
        maps = [branch(features) for branch, features in zip(self.branches, maps, strict=True)]
        return [gathering(maps) for gathering in self.gatherings]


class HRNetFeatures(nn.Module):
    """Features of a picture and its mask at a quarter of the size, (B, ``channels``, H/4, W/4).

    The mask goes in twice: by a convolution into what the first convolution of the picture gives, and as the two regions whose
    descriptions the object contexts are. ``scale`` multiplies all published channels.
    """

    def __init__(self, form: HRNetForm, *, scale: float = 1.0) -> None:
        super().__init__()
        stem, width, context = (max(round(count * scale), 1) for count in (STEM, WIDTH, CONTEXT))
        self.channels = 2 * context
        self.told = nn.Sequential(nn.Conv2d(1, stem, 3, stride=2, padding=1), Scale(0.1))
        self.first = _normalised(3, stem, stride=2)
        self.second = _normalised(stem, stem, stride=2)
        self.bottlenecks = nn.Sequential(*(_bottleneck(EXPANSION * stem if block else stem, stem) for block in range(form.blocks)))
        branches = [width * 2**level for level in range(4)]
        entering = [EXPANSION * stem, *branches]
        self.entrances = nn.ModuleList([_activated(entering[0], branches[0])])  # of a branch, from the coarsest that was there before
        self.entrances.extend(_activated(before, own, stride=2) for before, own in pairwise([entering[0], *branches[1:]]))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Exchange(branches[: 2 + stage], form.blocks) for _ in range(count))) for stage, count in enumerate(form.modules)
        )
        self.described = nn.Sequential(nn.Conv2d(sum(branches), self.channels, 3, padding=1), nn.BatchNorm2d(self.channels), nn.ReLU())
        self.context = ObjectContext(self.channels, keys=context)

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """The features."""
        features = self.bottlenecks(self.second(self.first(picture).relu() + self.told(mask)).relu())
        maps = [self.entrances[0](features), self.entrances[1](features)]
        for stage, exchanges in enumerate(self.stages):
            if stage:
                maps.append(self.entrances[1 + stage](maps[-1]))
            maps = exchanges(maps)
        features = self.described(torch.cat([_resized(each, maps[0]) for each in maps], 1))
        regions = interpolate(torch.cat([mask, 1 - mask], 1), features.shape[2:], mode="bilinear", align_corners=True)
        return self.context(features, regions)


def _normalised(inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _activated(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return _normalised(inputs, outputs, stride=stride).append(nn.ReLU())


def _basic(channels: int) -> Residual:
    return Residual(nn.Sequential(*_activated(channels, channels), *_normalised(channels, channels)), nn.Identity())


def _bottleneck(inputs: int, channels: int) -> Residual:
    outputs = EXPANSION * channels
    layers = nn.Sequential(
        *(*_normalised(inputs, channels, 1), nn.ReLU()),
        *_activated(channels, channels),
        *_normalised(channels, outputs, 1),
    )
    return Residual(layers, nn.Identity() if inputs == outputs else _normalised(inputs, outputs, 1))


def _path(channels: list[int], source: int, target: int) -> nn.Module:
    """From a branch's map to another's: coarser ones keep their size here, finer ones are halved as often as it takes."""
    if source == target:
        return nn.Identity()
    if source > target:
        return _normalised(channels[source], channels[target], 1)
    own, steps = channels[source], target - source
    halvings = [_activated(own, own, stride=2) for _ in range(steps - 1)]
    return nn.Sequential(*halvings, _normalised(own, channels[target], stride=2))


def _resized(features: Tensor, like: Tensor) -> Tensor:
    if features.shape[2:] == like.shape[2:]:
        return features
    return interpolate(features, like.shape[2:], mode="bilinear", align_corners=True)
