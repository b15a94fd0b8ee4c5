"""Hue, saturation and value, with gradients and as files have them. Images are float (B, 3, H, W) in [-1, 1]."""

import math

import torch
from torch import Tensor

DARKEST = 1 / 255  # one level of a file; saturation fades to 0 below


def hsv_from_network(images: Tensor) -> Tensor:
    """(cos h * s, sin h * s, s, v), shape (B, 4, H, W): the first two in [-1, 1], s and v in [0, 1].

    s and v are those of every colour that a file can hold, and so is the hue h. Seen as a vector of length s it neither wraps
    around at red nor jumps at grey. Values outside [-1, 1] are clipped first, as HSV does not know them, and get no gradient here.
    """
    rgb = (images + 1) / 2
    rgb = torch.where((rgb < 0) | (rgb > 1), rgb.detach().clamp(0, 1), rgb)  # clamp alone has no gradient at black and white
    red, green, blue = rgb.unbind(1)
    value = rgb.amax(1)
    chroma = value - rgb.amin(1)
    brightness = value.clamp(min=DARKEST)
    saturation = chroma / brightness
    hue = _hue(red, green, blue, value, chroma)

    # A grey pixel has no hue to derive. Both forms are 0 there, and the hexagon's plane says where each colour would lead.
    has_hue = chroma > 0
    across = torch.where(has_hue, hue.cos() * saturation, (red - (green + blue) / 2) / brightness)
    up = torch.where(has_hue, hue.sin() * saturation, math.sqrt(3) / 2 * (green - blue) / brightness)
    return torch.stack([across, up, saturation, value], 1)


def hsv_as_saved(images: Tensor) -> Tensor:
    """Hue, saturation and value of the picture cut off to whole levels, as Pillow converts it, (B, 3, H, W) in [-1, 1].

    What report 002's code does to an output before it compares its style: nothing of it has a gradient. Values outside [-1, 1] are
    clipped, where the code's cast to 8 bits wraps around. Hue 0 to 1 is once around, so that red is torn apart.
    """
    with torch.no_grad():
        levels = ((images.clamp(-1, 1) + 1) / 2 * 255).floor().float()
        value = levels.amax(1, keepdim=True)
        chroma = value - levels.amin(1, keepdim=True)
        # Pillow computes in 64 bits and stores each step in 32, which decides where a level begins.
        red, green, blue = ((value - levels) / chroma.clamp(min=1)).double().unbind(1)
        is_red, is_green, _ = (levels == value).unbind(1)
        sixths = torch.where(is_red, blue - green, torch.where(is_green, 2 + red - blue, 4 + green - red))
        hue = (sixths.float().double() / 6 + 1).remainder(1).float().double()
        saturation = (chroma / value.clamp(min=1))[:, 0].double()
        hue, saturation = ((part * 255).floor() for part in (hue, saturation))
        return (torch.stack([hue, saturation, value[:, 0]], 1) / 127.5 - 1).to(images.dtype)


def _hue(red: Tensor, green: Tensor, blue: Tensor, value: Tensor, chroma: Tensor) -> Tensor:
    """The angle in radians, -pi/3 to 5pi/3, red = 0; 0 and without gradient where there is no chroma."""
    chroma = torch.where(chroma > 0, chroma, 1)
    by_blue = 4 + (red - green) / chroma
    by_green = 2 + (blue - red) / chroma
    by_red = (green - blue) / chroma
    sixths = torch.where(value == red, by_red, torch.where(value == green, by_green, by_blue))
    return sixths * (math.pi / 3)
