"""Harmonizer: six numbers for six filters that any photo editor has (Ke et al. 2022, arXiv:2207.01322).

Pictures are float (B, 3, H, W) in [-1, 1], for the filters in [0, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.blocks import Generator, full_precision
from imharmony.networks.published.efficientnet import STEM, TwoStemEfficientNet
from imharmony.networks.published.filters import FILTERS, KNOWN, contrast_slope, filtered, warmed_and_lit, warmth_gains
from imharmony.networks.published.units import expect_as_published
from imharmony.storage.descriptions import Start

SEEN_PX = 256
CODE = 160


class WhiteBox(Generator):
    """A backbone at 256 px, a cascade of linear heads, and filters of the whole picture.

    Each head sees what the one before it found. As published, arguments are clamped to [-1, 1] when they are used. Two filters need a mean
    over the picture: ``surveyed`` takes them from the photograph that is to be filtered.
    """

    depth = 0

    def __init__(self, *, width: int) -> None:
        super().__init__()
        code = CODE * width // STEM
        self.backbone = TwoStemEfficientNet(width=width)
        self.seen, self.first = (nn.Linear(self.backbone.channels, code) for _ in range(2))
        self.cascade = nn.ModuleList(nn.Linear(2 * code, code) for _ in FILTERS)
        self.heads = nn.ModuleList(nn.Linear(code, 1) for _ in FILTERS)

    def forward(self, inputs: Tensor) -> Tensor:
        """The filtered picture in [-1, 1], the background too; float32 also under autocast."""
        return self.mapped(inputs[:, :3], self.maps(inputs))

    def arguments(self, composite: Tensor, mask: Tensor) -> Tensor:
        """The filters' arguments (B, 6) in their order, for pictures of any size in [0, 1]; nothing bounds them."""
        sides = SEEN_PX, SEEN_PX
        small, inside = (interpolate(each, sides, mode="bilinear", align_corners=False) for each in (composite, mask))
        features = self.backbone(small, inside).mean((2, 3))
        seen, found = self.seen(features), self.first(features)
        arguments = []
        for step, head in zip(self.cascade, self.heads, strict=True):
            found = step(torch.cat([seen, found], 1))
            arguments.append(head(found))
        return torch.cat(arguments, 1)

    def maps(self, inputs: Tensor) -> Tensor:
        """The arguments in [-1, 1] as maps of one pixel, (B, 6, 1, 1) in float32."""
        composite, mask = inputs.split([3, 1], 1)
        return self.arguments((composite + 1) / 2, mask).float().clamp(-1, 1)[:, :, None, None]

    def surveyed(self, maps: Tensor, parts: Callable[[], Iterable[Tensor]]) -> Tensor:
        """What the filters have to know, (B, 11, 1, 1): of the photograph's parts (B, 3, h, w), the means that two of them ask for.

        The six arguments, three gains of temperature, a slope of contrast, and the mean around which it turns.
        """
        gains = warmth_gains(maps[:, :1], _mean(parts, lambda part: part))
        turned = _mean(parts, lambda part: warmed_and_lit(part, gains, maps[:, 1:2])).mean(1, keepdim=True)
        return torch.cat([maps, gains, contrast_slope(maps[:, 2:3]), turned], 1)

    def mapped(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Pictures (B, 3, H', W') through the filters; maps that were not surveyed are so of these very pictures."""
        maps = maps[..., :1, :1].float()  # perhaps enlarged, but one set for all pixels
        if maps.shape[1] < KNOWN:
            maps = self.surveyed(maps, lambda: [pictures])
        with full_precision(pictures):
            return 2 * filtered((pictures.float() + 1) / 2, maps) - 1


def harmonizer(*, in_channels: int, width: int, size_px: int, start: Start = "published") -> WhiteBox:  # noqa: ARG001
    """Harmonizer for any size, which shrinks what it sees itself; 32 channels wide as published."""
    expect_as_published("harmonizer", in_channels=in_channels, start=start)
    return WhiteBox(width=width)


def _mean(parts: Callable[[], Iterable[Tensor]], changed: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean (B, 3, 1, 1) of each channel over all parts (B, 3, h, w) of pictures in [-1, 1], once ``changed`` in [0, 1]."""
    total, pixels = torch.zeros(()), 0
    for part in parts():
        colours = changed((part.float() + 1) / 2)
        total = total + colours.sum((2, 3), keepdim=True, dtype=torch.float64)
        pixels += colours.shape[2] * colours.shape[3]
    return (total / pixels).float()
