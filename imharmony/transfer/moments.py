"""Mean and spread of a region's colours in CIELAB, and the region with another's mean and spread.

A region is its pixels, uint8 sRGB (N, 3) in any order.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from imharmony.colour.integer_lab import LAB_ORIGIN, LAB_STEP, decode, encode, scaled
from imharmony.transfer.blocks import blocks

# A channel without contrast has no contrast to be spread: beyond this the noise of its coding would become colour.
MAX_GAIN = 4.0

# Of random pairs of people in COCO these keep one in three; the foreground's mean squared error is then about 1,390, as over
# iHarmony4 (1,387), whose authors sorted implausible composites out by hand. Of all pairs it is 3,800.
PLAUSIBLE_SHIFT = 25.0  # CIELAB units
PLAUSIBLE_GAIN = 2.5
NOISE = 1.0  # CIELAB units; spreads below it are alike


Channels = tuple[bool, bool, bool]  # which of L, a and b
LIGHTNESS: Channels = (True, False, False)


class Moments(NamedTuple):
    """Mean and standard deviation of L, a and b over a region."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def look(pixels: np.ndarray) -> np.ndarray:
    """``moments`` as float64 (6,): the means, then the deviations."""
    return np.concatenate(moments(pixels))


def in_lab(function: Callable[[np.ndarray, Moments, Moments], np.ndarray]) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """A transfer between moments as one between looks."""

    def apply(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
        return function(pixels, *(Moments(tuple(each[:3].tolist()), tuple(each[3:].tolist())) for each in (own, reference)))

    return apply


def moments(pixels: np.ndarray) -> Moments:
    """The moments of a region of at least one pixel, from exact integer sums: no order of the pixels changes a bit."""
    count, sums, squares = len(pixels), [0, 0, 0], [0, 0, 0]
    for block in blocks(pixels):
        codes = encode(block)[None]
        sums = [total + int(part) for total, part in zip(sums, cv2.sumElems(codes), strict=False)]
        squares = [total + int(part) for total, part in zip(squares, cv2.sumElems(cv2.multiply(codes, codes)), strict=False)]
    mean = LAB_ORIGIN + LAB_STEP * np.array([total / count for total in sums])
    spread = [math.sqrt(count * square - total * total) / count for total, square in zip(sums, squares, strict=True)]
    return Moments(tuple(mean.tolist()), tuple((LAB_STEP * spread).tolist()))


def matched(pixels: np.ndarray, own: Moments, reference: Moments, *, channels: Channels) -> np.ndarray:
    """The region's pixels with the reference's moments in the chosen ones of L, a and b; ``own`` are the region's."""
    gain = np.where(channels, [_gain(target, std) for target, std in zip(reference.std, own.std, strict=True)], 1.0)
    own_code, code = ((np.array(each.mean) - LAB_ORIGIN) / LAB_STEP for each in (own, reference))
    shift = np.where(channels, code - gain * own_code, 0.0)
    return np.concatenate([decode(scaled(encode(block), gain, shift)) for block in blocks(pixels)])


def strangeness(own: np.ndarray, references: np.ndarray, *, channels: Channels) -> np.ndarray:
    """How implausible a region of this look becomes with each of the references' looks (N, 6); up to 1 it may pass for a photograph.

    1 is a mean colour ``PLAUSIBLE_SHIFT`` away or a contrast changed by ``PLAUSIBLE_GAIN``, whichever is worse.
    """
    chosen = np.array(channels)
    shift = np.sqrt(((references - own)[:, :3][:, chosen] ** 2).sum(axis=1)) / PLAUSIBLE_SHIFT
    gain = np.log((references[:, 3:] + NOISE) / (own[3:] + NOISE)) / math.log(PLAUSIBLE_GAIN)
    return np.maximum(shift, np.abs(gain[:, chosen]).max(axis=1))


def _gain(target: float, std: float) -> float:
    return min(target / std, MAX_GAIN) if std > 0 else 1.0
