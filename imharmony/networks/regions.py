"""What reads points of the regions and moves the foreground's colours as a whole.

Images are float (B, 3, H, W) in [-1, 1]; the mask channel is in [0, 1]. Points of the foreground, of the background, of a ring
around the mask and pairs across its border become six numbers: for each channel of CIELAB a shift and the logarithm of a gain
around the foreground's own mean. Reinhard et al. 2001 match the moments of two regions by the same six; here they are learned.
The points are chosen by the mask alone, so the same picture has the same answer.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from imharmony.colour.tensor_lab import lab_from_srgb, srgb_from_lab
from imharmony.errors import InputError
from imharmony.networks.blocks import ZeroLinear, full_precision
from imharmony.networks.region_features import (
    EDGE_NUMBERS,
    REGION_NUMBERS,
    SCALE,
    PairEncoder,
    RunningNorm,
    SetEncoder,
    edge_statistics,
    region_statistics,
    scaled,
)
from imharmony.points.positions import Counts
from imharmony.points.sets import Points

PICTURE_AND_MASK = 4
NUMBERS = 6
KNOWN_BESIDE = 3  # whether there is a background, a ring, a border
LARGEST_GAIN = 2.0  # of its natural logarithm


class Measured(NamedTuple):
    """What is measured of points without anything learned, so that several networks can read one measurement.

    ``colours`` are scaled as ``scaled`` does and ``statistics`` those of the regions that are seen. ``mean`` (B, 3) is the foreground's
    in CIELAB.
    """

    mean: Tensor
    colours: list[Tensor]
    statistics: list[Tensor]
    edge: Tensor | None
    known: Tensor


def measured(points: Points, *, sees_background: bool) -> Measured:
    """The measurement of points; without ``sees_background`` of the foreground alone."""
    labs = [lab_from_srgb(region) for region in (points[:5] if sees_background else points[:1])]
    colours = [scaled(lab) for lab in labs]
    statistics = [region_statistics(own, rgb) for own, rgb in zip(colours[:3], points, strict=False)]
    edge = edge_statistics(*colours[3:]) if sees_background else None
    return Measured(labs[0].mean(1), colours, statistics, edge, points.known)


class Regions(nn.Module):
    """Statistics and encodings of the points, then a perceptron; before it learns, the composite is what comes out.

    Where there is no foreground or no background it changes nothing. Without ``sees_background`` all but the foreground is
    withheld: the control for how much of a score comes from what the composites' making left in the foreground.
    """

    def __init__(self, *, in_channels: int, width: int, counts: Counts, sees_background: bool = True) -> None:
        super().__init__()
        if in_channels != PICTURE_AND_MASK:
            expected = "expected 4, the composite and its mask; set mask_input: true"
            raise InputError(f"a generator of regions got {in_channels} input channels; {expected}")
        self.counts = counts
        self.sees_background = sees_background
        encoders = [SetEncoder(width) for _ in range(3 if sees_background else 1)]
        sizes = [REGION_NUMBERS + encoder.size for encoder in encoders]
        self.sets, self.norms = nn.ModuleList(encoders), nn.ModuleList(map(RunningNorm, sizes))
        features = sum(sizes)
        if sees_background:
            self.pairs = PairEncoder(width)
            self.pair_norm = RunningNorm(EDGE_NUMBERS + self.pairs.size)
            features += EDGE_NUMBERS + self.pairs.size + KNOWN_BESIDE
        self.hidden = nn.ModuleList([nn.Linear(features, 4 * width), nn.Linear(4 * width, 4 * width)])
        self.last = ZeroLinear(4 * width, NUMBERS)

    def changes(self, points: Points) -> Tensor:
        """(B, 6): g - 1 and s - (g - 1) m for a gain g, a shift s and the foreground's mean m of each channel."""
        with full_precision(points.known):
            return self.answer(measured(points, sees_background=self.sees_background))

    def answer(self, seen: Measured) -> Tensor:
        """The same of points that are measured already."""
        numbers = self.last(self._read(seen))
        more = numbers[:, 3:].clamp(-LARGEST_GAIN, LARGEST_GAIN).expm1()
        shift = numbers[:, :3] * numbers.new_tensor(SCALE)
        return torch.cat([more, shift - more * seen.mean], 1) * self._is_answerable(seen.known)

    def _read(self, seen: Measured) -> Tensor:
        """The perceptron's last layer but one, (B, 4 width)."""
        features = []
        for place, (encoder, norm) in enumerate(zip(self.sets, self.norms, strict=True)):
            numbers = torch.cat([seen.statistics[place], encoder(seen.colours[place])], 1)
            features.append(norm(numbers) * seen.known[:, place, None])
        if seen.edge is not None:
            numbers = torch.cat([seen.edge, self.pairs(*seen.colours[3:])], 1)
            features += [self.pair_norm(numbers) * seen.known[:, 3:], seen.known[:, 1:]]
        read = torch.cat(features, 1)
        for layer in self.hidden:
            read = gelu(layer(read))
        return read

    def _is_answerable(self, known: Tensor) -> Tensor:
        return known[:, :1] * known[:, 1:2] if self.sees_background else known[:, :1]


def mapped(pictures: Tensor, maps: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) with colour maps (B, 6, H, W) as ``moved`` takes them; where these are 0 not a bit changes."""
    return pictures + 2 * (moved((pictures + 1) / 2, maps, dim=1) - (pictures + 1) / 2)


def moved(srgb: Tensor, changes: Tensor, *, dim: int) -> Tensor:
    """sRGB in [0, 1] with x + A x + b in CIELAB, A and b the two halves of ``changes`` along ``dim``.

    The change is taken between two conversions back, so that their rounding falls out where nothing changes.
    """
    lab = lab_from_srgb(srgb.float(), dim=dim)
    more, offset = changes.float().chunk(2, dim)
    return srgb + (srgb_from_lab(lab + more * lab + offset, dim=dim) - srgb_from_lab(lab, dim=dim))
