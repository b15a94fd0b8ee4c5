"""Trimaps to test on and to learn from; what one is stands in ``imharmony.pictures.trimaps``.

Margins are said of a picture whose shorter side is ``REFERENCE_PX``, as portraits of AISegment have it, and grow and shrink with it.
Alpha mattes are float (H, W) in [0, 1], trimaps uint8 (H, W). The seed (Ren, Liu & Song 2021) does not say how wide its trimaps are: its
errors fit an unknown region of about a fifth of 600 x 800 px.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.trimaps import BACKGROUND, FOREGROUND, UNKNOWN, trimap

REFERENCE_PX = 600
WIDEST = 120.0  # of margins that are tried, at the reference size
STEP = 0.5
DRAWN = (1.0, 30.0)  # of training, at the reference size
LEAST_PX = 1.0  # of training: so much is unknown on both sides of any edge


class Margin(NamedTuple):
    """The margin of test trimaps."""

    at_600: float  # pixels, of a picture whose shorter side is 600
    unknown: float  # mean share of the mattes that it was chosen on


def choose_margin(share_at: Callable[[float], float], *, unknown: float) -> Margin:
    """The margin at which the mean share of unknown pixels is nearest to ``unknown``, in steps of half a pixel.

    ``share_at`` is told margins and gives the share, as ``unknown_share`` of mattes. Mattes softer than that have the margin 0.
    """
    low, high = 0, round(WIDEST / STEP)
    while high - low > 1:  # the share grows with the margin
        middle = (low + high) // 2
        low, high = (low, middle) if share_at(middle * STEP) >= unknown else (middle, high)
    found = [Margin(at * STEP, share_at(at * STEP)) for at in (low, high)]
    return min(found, key=lambda margin: abs(margin.unknown - unknown))


def unknown_share(alphas: Sequence[np.ndarray], at_600: float) -> float:
    """The mean share of unknown pixels in test trimaps of this margin."""
    if not alphas:
        raise InputError("no alpha matte to choose trimaps on; expected some in the split; widen the selection or the split")
    return float(np.mean(unknown_shares(alphas, at_600)))


def unknown_shares(alphas: Iterable[np.ndarray], at_600: float) -> list[float]:
    """The share of each matte, of which one is held at a time."""
    return [float((fixed_trimap(alpha, at_600) == UNKNOWN).mean()) for alpha in alphas]


def fixed_trimap(alpha: np.ndarray, at_600: float) -> np.ndarray:
    """The trimap to test on: the same margin on both sides of the edge, in every picture."""
    margin = at_600 * scale_of(alpha)
    return trimap(alpha, erode_px=margin, dilate_px=margin)


def draw_trimap(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A trimap to learn from: each side's margin of its own, evenly from 1 to 30 px at the reference size and at least a pixel.

    Published code draws kernels of such sizes, whose margins are half as wide; these include the margin that is tested on.
    """
    erode, dilate = (max(margin * scale_of(alpha), LEAST_PX) for margin in rng.uniform(*DRAWN, 2))
    return trimap(alpha, erode_px=erode, dilate_px=dilate)


def scale_of(picture: np.ndarray) -> float:
    """How much smaller than the reference a picture (H, W, ...) is."""
    return min(picture.shape[:2]) / REFERENCE_PX


def checked_trimap(found: np.ndarray, *, size: tuple[int, int], name: str) -> np.ndarray:
    """A trimap that somebody gave, for a picture of this (width, height); one that is none for it is an ``InputError``."""
    if found.ndim != 2 or found.dtype != np.uint8:
        raise InputError(
            f"{name}: {found.dtype} of shape {found.shape}; expected a grey trimap of 8 bits; save it without colour and alpha"
        )
    if found.shape[::-1] != size:
        came, expected = (f"{width}x{height}" for width, height in (found.shape[::-1], size))
        raise InputError(f"{name}: {came} pixels; expected {expected}, as the picture; make it for this picture")
    others = np.setdiff1d(found, (BACKGROUND, UNKNOWN, FOREGROUND))
    if others.size:
        values = f"{BACKGROUND}, {UNKNOWN} (unknown) and {FOREGROUND} alone"
        raise InputError(f"{name}: a pixel of {others[0]}; expected {values}; save it without smoothing or compression")
    if not (found == UNKNOWN).any():
        raise InputError(f"{name}: no pixel of {UNKNOWN}; expected an unknown region around the edge; without one it is the matte itself")
    return found
