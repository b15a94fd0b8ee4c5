"""What encoders and decoders share: convolutions that halve, transposed ones that double, and how often a size halves."""

import torch
from torch import Tensor, nn

KERNEL_PX = 4


class Generator(nn.Module):
    """A network from pictures to pictures that halves them ``depth`` times, so that sides are multiples of 2 ** ``depth``."""

    depth: int


def halving(inputs: int, outputs: int, *, bias: bool = True) -> nn.Conv2d:
    """A convolution to half the size: kernel 4, stride 2, padding 1."""
    return nn.Conv2d(inputs, outputs, KERNEL_PX, stride=2, padding=1, bias=bias)


def doubling(inputs: int, outputs: int, *, bias: bool = True) -> nn.ConvTranspose2d:
    """A transposed convolution to twice the size: kernel 4, stride 2, padding 1."""
    return nn.ConvTranspose2d(inputs, outputs, KERNEL_PX, stride=2, padding=1, bias=bias)


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
