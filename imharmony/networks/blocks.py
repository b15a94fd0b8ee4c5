"""What encoders and decoders share: convolutions that halve, transposed ones that double, and how often a size halves."""

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor, nn

KERNEL_PX = 4
LARGEST_CHANGE = 2.0  # from one end of [-1, 1] to the other

Norm = Literal["batch", "instance"]

# (channels) -> layer. An instance norm has no parameters and is the same in training and in use.
NORMS: dict[Norm, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}


class Generator(nn.Module):
    """A network from pictures to pictures that halves them ``depth`` times, so that sides are multiples of 2 ** ``depth``.

    Its first three input channels are the composite. One that begins at it has a last layer of zeros, whose output is a change of
    the composite instead of a picture: untrained, it returns the composite bit for bit. So do the branches of a residual network begin
    in Zhang et al. 2019, arXiv:1901.09321. That layer's own gradient is not zero: it learns from the first step on, the layers
    before it from the second.
    """

    depth: int
    begins_at_composite: bool = False
    reads_points: bool = False  # whether it can learn from points in the place of pictures

    def outputs(self, inputs: Tensor) -> list[Tensor]:
        """The pictures that deep supervision compares, the main one first; most networks have no other."""
        return [self(inputs)]

    def painted(self, inputs: Tensor, colours: Tensor, *, reach: float = 1.0) -> Tensor:
        """The last layer's colours as the picture, or ``reach`` times them as a change of the composite.

        A tanh's colours take ``reach=LARGEST_CHANGE``: a change of them alone would not lead from black to white.
        """
        return inputs[:, :3] + reach * colours if self.begins_at_composite else colours

    def maps(self, inputs: Tensor) -> Tensor:
        """What ``mapped`` does to each pixel of the inputs, float (B, C, H, W): here the network's change of the colours, so C = 3."""
        return self(inputs) - inputs[:, :3]

    def mapped(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Pictures (B, 3, H', W') of any size harmonized by maps that were enlarged to it, each pixel by its own.

        The network's *change* is added, so that detail finer than its grid stays.
        """
        return pictures + maps

    def surveyed(self, maps: Tensor, parts: Callable[[], Iterable[Tensor]]) -> Tensor:  # noqa: ARG002
        """The maps with what ``mapped`` has to know of a whole photograph, whose parts (B, 3, h, w) come as often as it asks.

        Most networks know enough from ``maps``.
        """
        return maps


class StartsAtZero(nn.Module):
    """A layer that starts at zero, whatever the initialisation."""

    weight: Tensor
    bias: Tensor | None

    def reset_parameters(self) -> None:
        """Nothing but zeros."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ZeroLinear(StartsAtZero, nn.Linear):
    """A linear layer of zeros."""


class ZeroConv2d(StartsAtZero, nn.Conv2d):
    """A convolution of zeros."""


class ZeroConvTranspose2d(StartsAtZero, nn.ConvTranspose2d):
    """A transposed convolution of zeros."""


def halving(inputs: int, outputs: int, *, bias: bool = True) -> nn.Conv2d:
    """A convolution to half the size: kernel 4, stride 2, padding 1."""
    return nn.Conv2d(inputs, outputs, KERNEL_PX, stride=2, padding=1, bias=bias)


def doubling(inputs: int, outputs: int, *, bias: bool = True, zero: bool = False) -> nn.ConvTranspose2d:
    """A transposed convolution to twice the size: kernel 4, stride 2, padding 1."""
    layer = ZeroConvTranspose2d if zero else nn.ConvTranspose2d
    return layer(inputs, outputs, KERNEL_PX, stride=2, padding=1, bias=bias)


def encoder_block(inputs: int, outputs: int, *, norm: nn.Module, bias: bool) -> nn.Sequential:
    """A U-Net's step to half the size, as in pix2pix."""
    return nn.Sequential(halving(inputs, outputs, bias=bias), norm, nn.LeakyReLU(0.2))


def decoder_block(inputs: int, outputs: int, *, norm: nn.Module, bias: bool, dropout: bool) -> nn.Sequential:
    """A U-Net's step to twice the size, as in pix2pix; its ReLU comes after the join with the skip connection."""
    block = nn.Sequential(doubling(inputs, outputs, bias=bias), norm)
    if dropout:
        block.append(nn.Dropout(0.5))
    return block


def decoder_channels(channels: list[int]) -> list[tuple[int, int]]:
    """Inputs and outputs of a U-Net's decoder blocks, deepest first, for an encoder with these channels, shallowest first.

    All but the first take the map of their equal in the encoder beside the map from below.
    """
    inputs = [channels[-1], *(2 * count for count in channels[-2:0:-1])]
    return list(zip(inputs, channels[-2::-1], strict=True))


def exact_halvings(size_px: int, *, at_most: int) -> int:
    """How often a size can be halved without a remainder, counting no further than ``at_most``: 256 -> 8, 96 -> 5."""
    count = 0
    while count < at_most and size_px % 2 == 0:
        size_px //= 2
        count += 1
    return count


def full_precision(images: Tensor) -> torch.autocast:
    """A context in which an enclosing autocast has no effect: bfloat16's 8 bits would quantise an output image."""
    return torch.autocast(images.device.type, enabled=False)
