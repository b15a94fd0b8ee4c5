"""What reads points of the regions and moves the foreground's colours as a whole.

Images are float (B, 3, H, W) in [-1, 1]; the mask channel is in [0, 1]. Points of the foreground, of the background, of a ring
around the mask and pairs across its border become six numbers: for each channel of CIELAB a shift and the logarithm of a gain
around the foreground's own mean. Reinhard et al. 2001 match the moments of two regions by the same six; here they are learned.
The points are chosen by the mask alone, so the same picture has the same answer.
"""

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
            mean = lab_from_srgb(points.foreground).mean(1)
            numbers = self.last(self._read(points))
            more = numbers[:, 3:].clamp(-LARGEST_GAIN, LARGEST_GAIN).expm1()
            shift = numbers[:, :3] * numbers.new_tensor(SCALE)
            return torch.cat([more, shift - more * mean], 1) * self._is_answerable(points.known)

    def _read(self, points: Points) -> Tensor:
        """The perceptron's last layer but one, (B, 4 width)."""
        colours = [scaled(lab_from_srgb(region)) for region in points[:5]]
        features = []
        for place, (encoder, norm) in enumerate(zip(self.sets, self.norms, strict=True)):
            numbers = torch.cat([region_statistics(colours[place], points[place]), encoder(colours[place])], 1)
            features.append(norm(numbers) * points.known[:, place, None])
        if self.sees_background:
            numbers = torch.cat([edge_statistics(*colours[3:]), self.pairs(*colours[3:])], 1)
            features += [self.pair_norm(numbers) * points.known[:, 3:], points.known[:, 1:]]
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
