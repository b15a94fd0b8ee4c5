"""Foregrounds whose lightness or colour is moved by a known amount, to teach a detector.

Pictures are float (B, 3, S, S), sRGB in [0, 1]; masks (B, 1, S, S) in [0, 1]. A shift of lightness is in stops of CIELAB's L: L times
2^stops. The public code of Dolhasz et al. (arXiv:1912.06433) hands the exponent itself on as the gain in one of its two generators; here
2^stops is the gain in both.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.blind.observer import COLOUR_THRESHOLD, Thresholds, thresholds_of
from imharmony.colour.spaces import ciede2000
from imharmony.colour.tensor_lab import lab_from_srgb, srgb_from_lab

MANY = 0.5  # of a pixel, from which it counts in a mean
LARGEST_CONTRAST = 0.35  # of the logarithm: transfers between moments change the contrast too
LARGEST_COLOUR = 20.0  # CIELAB units of a and b
NOISE = 1.5 / 255  # hides what rounding a changed region leaves in it, by which no person sees anything


class Shift(NamedTuple):
    """What is done to one foreground."""

    stops: float
    contrast: float = 1.0  # of L around its mean, beside what the gain does
    a: float = 0.0
    b: float = 0.0


class Look(NamedTuple):
    """Mean CIELAB of a foreground."""

    lightness: float
    a: float
    b: float


def share_of(lightness: float) -> float:
    """CIELAB's L as a share of white's, 0 to 1; rounding may leave white above 100."""
    return min(max(lightness / 100, 0.0), 1.0)


def looks_of(pictures: Tensor, masks: Tensor) -> list[Look]:
    """Of each picture the mean over the pixels that the mask mostly holds; over all that it holds any of where there are none."""
    lab = lab_from_srgb(pictures, dim=1)
    weights = (masks >= MANY).float()
    weights = torch.where(weights.sum((2, 3), keepdim=True) > 0, weights, masks)
    means = (lab * weights).sum((2, 3)) / weights.sum((2, 3)).clamp(min=1e-6)
    return [Look(*row) for row in means.double().cpu().tolist()]


def classes_of(look: Look, shift: Shift, thresholds: Thresholds) -> tuple[bool, bool, bool]:
    """Whether a person sees the foreground too dark, too bright, of another colour.

    Colours are compared at the lightness that the foreground had, so that lightness alone is no colour.
    """
    moved = np.array([look.lightness, look.a + shift.a, look.b + shift.b])
    is_coloured = float(ciede2000(np.array(look), moved)) > COLOUR_THRESHOLD
    return shift.stops < thresholds.negative, shift.stops > thresholds.positive, is_coloured


def moved(pictures: Tensor, masks: Tensor, shifts: list[Shift], looks: list[Look]) -> Tensor:
    """The pictures with each foreground moved, clipped to sRGB; not rounded. Where the mask is 0 not a bit changes."""
    lab = lab_from_srgb(pictures, dim=1)
    table = pictures.new_tensor([[2.0**shift.stops, shift.contrast, shift.a, shift.b] for shift in shifts])
    gain, contrast, a, b = (column[:, None, None] for column in table.unbind(1))
    mean = pictures.new_tensor([look.lightness for look in looks])[:, None, None]
    lightness = torch.where(contrast == 1, lab[:, 0], mean + contrast * (lab[:, 0] - mean)) * gain
    changed = srgb_from_lab(torch.stack([lightness, lab[:, 1] + a, lab[:, 2] + b], 1), dim=1).clamp(0, 1)
    same = srgb_from_lab(lab, dim=1).clamp(0, 1)  # the difference of two conversions, so that their rounding falls out
    return (pictures + masks * (changed - same)).clamp(0, 1)


def draw_stops(kind: int, thresholds: Thresholds, largest: float, rng: np.random.Generator) -> float:
    """Stops of a kind: -1 below the negative threshold, 1 above the positive one, 0 between.

    Beyond a threshold (3^u - 1) / 2 of the way to ``largest``, so that most lie near it. The published code draws so for the positive ones
    alone; its negative ones lie mostly at the far end. Here both are drawn alike.
    """
    if kind == 0:
        return float(rng.uniform(thresholds.negative, thresholds.positive))
    near = thresholds.positive if kind > 0 else -thresholds.negative
    far = max(largest, 1.5 * near)
    return kind * float(near + (far - near) * (3 ** rng.uniform(1e-3, 1) - 1) / 2)


def draw_shift(kind: int, thresholds: Thresholds, largest: float, rng: np.random.Generator, *, coloured: float) -> Shift:
    """A shift whose lightness is of a kind; half of them change the contrast, and ``coloured`` of them the colour."""
    stops = draw_stops(kind, thresholds, largest, rng)
    contrast = float(np.exp(rng.uniform(-LARGEST_CONTRAST, LARGEST_CONTRAST))) if rng.random() < 0.5 else 1.0
    if rng.random() >= coloured:
        return Shift(stops, contrast)
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, LARGEST_COLOUR)
    return Shift(stops, contrast, float(length * np.cos(angle)), float(length * np.sin(angle)))


class Examples(NamedTuple):
    """What a detector learns from: pictures in [0, 1], and for each class and pixel whether a person sees it, (B, 3, S, S)."""

    pictures: Tensor
    targets: Tensor
    stops: Tensor  # (B,) what was done to the lightness
    originals: Tensor  # the pictures before
    regions: Tensor  # (B, 1, S, S) the foregrounds, 0 or 1


def draw_examples(
    pictures: Tensor, masks: Tensor, names: list[str], rng: np.random.Generator, *, largest: float, coloured: float
) -> Examples:
    """Three of each picture: too dark, too bright, neither (Dolhasz et al.), with noise over all of it in half of them.

    ``names`` draw each picture's observer (``observer.thresholds_of``).
    """
    looks = looks_of(pictures, masks)
    observers = [thresholds_of(share_of(look.lightness), name=name) for look, name in zip(looks, names, strict=True)]
    shifts = [draw_shift(kind, each, largest, rng, coloured=coloured) for kind in (-1, 1, 0) for each in observers]
    looks, observers = looks * 3, observers * 3
    pictures, masks = pictures.repeat(3, 1, 1, 1), masks.repeat(3, 1, 1, 1)
    made = moved(pictures, masks, shifts, looks)
    classes = [classes_of(look, shift, each) for look, shift, each in zip(looks, shifts, observers, strict=True)]
    flags = torch.tensor(classes, dtype=torch.float32)[:, :, None, None]
    noise = torch.from_numpy(rng.uniform(-NOISE, NOISE, made.shape).astype(np.float32))
    noise *= torch.from_numpy((rng.random(len(made)) < 0.5).astype(np.float32))[:, None, None, None]
    rounded = ((made + noise).clamp(0, 1) * 255).round() / 255
    stops = torch.tensor([shift.stops for shift in shifts], dtype=torch.float32)
    regions = (masks >= MANY).float()
    return Examples(rounded, flags * regions, stops, pictures, regions)
