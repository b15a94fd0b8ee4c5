"""How much detail a foreground has, one number per image: a harmonizer that blurs loses it, one that adds noise gains it.

Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh. Brightness is the mean
of the three channels. Results are float64 (B,), and NaN where there is nothing to measure.
"""

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from imharmony.running.roots import root

WINDOW_PX = 9
MOST_DOUBLINGS = 16  # those of an 8-bit range, squared; distances end here


def local_contrast(image: Tensor, mask: Tensor) -> Tensor:
    """The standard deviation of brightness in a window of 9 px around each pixel, in levels; its mean over the foreground.

    A window sees the foreground alone, each pixel weighed by the mask, so that the edge of what was pasted is no contrast.
    """
    weight, grey = _weight_and_grey(image, mask)
    inside = _window_sum(weight)
    mean, square = (_window_sum(weight * plane) / inside.clamp(min=1e-12) for plane in (grey, grey * grey))
    deviation = root((square - mean * mean).clamp(min=0))
    return (deviation * weight).sum((1, 2)) / weight.sum((1, 2))


def gradient_energy(image: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of brightness between neighbours, squared levels; a pair weighs as the less opaque of its pixels.

    The mean of the energy across and the energy down, each over its own pairs.
    """
    weight, grey = _weight_and_grey(image, mask)
    return (_pair_energy(weight, grey, 1) + _pair_energy(weight, grey, 2)) / 2


def detail_distance(measure: Callable[[Tensor, Tensor], Tensor], image: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """How often one of the measures above doubles, or halves, from the real image to this: 0 is as much detail, 1 half or twice as much.

    ``MOST_DOUBLINGS`` where one of the two has none at all, so that a mean counts a picture without detail; 0 where neither has.
    """
    own, wanted = measure(image, mask), measure(real, mask)
    distance = (own.log2() - wanted.log2()).abs().clamp(max=MOST_DOUBLINGS)  # NaN stays
    return torch.where((own == 0) & (wanted == 0), 0.0, distance)


def _pair_energy(weight: Tensor, grey: Tensor, dim: int) -> Tensor:
    size = weight.shape[dim] - 1
    shared = torch.minimum(weight.narrow(dim, 0, size), weight.narrow(dim, 1, size))
    return (grey.diff(dim=dim).square() * shared).sum((1, 2)) / shared.sum((1, 2))


def _weight_and_grey(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both float64 (B, h, w), of the rectangle that holds all foregrounds: no other pixel counts.

    Brightness is centred, so that its squares lose little to cancellation.
    """
    # Planes are added one by one, as in ``error``.
    weight, grey = mask[:, 0].double(), reduce(torch.add, image.double().unbind(1)) / image.shape[1]
    centre, (rows, columns) = grey.mean((1, 2), keepdim=True), (_extent(weight, dim) for dim in (1, 2))
    return weight[:, rows, columns], grey[:, rows, columns] - centre


def _extent(weight: Tensor, dim: int) -> slice:
    """From the first row (1) or column (2) with a foreground to the last; all where there is none."""
    found = weight.amax((0, 3 - dim)).nonzero()
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(None)


def _window_sum(plane: Tensor) -> Tensor:
    """Down, then across: a fifth of the additions of both at once."""
    border = WINDOW_PX // 2
    down = avg_pool2d(plane[:, None], (WINDOW_PX, 1), stride=1, padding=(border, 0), divisor_override=1)
    return avg_pool2d(down, (1, WINDOW_PX), stride=1, padding=(0, border), divisor_override=1)[:, 0]
