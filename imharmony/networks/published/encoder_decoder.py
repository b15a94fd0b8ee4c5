"""DIH, iDIH and iDIH with a backbone, as their authors publish them (Sofiiuk, Popenova & Konushin 2021, arXiv:2006.00809).

Pictures are float (B, 3, H, W) in [-1, 1], inside the network in ImageNet's units; masks are in [0, 1], 1 = foreground. The paper's
``idih`` of this library has a bottleneck of 2 x 2 and fewer norms, so that it trains on small pictures and a batch of one.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.networks.blocks import KERNEL_PX, Generator, exact_halvings, full_precision
from imharmony.networks.published.hrnet import HRNET18, HRNET18_SMALL, HRNetFeatures
from imharmony.networks.published.units import expect_as_published, imagenet_from_network, network_from_imagenet
from imharmony.storage.descriptions import Start

WIDEST = 8  # channels stop growing at this multiple of the width
DEEPEST = 7
JOINED_AT = 2  # the first block that sees the backbone's features
SHARPNESS = 3  # of the sigmoid that weighs the composite


class Form(NamedTuple):
    """What tells the published networks from each other: the first block with a batch norm, and whether the composite is blended in."""

    normalised_from: int
    fuses: bool


DIH_FORM = Form(0, fuses=False)
IDIH_FORM = Form(2, fuses=True)


class Joined(nn.Module):
    """A map beside a backbone's features of the picture, whose sides are those of the map."""

    def __init__(self, backbone: HRNetFeatures) -> None:
        super().__init__()
        self.backbone = backbone
        self.channels = backbone.channels

    def forward(self, features: Tensor, picture: Tensor, mask: Tensor) -> Tensor:
        """Both, (B, C + ``channels``, H/4, W/4)."""
        return torch.cat([features, self.backbone(picture, mask)], 1)


class EncoderDecoder(Generator):
    """Convolutions that halve down to 1 x 1, a mirrored decoder with sum skips, and one block more that halves the channels.

    The innermost convolution and transposed convolution have no padding, so that the sides must be multiples of 2 ** ``depth``, and one
    of 2 ** (``depth`` + 1) or more gives the bottleneck its one pixel. Every decoder block has a batch norm. ``backbone`` gives
    features (B, C, H/4, W/4) that stand beside the map which the third block takes.
    """

    def __init__(self, *, width: int, depth: int, form: Form, backbone: HRNetFeatures | None = None) -> None:
        super().__init__()
        self.depth = depth
        self.joined = None if backbone is None else Joined(backbone)
        channels = [width * min(2 ** (level // 2), WIDEST) for level in range(depth)]  # 64 64 128 128 256 256 512
        encoder, last = [], depth - 1
        for level, (narrow, wide) in enumerate(pairwise([4, *channels])):
            beside = self.joined.channels if self.joined is not None and level == JOINED_AT else 0
            halving = nn.Conv2d(narrow + beside, wide, KERNEL_PX, stride=2, padding=int(level < last))
            encoder.append(_block(halving, wide, normalised=level >= form.normalised_from))
        self.encoder = nn.ModuleList(encoder)
        upwards = [*reversed(channels), width // 2]
        self.decoder = nn.ModuleList(
            _block(nn.ConvTranspose2d(wide, narrow, KERNEL_PX, stride=2, padding=int(level > 0)), narrow, normalised=True)
            for level, (wide, narrow) in enumerate(pairwise(upwards))
        )
        self.attention = nn.Conv2d(width // 2, 1, 1) if form.fuses else None
        self.colours = nn.Conv2d(width // 2, 3, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The harmonized picture, float32 also under autocast; nothing bounds it to [-1, 1]."""
        composite, mask = inputs.split([3, 1], 1)
        return network_from_imagenet(self.raw(imagenet_from_network(composite), mask))

    def raw(self, picture: Tensor, mask: Tensor) -> Tensor:
        """The harmonized picture of one in ImageNet's units, in these units."""
        smallest = 2 ** (self.depth + 1)
        if picture.shape[2] % smallest or picture.shape[3] % smallest:
            came = f"{picture.shape[3]} x {picture.shape[2]} px"
            raise InputError(f"the picture is {came}; this network takes multiples of {smallest} px; resize it first")
        maps = [torch.cat([picture, mask], 1)]
        for level, block in enumerate(self.encoder):
            features = maps[-1] if self.joined is None or level != JOINED_AT else self.joined(maps[-1], picture, mask)
            maps.append(block(features))
        features, *skips = reversed(maps[1:])
        for block, skip in zip(self.decoder, skips, strict=False):  # the last block has no equal in the encoder
            features = block(features) + skip
        return fused(self.decoder[-1](features), picture, self.attention, self.colours)


def fused(features: Tensor, picture: Tensor, attention: nn.Module | None, colours: nn.Module) -> Tensor:
    """The head's colours (B, 3, H, W), blended with the picture by an attention map if there is one; float32 also under autocast."""
    with full_precision(features):
        features = features.float()
        if attention is None:
            return colours(features)
        kept = torch.sigmoid(SHARPNESS * attention(features))
        return kept * picture + (1 - kept) * colours(features)


def dih256(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> EncoderDecoder:
    """Deep image harmonization as iDIH's authors train it, the baseline of their paper; 64 channels wide at 256 px."""
    expect_as_published("dih256", in_channels=in_channels, start=start)
    return EncoderDecoder(width=width, depth=_depth(size_px), form=DIH_FORM)


def idih256(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> EncoderDecoder:
    """iDIH; 64 channels wide at 256 px."""
    expect_as_published("idih256", in_channels=in_channels, start=start)
    return EncoderDecoder(width=width, depth=_depth(size_px), form=IDIH_FORM)


def hrnet18s_idih256(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> EncoderDecoder:
    """iDIH beside the small HRNet-W18 with object contexts, whose channels are scaled with the width of 64."""
    expect_as_published("hrnet18s_idih256", in_channels=in_channels, start=start)
    return EncoderDecoder(width=width, depth=_depth(size_px), form=IDIH_FORM, backbone=HRNetFeatures(HRNET18_SMALL, scale=width / 64))


def hrnet18_idih256(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> EncoderDecoder:
    """iDIH beside HRNet-W18 with object contexts, whose channels are scaled with the width of 64."""
    expect_as_published("hrnet18_idih256", in_channels=in_channels, start=start)
    return EncoderDecoder(width=width, depth=_depth(size_px), form=IDIH_FORM, backbone=HRNetFeatures(HRNET18, scale=width / 64))


def _depth(size_px: int) -> int:
    """256 -> 7, 64 -> 5: as deep as leaves one pixel."""
    return exact_halvings(size_px, at_most=DEEPEST + 1) - 1


def _block(convolution: nn.Module, channels: int, *, normalised: bool) -> nn.Sequential:
    return nn.Sequential(convolution, *([nn.BatchNorm2d(channels)] if normalised else []), nn.ELU())
