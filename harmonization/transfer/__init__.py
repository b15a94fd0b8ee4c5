"""Colour transfers by name: how the foreground of a real photograph becomes the foreground of a composite.

Each sees only the pixels of a region, uint8 sRGB (N, 3), N >= 1: what it measures of the reference is measured once.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from harmonization.transfer.luminance import luminance, luminance_strangeness
from harmonization.transfer.moments import Moments, moments
from harmonization.transfer.reinhard_lab import reinhard_lab, reinhard_lab_strangeness


class Transfer(NamedTuple):
    """``apply(pixels, own, reference)`` recolours a region; ``own`` and ``reference`` are what ``measure`` says of it and the other.

    ``strangeness(own, mean, std)`` judges N references at once: above 1 the result would not pass for a photograph.
    """

    measure: Callable[[np.ndarray], Moments]
    apply: Callable[[np.ndarray, Moments, Moments], np.ndarray]
    strangeness: Callable[[Moments, np.ndarray, np.ndarray], np.ndarray]


TRANSFERS = {
    "reinhard_lab": Transfer(measure=moments, apply=reinhard_lab, strangeness=reinhard_lab_strangeness),
    "luminance": Transfer(measure=moments, apply=luminance, strangeness=luminance_strangeness),
}
