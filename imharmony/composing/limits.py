"""How far a composite's foreground is from the photograph's, and the limits beyond which a composite is not kept.

Pixels are uint8 sRGB (N, 3), before and after in the same order.
"""

import math
from typing import NamedTuple

import numpy as np

from imharmony.colour.integer_lab import lab_from_pixels
from imharmony.colour.spaces import ciede2000

MOST_PIXELS = 4096
COLOURLESS = 5.0  # mean chroma in CIELAB units below which a region has no hue


class Quality(NamedTuple):
    """What a transfer did to a region."""

    delta_e: float  # mean CIEDE2000 over at most 4,096 evenly spaced pixels, to 1e-6
    clipped_fraction: float  # share of the pixels with a channel that was brought to 0 or 255
    hue_shift_degrees: float  # between the mean colours, 0..180; 0 where one of them has no hue


def quality(before: np.ndarray, after: np.ndarray) -> Quality:
    """Judges N >= 1 pixels and what became of them."""
    chosen = np.linspace(0, len(before) - 1, min(len(before), MOST_PIXELS)).astype(np.int64)
    labs = lab_from_pixels(before[chosen]), lab_from_pixels(after[chosen])
    delta_e = round(float(ciede2000(*labs).mean()), 6)  # coarser than what another machine's cosine changes
    return Quality(delta_e, _clipped_fraction(before, after), _hue_shift(*(lab.mean(axis=0).tolist() for lab in labs)))


def _clipped_fraction(before: np.ndarray, after: np.ndarray) -> float:
    at_edge = (after + np.uint8(1) < 2) & (before != after)  # 255 + 1 wraps to 0
    return float(np.count_nonzero(at_edge[:, 0] | at_edge[:, 1] | at_edge[:, 2]) / len(after))


def _hue_shift(before: list[float], after: list[float]) -> float:
    chroma = [math.hypot(*lab[1:]) for lab in (before, after)]
    if min(chroma) < COLOURLESS:
        return 0.0
    cosine = (before[1] * after[1] + before[2] * after[2]) / (chroma[0] * chroma[1])
    return round(math.degrees(math.acos(max(-1.0, min(1.0, cosine)))), 6)
