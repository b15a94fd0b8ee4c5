"""How much detail a foreground has, one number per image: a harmonizer that blurs loses it, one that adds noise gains it.

Images are float (B, 3, H, W) in [0, 255]; masks are (B, 1, H, W) in [0, 1], 1 = foreground, soft values weigh. Brightness is the mean
of the three channels. Results are float64 (B,), and NaN where there is nothing to measure.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

WINDOW_PX = 9


def local_contrast(image: Tensor, mask: Tensor) -> Tensor:
    """The standard deviation of brightness in a window of 9 px around each pixel, in levels; its mean over the foreground.

    A window sees the foreground alone, each pixel weighed by the mask, so that the edge of what was pasted is no contrast.
    """
    weight, grey = _weight_and_grey(image, mask)
    inside = _window_sum(weight)
    mean, square = (_window_sum(weight * plane) / inside.clamp(min=1e-12) for plane in (grey, grey * grey))
    deviation = (square - mean * mean).clamp(min=0).sqrt()
    return (deviation * weight).sum((1, 2)) / weight.sum((1, 2))


def gradient_energy(image: Tensor, mask: Tensor) -> Tensor:
    """Mean squared difference of brightness between neighbours, squared levels; a pair weighs as the less opaque of its pixels.

    The mean of the energy across and the energy down, each over its own pairs.
    """
    weight, grey = _weight_and_grey(image, mask)
    return (_pair_energy(weight, grey, 1) + _pair_energy(weight, grey, 2)) / 2


def _pair_energy(weight: Tensor, grey: Tensor, dim: int) -> Tensor:
    size = weight.shape[dim] - 1
    shared = torch.minimum(weight.narrow(dim, 0, size), weight.narrow(dim, 1, size))
    return (grey.diff(dim=dim).square() * shared).sum((1, 2)) / shared.sum((1, 2))


def _weight_and_grey(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both float64 (B, H, W); brightness is centred, so that its squares lose little to cancellation."""
    weight, grey = mask[:, 0].double(), image.double().mean(1)
    return weight, grey - grey.mean((1, 2), keepdim=True)


def _window_sum(plane: Tensor) -> Tensor:
    side = WINDOW_PX
    return avg_pool2d(plane[:, None], side, stride=1, padding=side // 2, count_include_pad=True)[:, 0] * side * side
