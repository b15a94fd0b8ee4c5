"""Noise and regular patterns, sampled in metres.

The noise tiles are made once per process from fixed keys; their values are rounded, so that the last bit of an FFT never shows.
"""

from functools import lru_cache

import cv2
import numpy as np

from imharmony.running.seeds import numpy_rng
from imharmony.studio.chance import unit

SIDE = 256  # four tiles fit the second-level cache
_CELLS = 1024

# (exponent of the amplitude's fall with frequency, stretch along rows, lowest frequency, highest frequency)
_SPECTRA = {
    "cloud": (1.7, 1.0, 1.0, 120.0),
    "grain": (0.6, 1.0, 6.0, 120.0),
    "leaf": (0.9, 1.0, 5.0, 120.0),
    "fold": (1.4, 2.2, 4.0, 60.0),
    "strand": (0.8, 14.0, 8.0, 120.0),
}


@lru_cache
def noise(kind: str) -> np.ndarray:
    """A tileable float32 (256, 256) texture of mean 0 and standard deviation 1, clipped to [-3, 3]."""
    fall, stretch, lowest, highest = _SPECTRA[kind]
    rows = np.fft.fftfreq(SIDE, 1 / SIDE)[:, None] * stretch
    columns = np.fft.rfftfreq(SIDE, 1 / SIDE)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1e-9)
    amplitude = np.where((frequency >= lowest) & (frequency <= highest), frequency**-fall, 0)
    white = np.fft.rfft2(numpy_rng("studio", "noise", kind).standard_normal((SIDE, SIDE)))
    field = np.fft.irfft2(white * amplitude, s=(SIDE, SIDE))
    field = np.clip(field / field.std(), -3, 3)
    return (np.round(field * 256) / 256).astype(np.float32)


@lru_cache(2)
def white(bits: int) -> np.ndarray:
    """float32 (2**bits,) of independent standard normal numbers."""
    return numpy_rng("studio", "white").standard_normal(1 << bits, dtype=np.float32)


@lru_cache(1)
def _cell_tones() -> np.ndarray:
    return numpy_rng("studio", "cells").uniform(-1, 1, _CELLS).astype(np.float32)


def sample(kind: str, u: np.ndarray, v: np.ndarray, *, period: float, shift: float = 0.0) -> np.ndarray:
    """The noise at (u, v) of any one shape, bilinear; the tile repeats every ``period``."""
    texels = np.float32(SIDE / period)
    return cv2.remap(noise(kind), u * texels + np.float32(shift * SIDE), v * texels, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def sample_pair(kind: str, u: np.ndarray, v: np.ndarray, *, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Two fields like ``sample``'s, unrelated to each other and to it."""
    texels = np.float32(SIDE / period)
    both = cv2.remap(_pair(kind), u * texels, v * texels, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    first, second = cv2.split(both)
    return first, second


@lru_cache
def _pair(kind: str) -> np.ndarray:
    return cv2.merge([np.roll(noise(kind), (95, 35), (0, 1)), np.roll(noise(kind), (30, 155), (0, 1))])


def patch(kind: str, shape: tuple[int, int], *, share: tuple[float, float], corner: tuple[float, float]) -> np.ndarray:
    """A stretched piece of the noise, float32 of ``shape``: ``share`` of the tile's height and width, ``corner`` of what is free."""
    height, width = (int(min(max(part * SIDE, 2), SIDE)) for part in share)
    top, left = int(corner[0] * (SIDE - height)), int(corner[1] * (SIDE - width))
    piece = noise(kind)[top : top + height, left : left + width]
    return cv2.resize(piece, shape[::-1], interpolation=cv2.INTER_LINEAR)


def cells(
    u: np.ndarray, v: np.ndarray, pixel: np.ndarray, *, width: float, height: float, joint: float, stagger: float
) -> tuple[np.ndarray, np.ndarray]:
    """(tone of each brick, plank or tile in [-1, 1], share of joint in 0..1); rows are shifted by ``stagger`` of a width.

    ``pixel`` is the size of a pixel in the units of u and v, over which joints are averaged.
    """
    down = v / np.float32(height)
    row = np.floor(down)
    along = u / np.float32(width) + row * np.float32(stagger)
    column = np.floor(along)
    tone = _cell_tones()[(column * 37 + row * 91).astype(np.int32) & (_CELLS - 1)]
    off_u = (np.float32(0.5) - np.abs(along - column - np.float32(0.5))) * np.float32(width)
    off_v = (np.float32(0.5) - np.abs(down - row - np.float32(0.5))) * np.float32(height)
    reach = (pixel + np.float32(joint)) * np.float32(0.5)
    share = np.clip((reach - np.minimum(off_u, off_v)) / pixel, 0, np.minimum(np.float32(joint) / pixel, 1))
    return tone, share


def wave(t: np.ndarray, *, period: float, duty: float = 0.5, sharpness: float = 8.0) -> np.ndarray:
    """A soft square wave in [0, 1]."""
    phase = t / np.float32(period)
    phase = phase - np.floor(phase)
    return unit((np.float32(duty / 2) - np.abs(phase - np.float32(0.5))) * np.float32(sharpness) + np.float32(0.5))
