"""DoveNet's discriminator: is the picture real, and do its two regions agree (Cong et al. 2020, arXiv:1911.13239)?

Pictures are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from imharmony.errors import InputError
from imharmony.networks.blocks import NORMS, Norm
from imharmony.networks.partial_conv import PartialConv, PartialStack, strided_fits

WIDEST = 8
HALVINGS = 6
SMALLEST_PX = 7


class DomainScores(NamedTuple):
    """Raw scores (B, 1), higher = more real: of the picture as a whole, and of the agreement of its regions' domains."""

    whole: Tensor
    domains: Tensor


class DomainVerification(nn.Module):
    """Two stacks of partial convolutions: one for the whole picture, one for the foreground and for the background.

    ``forward`` takes a picture (composite, output or photograph) **and its mask**. The paper takes the inner product of
    the two regions' vectors; its code, followed here, learns a small head on their elementwise product.

    At 256 px six convolutions halve and the last leaves one vector, a field of 255 px. Smaller pictures get as many
    halvings as leave 3 px to the last (128 -> 5, 96 -> 4); where more than one vector is left, the region's is their
    mean, weighted by what of the mask they saw. An empty region's vector is 0: the verification then says nothing.

    The published code's batch norms see one picture at a time. Ours are instance norms with a scale and a shift, the same
    for one picture, so that neither a score nor a gradient penalty depends on what else is in the batch. ``norm`` asks for the published
    ones: batch norms, or instance norms without parameters, before which convolutions have biases.
    """

    def __init__(self, *, width: int, size_px: int, in_channels: int = 3, norm: Norm | None = None) -> None:
        super().__init__()
        if size_px < SMALLEST_PX:
            raise InputError(f"size_px is {size_px}; domain verification needs pictures of {SMALLEST_PX} px or more")
        halvings = min(HALVINGS, strided_fits(size_px) - 1)
        self.whole = _stack(in_channels, width, halvings, norm)
        self.region = _stack(in_channels, width, halvings, norm)
        count = width * min(2**halvings, WIDEST)
        self.whole_head = nn.Conv2d(count, 1, 1)
        self.domain_head = nn.Sequential(
            *(spectral_norm(nn.Conv2d(count, count, 1)), nn.LeakyReLU(0.2)),
            *(spectral_norm(nn.Conv2d(count, count, 1)), nn.LeakyReLU(0.2)),
            nn.Conv2d(count, 1, 1),
        )

    def forward(self, pictures: Tensor, mask: Tensor) -> DomainScores:
        """Both scores of each picture."""
        whole = vector_of(*self.whole(pictures, torch.ones_like(mask)))
        regions = vector_of(*self.region(torch.cat([pictures, pictures]), torch.cat([mask, 1 - mask])))
        foreground, background = regions.chunk(2)
        return DomainScores(self.whole_head(whole).flatten(1), self.domain_head(foreground * background).flatten(1))


def _stack(in_channels: int, width: int, halvings: int, norm: Norm | None) -> PartialStack:
    bias = norm == "instance"
    channels = [width * min(2**level, WIDEST) for level in range(halvings)]  # 64 128 256 512 512 512
    layers = [PartialConv(in_channels, width, stride=2, spectral=True), nn.LeakyReLU(0.2)]
    for inputs, outputs in pairwise(channels):
        convolution = PartialConv(inputs, outputs, stride=2, bias=bias, spectral=True)
        layers += [convolution, nn.InstanceNorm2d(outputs, affine=True) if norm is None else NORMS[norm](outputs), nn.LeakyReLU(0.2)]
    last = PartialConv(channels[-1], width * min(2**halvings, WIDEST), stride=1, bias=bias, spectral=True)
    return PartialStack([*layers, last])


def vector_of(features: Tensor, mask: Tensor) -> Tensor:
    """The mean of what the mask still holds, (B, C, 1, 1); features are 0 where it holds nothing."""
    return features.sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True).clamp(min=1)
