"""Colour through a lookup table: a cube with values between its grid points by tetrahedral interpolation.

A region is its pixels, uint8 sRGB (N, 3) in any order. The looks that are drawn are made in ``looks.py``; ``cube_files.py``
reads others.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np

from imharmony.transfer.blocks import blocks
from imharmony.transfer.looks import LOOKS, look_table

STRENGTH = (0.7, 1.0)  # the range it is drawn from


@dataclass(frozen=True)
class Lut:
    """What sRGB values become: float64 (S, 3), a curve for each channel, or (S, S, S, 3), indexed by red, green, blue.

    The grid runs evenly from ``low`` to ``high`` (of each channel); values outside are taken for the nearest inside.
    """

    table: np.ndarray
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)


def draw_lut(rng: np.random.Generator) -> dict[str, str | float]:
    """One of ``LOOKS`` and how much of it is used."""
    return {"look": LOOKS[rng.integers(len(LOOKS))], "strength": float(rng.uniform(*STRENGTH))}


def lut(pixels: np.ndarray, parameters: dict[str, str | float]) -> np.ndarray:
    """The region in a look, mixed with itself by ``strength``: at 0 it stays, bit for bit."""
    return through(pixels, _look(cast(str, parameters["look"])), strength=cast(float, parameters["strength"]))


def through(pixels: np.ndarray, table: Lut, *, strength: float = 1.0) -> np.ndarray:
    """The region after a lookup table, mixed with itself by ``strength``; what leaves [0, 1] is clipped."""
    steps = np.array([_steps(table, channel) for channel in range(3)])
    look = _tetrahedral if table.table.ndim == 4 else _linear
    return np.concatenate([_mixed(block, look(block, table.table, steps), strength) for block in blocks(pixels)])


@lru_cache(maxsize=len(LOOKS))  # all of them are 12 MB
def _look(name: str) -> Lut:
    return Lut(look_table(name))


def _steps(table: Lut, channel: int) -> np.ndarray:
    """Where each of a channel's 256 values lies on the grid, in steps, float64 (256,)."""
    low, high = table.low[channel], table.high[channel]
    return ((np.arange(256) / 255 - low) / (high - low)).clip(0, 1) * (len(table.table) - 1)


def _linear(pixels: np.ndarray, table: np.ndarray, steps: np.ndarray) -> np.ndarray:
    grid = np.arange(len(table))
    return np.stack([np.interp(steps[channel], grid, table[:, channel])[pixels[:, channel]] for channel in range(3)], axis=1)


def _tetrahedral(pixels: np.ndarray, table: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Between four of a cell's corners: from the darkest to the brightest, one step up a channel, that of the largest fraction first."""
    size = len(table)
    strides = np.array([size * size, size, 1])
    cells = np.minimum(steps.astype(np.int64), size - 2)
    offsets, fractions = cells * strides[:, None], steps - cells
    darkest = offsets[0][pixels[:, 0]] + offsets[1][pixels[:, 1]] + offsets[2][pixels[:, 2]]
    red, green, blue = (fractions[channel][pixels[:, channel]] for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    middle = np.maximum(np.minimum(red, green), np.minimum(np.maximum(red, green), blue))
    # Where fractions are equal the corner between them has no weight, so any of them may be the first.
    up = np.where(red == most, strides[0], np.where(green == most, strides[1], strides[2]))
    last = np.where(red == least, strides[0], np.where(green == least, strides[1], strides[2]))
    brightest = darkest + strides.sum()
    colours = table.reshape(-1, 3)
    values = colours[darkest] * (1 - most)[:, None]
    for corner, weight in ((darkest + up, most - middle), (brightest - last, middle - least), (brightest, least)):
        values += colours[corner] * weight[:, None]
    return values


def _mixed(pixels: np.ndarray, values: np.ndarray, strength: float) -> np.ndarray:
    return np.rint((pixels + strength * (values * 255 - pixels)).clip(0, 255)).astype(np.uint8)
