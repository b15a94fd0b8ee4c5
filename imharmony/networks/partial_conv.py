"""Partial convolution (Liu et al. 2018, arXiv:1804.07723): convolution that sees only what a mask holds.

Feature maps are (B, C, H, W); masks are (B, 1, H, W) in [0, 1], 1 = seen, and count for all channels alike.
"""

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d
from torch.nn.utils.parametrizations import spectral_norm

from imharmony.errors import InputError

KERNEL_PX = 3


class PartialConv(nn.Module):
    """Convolves what a window of 3 x 3 holds, scaled up by what it lacks, and renews the mask. No padding.

    With s the sum of the mask in a window of k² pixels, equation 1 of the paper is W (x ⊙ m) k² / s + b where s > 0 and 0
    elsewhere, and the new mask is 1 where s > 0. The paper's masks are binary; here, where a soft mask leaves a window less
    than one whole pixel (s < 1), the output and the new mask fade to 0 with s. Nothing is ever divided by less than 1.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int, bias: bool = True, spectral: bool = False) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = nn.Conv2d(inputs, outputs, KERNEL_PX, stride=stride, bias=bias)
        if spectral:
            spectral_norm(self.convolution)  # of the weight; the scale k² / s comes on top

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The convolved map and its mask."""
        seen = avg_pool2d(mask, KERNEL_PX, self.stride, divisor_override=1)
        renewed = seen.clamp(max=1)
        convolved = conv2d(features * mask, self.convolution.weight, stride=self.stride)
        convolved = convolved * (KERNEL_PX**2 / seen.clamp(min=1))
        if self.convolution.bias is not None:
            convolved = convolved + self.convolution.bias[:, None, None] * renewed
        return convolved, renewed


class PartialStack(nn.Module):
    """Layers one after the other, of which the partial convolutions hand on the mask as well."""

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.field_px = 1  # the side of the square that one output sees, and so of the smallest picture
        for layer in reversed(self.layers):
            if isinstance(layer, PartialConv):
                self.field_px = (self.field_px - 1) * layer.stride + KERNEL_PX

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The last map and its mask."""
        if min(features.shape[2:]) < self.field_px:
            came = f"{features.shape[3]} x {features.shape[2]} px"
            raise InputError(f"this network needs pictures of {self.field_px} px or more; got {came}; build it for a smaller size_px")
        for layer in self.layers:
            if isinstance(layer, PartialConv):
                features, mask = layer(features, mask)
            else:
                features = layer(features)
        return features, mask


def strided_fits(size_px: int) -> int:
    """How many partial convolutions of stride 2 fit one after the other: 256 -> 7 (127, 63, 31, 15, 7, 3, 1), 96 -> 5."""
    count = 0
    while size_px >= KERNEL_PX:
        size_px = (size_px - 1) // 2
        count += 1
    return count
