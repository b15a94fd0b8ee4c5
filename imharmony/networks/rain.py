"""RainNet: an attention U-Net whose decoder gives the foreground the background's style (Ling et al. 2021, arXiv:2106.02853).

Images are float (B, 3, H, W) in [-1, 1]; the mask is in [0, 1], 1 = foreground.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.errors import InputError
from imharmony.networks.attention_unet import GATED_JOINS, WIDEST, AttentionGate
from imharmony.networks.blocks import (
    LARGEST_CHANGE,
    Generator,
    decoder_channels,
    doubling,
    encoder_block,
    exact_halvings,
    full_precision,
    halving,
)
from imharmony.running.roots import root
from imharmony.storage.descriptions import Start

EPSILON = 1e-5  # added to variances


class RegionAwareNorm(nn.Module):
    """Normalises the background by its own statistics and carries the foreground over to those of the background.

    With means mu and standard deviations sigma over a region's pixels (f, b), per image and channel, the background
    becomes (x - mu_b) / sigma_b and the foreground (x - mu_f) / sigma_f * sigma_b + mu_b; each region then has a
    learnt scale and shift. A soft mask weighs the pixels.

    The published code divides by the mask's sum + 1e-5, so that an empty region has mean 0 and deviation 0.003 and a
    full mask flattens the foreground. Here an empty region takes the statistics of the whole map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        shape = 1, channels, 1, 1
        self.foreground_scale, self.foreground_shift = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.zeros(shape))
        self.background_scale, self.background_shift = nn.Parameter(torch.zeros(shape)), nn.Parameter(torch.zeros(shape))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """The normalised map in float32, for a mask (B, 1, H, W) of any size, which is resized by the nearest pixel."""
        with full_precision(features):
            features = features.float()
            inside = interpolate(mask.float(), features.shape[2:], mode="nearest")
            mean_f, deviation_f = self.statistics(features, inside)
            mean_b, deviation_b = self.statistics(features, 1 - inside)
            foreground = (features - mean_f) / deviation_f * deviation_b + mean_b
            background = (features - mean_b) / deviation_b
            foreground = foreground * (1 + _spread(self.foreground_scale)) + _spread(self.foreground_shift)
            background = background * (1 + _spread(self.background_scale)) + _spread(self.background_shift)
            return foreground * inside + background * (1 - inside)

    def statistics(self, features: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation over a region (B, 1, h, w), each (B, C, 1, 1); over the whole map if the region is empty."""
        is_empty = region.sum((2, 3), keepdim=True) == 0
        weights = torch.where(is_empty, torch.ones_like(region), region)
        total = weights.sum((2, 3), keepdim=True)
        mean = (features * weights).sum((2, 3), keepdim=True) / total
        variance = ((features - mean).square() * weights).sum((2, 3), keepdim=True) / total
        return mean, root(variance + EPSILON)


class RainNet(Generator):
    """DoveNet's attention U-Net with instance norms in the encoder and region-aware ones in the decoder.

    The sides of the input must be multiples of 2 ** ``depth``; its channels are the composite's three and the mask. As
    in the published training command, the convolutions see the colours only and the mask enters in the norms, which take the map and the
    mask: ``norm`` makes one for so many channels.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int,
        depth: int,
        start: Start = "published",
        norm: Callable[[int], nn.Module] = RegionAwareNorm,
    ) -> None:
        super().__init__()
        if in_channels != 4:
            raise InputError(f"RainNet got {in_channels} input channels; expected 4, the composite and its mask; set mask_input: true")
        self.depth = depth
        self.begins_at_composite = start == "composite"
        channels = [width * min(2**level, WIDEST) for level in range(depth)]
        sizes, first_gated = list(enumerate(decoder_channels(channels))), depth - 1 - GATED_JOINS
        self.first = nn.Sequential(halving(3, width, bias=False), nn.LeakyReLU(0.2))
        self.encoder = nn.ModuleList(
            encoder_block(narrow, wide, norm=nn.InstanceNorm2d(wide), bias=False) for narrow, wide in pairwise(channels[:-1])
        )
        self.bottleneck = nn.Sequential(halving(channels[-2], channels[-1], bias=False), nn.ReLU())
        self.decoder = nn.ModuleList(
            _DecoderBlock(wide, narrow, norm=norm(narrow), dropout=0 < level < first_gated) for level, (wide, narrow) in sizes
        )
        self.gates = nn.ModuleList(AttentionGate(2 * narrow) if level >= first_gated else nn.Identity() for level, (_, narrow) in sizes)
        self.last = doubling(2 * width, 3, zero=self.begins_at_composite)

    def forward(self, inputs: Tensor) -> Tensor:
        """The generated picture in [-1, 1], or the changed composite, which nothing bounds; float32 also under autocast."""
        composite, mask = inputs.split([3, 1], 1)
        skips = [self.first(composite)]
        for block in self.encoder:
            skips.append(block(skips[-1]))
        features = self.bottleneck(skips[-1])
        for block, gate, skip in zip(self.decoder, self.gates, reversed(skips), strict=True):
            features = gate(torch.cat([skip, block(features, mask)], 1)).relu()
        with full_precision(features):
            return self.painted(inputs, self.last(features.float()).tanh(), reach=LARGEST_CHANGE)


def rain(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> RainNet:
    """A RainNet as deep as the size allows, at most 8: 512 and 256 -> 8, 128 -> 7."""
    return RainNet(in_channels=in_channels, width=width, depth=exact_halvings(size_px, at_most=8), start=start)


class _DecoderBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, norm: nn.Module, dropout: bool) -> None:
        super().__init__()
        self.up = doubling(inputs, outputs, bias=False)
        self.norm = norm
        self.dropout = nn.Dropout(0.5) if dropout else nn.Identity()

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        return self.dropout(self.norm(self.up(features), mask))


def _spread(values: Tensor) -> Tensor:
    """One number a channel, as a map takes it."""
    return values.reshape(-1, 1, 1)
