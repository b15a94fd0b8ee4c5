"""What is measured of a region's colours and of the steps across a border, and how a set of points is read.

Colours are float (B, N, 3); CIELAB is scaled as ``scaled`` does. The points of a set are in any order.
"""

import torch
from torch import Tensor, distributed, nn
from torch.nn.functional import gelu

ORIGIN, SCALE = (50.0, 2.0, 8.0), (25.0, 12.0, 15.0)  # of L, a and b: about the mean and the spread of photographs
QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
ENDS = (0.01, 0.99)  # of R, G and B: lifted blacks, clipped lights
STEPS = (0.15, 0.4, 1.2)  # colour steps across a border that count as small
LEAST_SPREAD = 0.02
REGION_NUMBERS, EDGE_NUMBERS = 39, 18
VOTES = 4
OUTLIER = 8.0  # standard deviations


def scaled(lab: Tensor) -> Tensor:
    """CIELAB (..., 3) with about zero mean and unit spread over photographs."""
    return (lab - lab.new_tensor(ORIGIN)) / lab.new_tensor(SCALE)


def region_statistics(colours: Tensor, rgb: Tensor) -> Tensor:
    """(B, 39): mean, deviation and its logarithm, quantiles, the ends of sRGB and the three correlations; ``colours`` are scaled."""
    mean = colours.mean(1)
    centred = colours - mean[:, None]
    deviation = (centred.square().mean(1) + 1e-8).sqrt()
    units = centred / (deviation[:, None] + LEAST_SPREAD)
    correlations = (units * units.roll(1, 2)).mean(1)
    log_deviation = (deviation + LEAST_SPREAD).log()
    return torch.cat([mean, deviation, log_deviation, quantiles(colours, QUANTILES), quantiles(rgb, ENDS), correlations], 1)


def edge_statistics(inside: Tensor, outside: Tensor) -> Tensor:
    """(B, 18) of pairs of scaled colours: for each of ``STEPS`` the mean step among steps that are small by it, and their share.

    Where foreground and background are one thing in two lights, the small steps are the difference of the lights. Then the
    median and the mean step.
    """
    step = inside - outside
    square = step.square().sum(2, keepdim=True)
    small = torch.cat([(-square / size**2).exp() for size in STEPS], 2)
    share = small.mean(1)
    steps = (small[..., None] * step[:, :, None]).mean(1) / (share[..., None] + 1e-4)
    return torch.cat([steps.flatten(1), share, quantiles(step, (0.5,)), step.mean(1)], 1)


def quantiles(values: Tensor, at: tuple[float, ...]) -> Tensor:
    """Those of each channel, linear between order statistics: (B, len(at) * 3)."""
    ordered = values.sort(1).values
    places = [share * (values.shape[1] - 1) for share in at]
    low = [int(place) for place in places]
    high = [min(place + 1, values.shape[1] - 1) for place in low]
    part = values.new_tensor([place - int(place) for place in places])[:, None]
    return (ordered[:, low] + (ordered[:, high] - ordered[:, low]) * part).flatten(1)


class RunningNorm(nn.Module):
    """Features (B, C) less their mean, over their deviation, both gathered while training; beyond ``OUTLIER`` they are cut.

    Unlike a batch norm it takes the gathered numbers in training too: one picture's result depends on no other's, and a batch
    may be one picture. No gradient flows through them. Processes that train side by side gather from the whole batch, so each of
    them must call it as often as the others.
    """

    mean: Tensor
    square: Tensor
    seen: Tensor

    def __init__(self, features: int, *, memory: float = 100.0) -> None:
        super().__init__()
        self.memory = memory  # batches
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("square", torch.ones(features))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, features: Tensor) -> Tensor:
        """The features in units of their deviation."""
        if self.training:
            self._gather(features.detach())
        deviation = (self.square - self.mean.square()).clamp(min=1e-4).sqrt()
        return ((features - self.mean) / deviation).clamp(-OUTLIER, OUTLIER)

    def _gather(self, features: Tensor) -> None:
        self.seen += 1
        weight = 1 / self.seen.clamp(max=self.memory)
        sums = torch.cat([features.sum(0), features.square().sum(0), features.new_tensor([len(features)])])
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(sums)
        mean, square = (sums[:-1] / sums[-1]).chunk(2)
        self.mean += (mean - self.mean) * weight
        self.square += (square - self.square) * weight


class SetEncoder(nn.Module):
    """Reads a set of points: each by itself, then their mean and maximum (Zaheer et al. 2017, arXiv:1703.06114)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.size = 2 * (3 * width // 2)
        self.first, self.second = nn.Linear(3, width), nn.Linear(width, 3 * width // 2)

    def forward(self, colours: Tensor) -> Tensor:
        """(B, ``size``) of scaled colours."""
        read = gelu(self.second(gelu(self.first(colours))))
        return torch.cat([read.mean(1), read.amax(1)], 1)


class PairEncoder(nn.Module):
    """Reads pairs across a border; each of four weightings, learned, says which pairs tell the difference of the lights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.size = 3 * VOTES + VOTES + 2 * width
        self.first, self.second = nn.Linear(9, width), nn.Linear(width, width)
        self.weight, self.value = nn.Linear(width, VOTES), nn.Linear(width, width)

    def forward(self, inside: Tensor, outside: Tensor) -> Tensor:
        """(B, ``size``) of scaled colours: the steps that were voted for, how sure the votes are, mean and maximum of a value."""
        step = inside - outside
        read = gelu(self.second(gelu(self.first(torch.cat([inside, outside, step], 2)))))
        logits, values = self.weight(read), self.value(read)
        voted = (logits.softmax(1)[..., None] * step[:, :, None]).sum(1).flatten(1)
        return torch.cat([voted, logits.logsumexp(1), values.mean(1), values.amax(1)], 1)
