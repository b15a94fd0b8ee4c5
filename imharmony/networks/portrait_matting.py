"""MODNet: matting of portraits without a trimap (Ke et al. 2022, arXiv:2011.11961).

Pictures are float (B, 3, H, W) in [-1, 1]. Three branches: what is a person, seen small; how the outline runs, seen large; and both
fused. Enlarging and shrinking is bilinear.
"""

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.blocks import full_precision
from imharmony.networks.matting_blocks import MattingNetwork, scaled
from imharmony.networks.mobilenet_v2 import LAST_CHANNELS, STAGES, MobileNetV2

DETAIL_CHANNELS = 32
SEMANTIC_CHANNELS = 96
REDUCTION = 4  # of the channels inside squeeze-and-excitation


class PortraitOutputs(NamedTuple):
    """What the three branches give, all in [0, 1]."""

    semantic: Tensor  # (B, 1, H / 16, W / 16), sides rounded up: a coarse matte
    detail: Tensor  # (B, 1, H, W): alpha along the outline; elsewhere nothing is asked of it
    matte: Tensor  # (B, 1, H, W)


class PortraitMatting(MattingNetwork):
    """MobileNetV2, and a branch each for semantics, details and their fusion."""

    takes_trimap: ClassVar[bool] = False
    heads: ClassVar[frozenset[str]] = frozenset({"semantic", "detail", "fusion"})

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        self.backbone = MobileNetV2(width=width)
        narrow = scaled(DETAIL_CHANNELS, width)
        self.semantic = _SemanticBranch(scaled(LAST_CHANNELS, width), scaled(SEMANTIC_CHANNELS, width), narrow)
        self.detail = _DetailBranch([scaled(stage.channels, width) for stage in STAGES[:2]], narrow)
        self.fusion = _FusionBranch(narrow)

    def forward(self, pictures: Tensor) -> PortraitOutputs:
        """What training compares, all three branches."""
        height, width = pictures.shape[2:]
        inputs = self.padded(pictures)
        eighth, half = self._features(inputs)
        semantic = self.semantic.coarse(eighth)[..., : -(-height // 16), : -(-width // 16)]
        detail, matte = self.detail.outline(inputs, half), self.fusion(inputs, eighth, half)
        return PortraitOutputs(semantic, detail[..., :height, :width], matte[..., :height, :width])

    def matte(self, pictures: Tensor) -> Tensor:
        """The matte (B, 1, H, W) in [0, 1] alone."""
        inputs = self.padded(pictures)
        eighth, half = self._features(inputs)
        return self.fusion(inputs, eighth, half)[..., : pictures.shape[2], : pictures.shape[3]]

    def coarse(self, pictures: Tensor) -> Tensor:
        """The coarse matte (B, 1, H / 16, W / 16) alone, which two of the branches have no part in."""
        height, width = pictures.shape[2:]
        *_, deepest = self.backbone(self.padded(pictures))
        return self.semantic.coarse(self.semantic(deepest))[..., : -(-height // 16), : -(-width // 16)]

    def _features(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The semantic branch's map of an eighth of the size, and the detail branch's of a half."""
        half, quarter, *_, deepest = self.backbone(inputs)
        eighth = self.semantic(deepest)
        return eighth, self.detail(inputs, half, quarter, eighth)


class _SemanticBranch(nn.Module):
    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.excitation = _Excitation(inputs)
        self.at_sixteenth = _block(inputs, middle, 5)
        self.at_eighth = _block(middle, outputs, 5)
        self.last = nn.Conv2d(outputs, 1, 3, stride=2, padding=1)

    def forward(self, deepest: Tensor) -> Tensor:
        return self.at_eighth(_resized(self.at_sixteenth(_resized(self.excitation(deepest), 2)), 2))

    def coarse(self, eighth: Tensor) -> Tensor:
        return _probability(self.last, eighth)


class _DetailBranch(nn.Module):
    def __init__(self, backbone: list[int], channels: int) -> None:
        super().__init__()
        half, quarter = backbone
        twice = 2 * channels
        self.from_half = _block(half, channels, 1)
        self.halving = _block(channels + 3, channels, 3, stride=2)
        self.from_quarter = _block(quarter, channels, 1)
        self.joining = _block(twice, twice, 3)
        self.at_quarter = nn.Sequential(_block(twice + channels + 3, twice, 3), _block(twice, twice, 3), _block(twice, channels, 3))
        self.at_half = nn.Sequential(
            _block(twice, twice, 3), _block(twice, channels, 3), _block(channels, channels, 3), _block(channels, channels, 3)
        )
        self.at_whole = nn.Sequential(_block(channels + 3, channels, 3), nn.Conv2d(channels, 1, 1))

    def forward(self, pictures: Tensor, half: Tensor, quarter: Tensor, eighth: Tensor) -> Tensor:
        shallow = self.from_half(half)
        features = self.halving(torch.cat([_resized(pictures, 1 / 2), shallow], 1))
        features = self.joining(torch.cat([features, self.from_quarter(quarter)], 1))
        features = self.at_quarter(torch.cat([features, _resized(eighth, 2), _resized(pictures, 1 / 4)], 1))
        return self.at_half(torch.cat([_resized(features, 2), shallow], 1))

    def outline(self, pictures: Tensor, half: Tensor) -> Tensor:
        return _probability(self.at_whole, torch.cat([_resized(half, 2), pictures], 1))


class _FusionBranch(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.at_quarter = _block(channels, channels, 5)
        self.at_half = _block(2 * channels, channels, 3)
        self.at_whole = nn.Sequential(_block(channels + 3, channels // 2, 3), nn.Conv2d(channels // 2, 1, 1))

    def forward(self, pictures: Tensor, eighth: Tensor, half: Tensor) -> Tensor:
        features = _resized(self.at_quarter(_resized(eighth, 2)), 2)
        features = self.at_half(torch.cat([features, half], 1))
        return _probability(self.at_whole, torch.cat([_resized(features, 2), pictures], 1))


class _Excitation(nn.Module):
    """Squeeze-and-excitation (Hu et al. 2018, arXiv:1709.01507): each channel times a weight that all channels' means decide."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // REDUCTION
        self.layers = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False), nn.Sigmoid()
        )

    def forward(self, features: Tensor) -> Tensor:
        return features * self.layers(features.mean((2, 3)))[..., None, None]


class _HalfInstanceNorm(nn.Module):
    """Batch norm for the first half of the channels, instance norm without scale and shift for the others (arXiv:1807.09441)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.split = [channels // 2, channels - channels // 2]
        self.batch = nn.BatchNorm2d(self.split[0])
        self.instance = nn.InstanceNorm2d(self.split[1])

    def forward(self, features: Tensor) -> Tensor:
        first, second = features.split(self.split, 1)
        return torch.cat([self.batch(first), self.instance(second)], 1)


def _block(inputs: int, outputs: int, kernel_px: int, *, stride: int = 1) -> nn.Sequential:
    """A convolution with a bias, the norm of both kinds and a ReLU."""
    layer = nn.Conv2d(inputs, outputs, kernel_px, stride=stride, padding=kernel_px // 2)
    return nn.Sequential(layer, _HalfInstanceNorm(outputs), nn.ReLU())


def _resized(features: Tensor, factor: float) -> Tensor:
    return interpolate(features, scale_factor=factor, mode="bilinear", align_corners=False)


def _probability(layers: nn.Module, features: Tensor) -> Tensor:
    with full_precision(features):
        return layers(features.float()).sigmoid()
