"""Colour profiles (ICC) of a matrix and curves, or of one curve for grey, computed in floats: what the library below does in 8 bits.

Light is 0 to 1; sRGB goes below and above that here, so that colours which it does not have are not cut.
"""

import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np

MOST = 65535
CURVE = 65536  # places at which a curve is known
TABLES = (b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"B2D0")
SRGB_TO_XYZ = np.array(  # of the white of profiles, D50
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


class Matrix(NamedTuple):
    """A profile of a matrix and curves."""

    to_srgb: np.ndarray  # (3, 3), of light
    curves: np.ndarray  # (3, CURVE): the light of each channel's numbers


@lru_cache(maxsize=4)
def matrix_of(profile: bytes) -> Matrix | None:
    """What an RGB profile computes, if it is of a matrix and curves; None of any other and of one that is damaged."""
    try:
        tags = _tags(profile)
        if any(tag in tags for tag in TABLES):
            return None
        columns = [np.array(struct.unpack_from(">iii", tags[tag], 8)) / 65536 for tag in (b"rXYZ", b"gXYZ", b"bXYZ")]
        curves = np.stack([_curve(tags[tag]) for tag in (b"rTRC", b"gTRC", b"bTRC")])
        to_srgb = np.linalg.inv(SRGB_TO_XYZ) @ np.stack(columns, axis=1)
        usable = np.isfinite(curves).all() and bool((curves[:, -1] > curves[:, 0]).all()) and np.linalg.cond(to_srgb) < 1000
        return Matrix(to_srgb, np.maximum.accumulate(curves, axis=1)) if usable else None
    except (KeyError, struct.error, ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None


@lru_cache(maxsize=4)
def grey_curve_of(profile: bytes) -> np.ndarray | None:
    """The light (CURVE,) of a grey profile's numbers, if it is of a curve; None of any other and of one that is damaged."""
    try:
        tags = _tags(profile)
        curve = None if any(tag in tags for tag in TABLES) else _curve(tags[b"kTRC"])
        return curve if curve is not None and np.isfinite(curve).all() else None
    except (KeyError, struct.error, ValueError, ArithmeticError):
        return None


def to_light(srgb: np.ndarray) -> np.ndarray:
    """The light of sRGB's numbers, both of 0 to 1 and beyond."""
    size = np.abs(srgb)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), srgb)


def from_light(light: np.ndarray) -> np.ndarray:
    """sRGB's numbers of light, both of 0 to 1 and beyond."""
    size = np.abs(light)
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055), light)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    places = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(min(count, 200))]
    return {tag: profile[at : at + length] for tag, at, length in places}


def _curve(tag: bytes) -> np.ndarray:
    """The light, 0 to 1, of numbers from 0 to 1 at ``CURVE`` places."""
    numbers = np.linspace(0, 1, CURVE)
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        table = np.array(struct.unpack_from(f">{min(count, CURVE)}H", tag, 12))
        if count == 1:
            return numbers ** (table[0] / 256)
        return numbers if count == 0 else np.interp(numbers, np.linspace(0, 1, len(table)), table / MOST)
    if kind == b"para":
        (function,) = struct.unpack_from(">H", tag, 8)
        counts = (1, 3, 4, 5, 7)
        values = [value / 65536 for value in struct.unpack_from(f">{counts[function]}i", tag, 12)] if function < 5 else []
        return _parametric(numbers, function, values)
    raise ValueError("a curve of no known kind")


def _parametric(numbers: np.ndarray, function: int, values: list[float]) -> np.ndarray:
    """The five functions of the format: a power, and straight or flat below a place."""
    if function == 0:
        return numbers ** values[0]
    if function not in range(1, 5):
        raise ValueError("a curve of no known kind")
    power, scale, shift = values[:3]
    steep = np.maximum(scale * numbers + shift, 0) ** power
    if function <= 2:
        below = values[3] if function == 2 else 0.0
        return np.where(numbers >= -shift / scale, steep + below, below)
    slope, place = values[3:5]
    above, under = values[5:7] if function == 4 else (0.0, 0.0)
    return np.where(numbers >= place, steep + above, slope * numbers + under)
