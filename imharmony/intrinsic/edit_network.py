"""The network that chooses edits of a pasted foreground's paint and light, from its layers and the background's.

After the albedo network of Careaga, Miangoleh and Aksoy 2023, which has an ImageNet encoder, chooses edits of albedo alone and is told
the order in which they will be applied; here the order is fixed, the network has 0.10 M parameters, and it chooses the contrast of the
shading too, because no other network renders that anew. Layers are float (B, 4, H, W): albedo in [-1, 1] with a gamma of 2.2, then the
logarithm of shading, limited and scaled to about [-1, 1]. Masks are float (B, 1, H, W) in [0, 1], 1 = foreground.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from imharmony.errors import InputError
from imharmony.intrinsic.edits import GAINS, SEGMENTS
from imharmony.running.roots import root

GROUPS = 8
HIDDEN = 128
PARTS = {"white_balance": 3, "curve": 3 * SEGMENTS, "saturation": 1, "exposure": 1, "contrast": 1}
LARGEST_STOPS = math.log2(GAINS[1])
LOG_SHADING = (-6.0, 3.0)  # beyond these it is limited
GAMMA = 2.2
FAINTEST = 1e-6


class Gains(NamedTuple):
    """Edits of a batch, each within 0.5 .. 2; 1 changes nothing."""

    white_balance: Tensor  # (B, 3)
    curve: Tensor  # (B, 3, 8)
    saturation: Tensor  # (B, 1)
    exposure: Tensor  # (B, 1)
    contrast: Tensor  # (B, 1) of the logarithm of the foreground's shading about its mean


class EditNetwork(nn.Module):
    """Convolutions at half, quarter and eighth size; means and spreads of what they see, and of the layers, in both regions; two layers.

    The last of them begins at 0, so that an untrained network changes nothing.
    """

    def __init__(self, *, width: int = 32) -> None:
        super().__init__()
        if width < GROUPS or width % GROUPS:
            raise InputError(f"width {width}: expected a multiple of {GROUPS}; change it")
        self.width = width
        self.encoder = nn.Sequential(_block(4, width), _block(width, 2 * width), _block(2 * width, 2 * width))
        self.look = nn.Sequential(nn.Linear(2 * 2 * (2 * width + 4), HIDDEN), nn.ReLU())
        self.choose = nn.Linear(HIDDEN, sum(PARTS.values()))
        nn.init.zeros_(self.choose.weight)
        nn.init.zeros_(self.choose.bias)

    def forward(self, layers: Tensor, mask: Tensor, background: Tensor | None = None) -> Gains:
        """Edits of the region where ``mask`` is 1; ``background`` has a clean one's layers, without it what is seen of it is looked at."""
        own = self._seen(layers, mask)
        other = self._seen(layers, 1 - mask) if background is None else self._seen(background, torch.ones_like(mask))
        stops = LARGEST_STOPS * torch.tanh(self.choose(self.look(torch.cat([own, other], 1))))
        white_balance, curve, *others = torch.exp2(stops).split(list(PARTS.values()), dim=1)
        return Gains(white_balance, curve.unflatten(1, (3, SEGMENTS)), *others)

    def _seen(self, layers: Tensor, region: Tensor) -> Tensor:
        features = self.encoder(layers)
        coarse = nn.functional.adaptive_avg_pool2d(region, features.shape[-2:])
        return torch.cat([*_moments(layers, region), *_moments(features, coarse)], 1)


def network_layers(albedo: Tensor, log_shading: Tensor) -> Tensor:
    """Layers as the network sees them, of linear albedo (B, 3, H, W) and the logarithm of shading (B, 1, H, W)."""
    low, high = LOG_SHADING
    light = 2 * (log_shading.clamp(low, high) - low) / (high - low) - 1
    return torch.cat([2 * albedo.clamp(0, 1) ** (1 / GAMMA) - 1, light], 1)


def edited_light(albedo: Tensor, log_shading: Tensor, mask: Tensor, gains: Gains) -> Tensor:
    """Linear light (B, 3, H, W) of edited layers: what ``AlbedoEdit`` and ``ShadingEdit`` make of them, with gradients."""
    edited = albedo * gains.white_balance[..., None, None]
    knots = torch.arange(SEGMENTS, device=albedo.device, dtype=albedo.dtype) / SEGMENTS
    portions = (edited[..., None] - knots).clamp(0, 1 / SEGMENTS)  # (B, 3, H, W, 8)
    edited = (portions * gains.curve[:, :, None, None]).sum(-1) + (edited - 1).clamp(min=0)
    grey = edited.mean(1, keepdim=True)
    edited = (grey + gains.saturation[..., None, None] * (edited - grey)).clamp(min=0) * gains.exposure[..., None, None]
    middle = _mean(log_shading, mask)[..., None, None]
    return edited * torch.exp(middle + gains.contrast[..., None, None] * (log_shading - middle))


def _mean(values: Tensor, region: Tensor) -> Tensor:
    """Means (B, C) over a region (B, 1, H, W)."""
    return (values * region).sum((2, 3)) / region.sum((2, 3)).clamp(min=FAINTEST)


def _moments(values: Tensor, region: Tensor) -> tuple[Tensor, Tensor]:
    mean = _mean(values, region)
    variance = _mean((values - mean[..., None, None]) ** 2, region)
    return mean, root(variance + FAINTEST)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(inputs, outputs, 3, padding=1), nn.GroupNorm(GROUPS, outputs), nn.ReLU()
    )
