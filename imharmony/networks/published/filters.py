"""Harmonizer's six filters of a picture (Ke et al. 2022, arXiv:2207.01322, section 3.2; formulas as in its authors' program).

Pictures are float (B, 3, H, W) in [0, 1]; arguments (B, 1, 1, 1) in [-1, 1], 0 = unchanged. Each filter clips to [0, 1].
``portable.filters`` is the same without torch.
"""

import torch
from torch import Tensor

FILTERS = ("temperature", "brightness", "contrast", "saturation", "highlight", "shadow")  # in their order
KNOWN = 11  # six arguments, and what two filters know of the whole photograph: three gains, a slope and a mean
EPSILON = 1e-6  # added to what is divided by
LEAST = 1e-9  # added to what is raised to a power


def filtered(pictures: Tensor, known: Tensor) -> Tensor:
    """The pictures through all filters, by ``known`` (B, 11, 1, 1) as ``WhiteBox.surveyed`` has it."""
    arguments, gains, slope, turned = known.split([len(FILTERS), 3, 1, 1], 1)
    brightness, saturation, highlight, shadow = (arguments[:, place : place + 1] for place in (1, 3, 4, 5))
    pictures = warmed_and_lit(pictures, gains, brightness)
    pictures = (pictures + (pictures - turned) * slope).clamp(0, 1)
    pictures = saturated(pictures, saturation)
    pictures = 1 - (1 - pictures + LEAST).pow(1 + highlight).clamp(0, 1)
    return (pictures + LEAST).pow(1 - shadow).clamp(0, 1)


def warmth_gains(argument: Tensor, means: Tensor) -> Tensor:
    """Factors of the channels (B, 3, 1, 1) for a temperature, by their means over the picture.

    The argument raises the mean of blue or, if negative, of red, and by half as much that of green; a channel's factor is 1 and how
    much more than before it takes to a grey picture of the raised means.
    """
    reach = argument.abs()
    raised = means + torch.cat([reach * (argument < 0), reach / 2, reach * (argument > 0)], 1)
    return 1 + raised.mean(1, keepdim=True) / (raised + EPSILON) - means.mean(1, keepdim=True) / (means + EPSILON)


def warmed_and_lit(pictures: Tensor, gains: Tensor, brightness: Tensor) -> Tensor:
    """After temperature and brightness. The latter multiplies the value of HSV, and so all channels alike."""
    factor = torch.where(brightness >= 0, 1 / (1 - brightness + EPSILON), 1 + brightness)
    return ((pictures * gains).clamp(0, 1) * factor).clamp(0, 1)


def contrast_slope(argument: Tensor) -> Tensor:
    """By how much more than once a colour's distance to the picture's mean counts; positive arguments come in steps of 1/255."""
    return torch.where(argument > 0, 255 / (256 - (255 * argument).floor()) - 1, argument)


def saturated(pictures: Tensor, argument: Tensor) -> Tensor:
    """Away from the middle of a pixel's largest and smallest channel; positive arguments by as much as its saturation leaves room for."""
    low, high = pictures.amin(1, keepdim=True), pictures.amax(1, keepdim=True)
    total, middle = low + high, (low + high) / 2
    saturation = (high - low) / (torch.where(middle < 0.5, total, 2 - total) + EPSILON)
    room = torch.where(argument + saturation > 1, saturation, 1 - argument)
    more, less = pictures + (pictures - middle) * (1 / (room + EPSILON) - 1), middle + (pictures - middle) * (1 + argument)
    return torch.where(argument >= 0, more, less).clamp(0, 1)
