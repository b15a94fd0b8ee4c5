"""A U-Net whose outermost join treats foreground and background apart, of iSSAM and of PCT-Net's convolutional form.

Sofiiuk, Popenova & Konushin 2021, arXiv:2006.00809; the attention is S2AM's (Cun & Pun 2020, arXiv:1907.06406). Pictures are float
(B, 3, H, W) in [-1, 1], inside in ImageNet's units; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d, conv2d, interpolate, max_pool2d

from imharmony.networks.blocks import Generator
from imharmony.networks.published.encoder_decoder import fused
from imharmony.networks.published.units import expect_as_published, imagenet_from_network, network_from_imagenet
from imharmony.storage.descriptions import Start

DEPTH = 4
NORMALISED_FROM = 2  # level of the encoder; every level of the decoder is
SQUEEZED, LEAST_SQUEEZED = 16, 8
BLUR_PX, BLUR_SIGMA = 7, 1.0


class ChannelGate(nn.Module):
    """Weighs channels by what their means and maxima over the picture say."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        few = max(channels // SQUEEZED, LEAST_SQUEEZED)
        self.weighing = nn.Sequential(nn.Linear(2 * channels, few), nn.ReLU(), nn.Linear(few, channels), nn.Sigmoid())

    def forward(self, features: Tensor) -> Tensor:
        """The weighed map, of the same shape."""
        told = torch.cat([features.mean((2, 3)), adaptive_max_pool2d(features, 1).flatten(1)], 1)
        return features * self.weighing(told)[:, :, None, None]


class Blur(nn.Module):
    """A Gaussian of 7 x 7 px and sigma 1, of sum 1; beyond the border there are zeros. Authors' files keep its weights."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        line = torch.exp(-((torch.arange(BLUR_PX) - BLUR_PX // 2) ** 2) / (2 * BLUR_SIGMA**2))
        kernel = line[:, None] * line
        self.register_buffer("weight", (kernel / kernel.sum())[None, None])

    def forward(self, mask: Tensor) -> Tensor:
        """The blurred mask, of the same shape."""
        return conv2d(mask, self.weight, padding=BLUR_PX // 2)


class SeparatedAttention(nn.Module):
    """S2AM: the background through one gate, the foreground through two, of which one learns; joined by the blurred mask."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.background, self.foreground, self.mixed = (ChannelGate(channels) for _ in range(3))
        self.learning = nn.Sequential(
            _convolution(channels, channels // 2, bias=False, normalised=True),
            _convolution(channels // 2, channels, bias=False, normalised=True),
        )
        self.blur = Blur()

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The joined map, of the same shape."""
        inside = self.blur(interpolate(mask, features.shape[2:], mode="bilinear", align_corners=True))
        changed = self.learning(self.foreground(features)) + self.mixed(features)
        return inside * changed + (1 - inside) * self.background(features)


class SeparatedUNet(nn.Module):
    """Four levels, each of two convolutions; sides must be multiples of 8. The outermost join passes ``SeparatedAttention``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(DEPTH)]  # 32 64 128 256
        self.encoder = nn.ModuleList(
            _two_convolutions(narrow, wide, normalised=level >= NORMALISED_FROM)
            for level, (narrow, wide) in enumerate(pairwise([4, *channels]))
        )
        upwards = list(pairwise(reversed(channels)))
        self.ups = nn.ModuleList(_convolution(wide, narrow, normalised=False) for wide, narrow in upwards)
        self.decoder = nn.ModuleList(_two_convolutions(2 * narrow, narrow, normalised=True) for _, narrow in upwards)
        self.attention = SeparatedAttention(2 * width)

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """Features (B, width, H, W) of a picture in ImageNet's units."""
        maps = [self.encoder[0](torch.cat([picture, mask], 1))]
        for block in self.encoder[1:]:
            maps.append(block(max_pool2d(maps[-1], 2)))
        features = maps.pop()
        for up, block in zip(self.ups, self.decoder, strict=True):
            skip = maps.pop()
            larger = interpolate(features, scale_factor=2, mode="bilinear", align_corners=True)
            joined = torch.cat([skip, up(larger)], 1)
            features = block(joined if maps else self.attention(joined, mask))
        return features


class ISSAM(Generator):
    """The U-Net with the head of iDIH, which blends its colours with the composite's."""

    depth = DEPTH - 1

    def __init__(self, *, width: int) -> None:
        super().__init__()
        self.body = SeparatedUNet(width)
        self.attention = nn.Conv2d(width, 1, 1)
        self.colours = nn.Conv2d(width, 3, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """The harmonized picture, float32 also under autocast; nothing bounds it to [-1, 1]."""
        composite, mask = inputs.split([3, 1], 1)
        return network_from_imagenet(self.raw(imagenet_from_network(composite), mask))

    def raw(self, picture: Tensor, mask: Tensor) -> Tensor:
        """The harmonized picture of one in ImageNet's units, in these units."""
        return fused(self.body(picture, mask), picture, self.attention, self.colours)


def issam256(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> ISSAM:  # noqa: ARG001
    """iSSAM for any size; 32 channels wide as published, for 256 px."""
    expect_as_published("issam256", in_channels=in_channels, start=start)
    return ISSAM(width=width)


def _convolution(inputs: int, outputs: int, *, normalised: bool, bias: bool = True) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias), *([nn.BatchNorm2d(outputs)] if normalised else []), nn.ReLU())


def _two_convolutions(inputs: int, outputs: int, *, normalised: bool) -> nn.Sequential:
    return nn.Sequential(_convolution(inputs, outputs, normalised=normalised), _convolution(outputs, outputs, normalised=normalised))
