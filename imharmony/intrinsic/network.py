"""The network that sees shading: how much light reaches each pixel, from one photograph.

Photographs are float (B, 3, H, W) sRGB in [-1, 1]; inverse shading D = 1 / (1 + S) is float (B, 1, H, W). D keeps the unbounded
shading in (0, 1), as Careaga and Aksoy 2023 (ordinal shading) do.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from imharmony.errors import InputError

CHANNELS = (24, 48, 72, 96, 96)  # 0.93 M parameters
GROUPS = 8
DARKEST, BRIGHTEST = 0.98, 0.02  # of D: shading 0.02 .. 49
STRIDE_PX = 2 ** (len(CHANNELS) - 1)


class ShadingNetwork(nn.Module):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) with group norms; each level halves the picture by averages.

    The decoder enlarges by repeating pixels, whose gradient is deterministic on CUDA where that of bilinear enlarging is not.
    """

    def __init__(self, *, channels: tuple[int, ...] = CHANNELS) -> None:
        super().__init__()
        if any(width % GROUPS for width in channels) or len(channels) < 2:
            raise InputError(f"channels {list(channels)}: expected two or more multiples of {GROUPS}; change them")
        self.channels = channels
        inputs = (3, *channels[:-1])
        self.down = nn.ModuleList(_block(before, after) for before, after in zip(inputs, channels, strict=True))
        upward = zip(channels[:0:-1], channels[-2::-1], strict=True)
        self.up = nn.ModuleList(_block(below + beside, beside) for below, beside in upward)
        self.head = nn.Conv2d(channels[0], 1, 1)

    def forward(self, photographs: Tensor) -> Tensor:
        """Inverse shading of photographs of any size; sides are mended to multiples of the coarsest pixel and cut again."""
        height, width = photographs.shape[-2:]
        stride = 2 ** (len(self.down) - 1)
        features = pad(photographs, (0, -width % stride, 0, -height % stride), mode="replicate")
        beside: list[Tensor] = []
        for level, block in enumerate(self.down):
            features = block(nn.functional.avg_pool2d(features, 2) if level else features)
            beside.append(features)
        for block, skipped in zip(self.up, beside[-2::-1], strict=True):
            features = block(torch.cat([interpolate(features, scale_factor=2, mode="nearest"), skipped], 1))
        inverse = BRIGHTEST + (DARKEST - BRIGHTEST) * torch.sigmoid(self.head(features))
        return inverse[..., :height, :width]


def log_shading(inverse: Tensor) -> Tensor:
    """The logarithm of the shading that an inverse shading stands for."""
    return torch.log1p(-inverse) - torch.log(inverse)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (inputs, outputs):
        layers += [nn.Conv2d(before, outputs, 3, padding=1, bias=False), nn.GroupNorm(GROUPS, outputs), nn.ReLU()]
    return nn.Sequential(*layers)
