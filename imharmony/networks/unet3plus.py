"""UNet 3+ (Huang et al. 2020, arXiv:2004.08790), made for segmentation and used for harmonization by report 002.

Images are float (B, 3, H, W) in [-1, 1]; a mask channel is in [0, 1].
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from imharmony.networks.blocks import NORMS, Generator, Norm, ZeroConv2d, exact_halvings, full_precision
from imharmony.storage.descriptions import Start

DEEPEST = 4  # halvings, so five levels
CODE_SLOPE = 0.01


class UNet3Plus(Generator):
    """Every decoder node takes a map of each level: encoder maps from above and beside, decoder maps from below.

    The sides of the input must be multiples of 2 ** ``depth``. A node makes ``width`` channels of each map and joins
    them: 5 x 64 = 320 at full scale. The encoder's activations have ``encoder_slope`` below zero.

    With ``residual``, what the network computes is a change of the composite, its first three channels: even the
    deepest side output, of 16 x 16 px, can then be a sharp picture, and a closed gate returns the composite. One that begins at the
    composite is residual, and the heads of all its outputs start at zero.
    ``deep_supervision`` gives each level an output of its own. ``guided`` multiplies all of them by a gate, one number
    per image in (0, 1), "is there anything to harmonize". In the paper it is the decision between two classes, which
    passes no gradient; here it is the probability itself and learns from the picture.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int,
        depth: int,
        norm: Norm = "batch",
        encoder_slope: float = 0.0,
        residual: bool = True,
        deep_supervision: bool = True,
        guided: bool = True,
        start: Start = "published",
    ) -> None:
        super().__init__()
        self.depth = depth
        self.begins_at_composite = start == "composite"
        self.residual = residual or self.begins_at_composite
        channels = [width * 2**level for level in range(depth + 1)]
        joined = width * (depth + 1)
        self.encoder = nn.ModuleList(
            nn.Sequential(_convolved(narrow, wide, norm, encoder_slope), _convolved(wide, wide, norm, encoder_slope))
            for narrow, wide in pairwise([in_channels, *channels])
        )
        self.nodes = nn.ModuleList(
            _Node(level, [*channels[: level + 1], *[joined] * (depth - level - 1), channels[-1]], width, norm) for level in range(depth)
        )
        supervised = [*[joined] * depth, channels[-1]] if deep_supervision else [joined]
        head = ZeroConv2d if self.begins_at_composite else nn.Conv2d
        self.heads = nn.ModuleList(head(count, 3, 3, padding=1) for count in supervised)
        self.gate = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(channels[-1], 1, 1)) if guided else None

    def forward(self, inputs: Tensor) -> Tensor:
        """The main output, float32 also under autocast; nothing bounds it to [-1, 1]."""
        return self._pictures(inputs, levels=1)[0]

    def outputs(self, inputs: Tensor) -> list[Tensor]:
        """The pictures that deep supervision compares, all of the input's size, the main output first; without it, that one."""
        return self._pictures(inputs, levels=len(self.heads))

    def _pictures(self, inputs: Tensor, *, levels: int) -> list[Tensor]:
        maps = self._maps(inputs)
        with full_precision(inputs):
            colours = [head(features.float()) for head, features in zip(self.heads[:levels], maps[:levels], strict=True)]
            pictures = [_resized(picture, halvings=-level) for level, picture in enumerate(colours)]
            if self.gate is not None:
                openness = self.gate(maps[-1].float()).amax((2, 3), keepdim=True).sigmoid()
                pictures = [openness * picture for picture in pictures]
            return [inputs[:, :3] + picture for picture in pictures] if self.residual else pictures

    def _maps(self, inputs: Tensor) -> list[Tensor]:
        """The decoder's map at each level, shallowest first; the deepest is the encoder's."""
        maps = [self.encoder[0](inputs)]
        for block in self.encoder[1:]:
            maps.append(block(max_pool2d(maps[-1], 2)))
        for level in reversed(range(self.depth)):
            maps[level] = self.nodes[level](maps)
        return maps


def unet3plus(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> UNet3Plus:
    """UNet 3+ as published, deeply supervised and guided, with up to five levels; its output is a change of the composite."""
    return UNet3Plus(in_channels=in_channels, width=width, depth=exact_halvings(size_px, at_most=DEEPEST), start=start)


def unet3plus_code(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> UNet3Plus:
    """Report 002's UNet 3+: instance norms, a LeakyReLU in the encoder, one linear output and nothing else.

    Report 002 adds 16 channels of style code to the composite and its mask.
    """
    return UNet3Plus(
        in_channels=in_channels,
        width=width,
        depth=exact_halvings(size_px, at_most=DEEPEST),
        norm="instance",
        encoder_slope=CODE_SLOPE,
        residual=False,
        deep_supervision=False,
        guided=False,
        start=start,
    )


class _Node(nn.Module):
    """The decoder's map at one level, from one map of each level, shallowest first."""

    def __init__(self, level: int, channels: list[int], width: int, norm: Norm) -> None:
        super().__init__()
        self.level = level
        self.branches = nn.ModuleList(_convolved(count, width, norm) for count in channels)
        self.join = _convolved(width * len(channels), width * len(channels), norm)

    def forward(self, maps: list[Tensor]) -> Tensor:
        resized = [_resized(features, halvings=self.level - level) for level, features in enumerate(maps)]
        return self.join(torch.cat([branch(features) for branch, features in zip(self.branches, resized, strict=True)], 1))


def _convolved(inputs: int, outputs: int, norm: Norm, slope: float = 0.0) -> nn.Sequential:
    # The bias, which the norm takes away, is in the published code, and so in its count of parameters.
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), NORMS[norm](outputs), nn.LeakyReLU(slope))


def _resized(features: Tensor, *, halvings: int) -> Tensor:
    """The map with its size halved by maxima ``halvings`` times, or doubled bilinearly if negative."""
    if halvings == 0:
        return features
    if halvings > 0:
        return max_pool2d(features, 2**halvings)
    return interpolate(features, scale_factor=2**-halvings, mode="bilinear", align_corners=False)
