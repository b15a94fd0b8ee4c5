"""Maps of a harmonizer applied to a photograph of any size, without torch, a strip of rows at a time.

Photographs are uint8 or float32 (H, W, 3), sRGB in levels 0..255; masks uint8 (H, W), 255 = foreground. Maps are float32 (C, h, w): kind
"change", C = 3, is added; "affine", C = 12, is a matrix and an offset; both are of sRGB in [-1, 1]. "lab", C = 6, is factors and
offsets of CIELAB. "clamped", C = 13, is a matrix and an offset that give a colour in [0, 1] of one in [0, 1], clamped there, and how much
that counts. "filters", C = 6, is a photo editor's, of the whole photograph (``portable.filters``). They are what ``imharmony.networks``
says of a picture, and the numbers are those of its ``mapped``.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.portable.cielab import moved
from imharmony.portable.facts import CHANNELS, Kind
from imharmony.portable.filters import filtered, surveyed

STRIP_PX = 2**17  # pixels that are worked on at once: some 20 MB with the widest maps
HALF = np.float32(127.5)
WHITE = np.float32(255)
LARGEST = 1e6  # of maps: no colour is so far from another, and nothing overflows
SHARPNESS = -0.75  # of bicubic weights, torch's and OpenCV's

Apply = Callable[[np.ndarray, np.ndarray], np.ndarray]  # planes of the picture (3, h, w) and of maps (C, h, w) -> of the change in levels


def mapped(
    photo: np.ndarray, mask: np.ndarray, maps: np.ndarray, kind: Kind, *, strength: float = 1.0, rounded: bool = False
) -> np.ndarray:
    """The photograph with ``strength`` times the change added where the mask is, float32 (H, W, 3), or uint8 if ``rounded``.

    Clipped to 0..255; pixels where the mask is 0 are the photograph's. Beside the photograph and the result little is held. What
    ``strips`` refuses is an ``InputError``.
    """
    changed = strips(photo, mask, maps, kind, strength=strength)
    if rounded:
        result = photo.copy() if photo.dtype == np.uint8 else np.rint(photo).clip(0, 255).astype(np.uint8)
    else:
        result = photo.astype(np.float32)
    for rows, columns, values in changed:
        result[rows, columns] = np.rint(values, out=values) if rounded else values
    return result


def strips(
    photo: np.ndarray, mask: np.ndarray, maps: np.ndarray, kind: Kind, *, strength: float = 1.0
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """The parts of a photograph that change: rows, columns, and their new values, float32 (h, w, 3) in 0..255.

    Rows come once and in their order; what lies in no part stays. So a file of any depth is written without the picture in float.
    """
    _expect(photo, mask, maps, kind, strength)
    return _parts(photo, mask, maps.astype(np.float32, copy=False), kind, strength)


def _parts(photo: np.ndarray, mask: np.ndarray, maps: np.ndarray, kind: Kind, strength: float) -> Iterator[tuple[slice, slice, np.ndarray]]:
    height, width = mask.shape
    step = max(STRIP_PX // width, 1)
    if strength == 0 or not maps.any():
        return
    known = surveyed(photo, maps) if kind == "filters" else maps
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        seen = np.flatnonzero(mask[rows].any(0))
        if len(seen):
            columns = slice(int(seen[0]), int(seen[-1]) + 1)
            part = photo[rows, columns]
            change = APPLY[kind](np.stack(cv2.split(part)), _enlarged(known, rows, columns, (height, width)))
            change *= mask[rows, columns] * np.float32(strength / 255)
            values = cv2.merge(list(change))
            values += part
            yield rows, columns, np.clip(values, 0, 255, out=values)


def _changed(picture: np.ndarray, maps: np.ndarray) -> np.ndarray:
    return np.broadcast_to(maps, picture.shape) * HALF


def _recoloured(picture: np.ndarray, maps: np.ndarray) -> np.ndarray:
    colours = picture.astype(np.float32) / HALF - np.float32(1)
    change = np.empty_like(colours)
    for channel, row in enumerate(maps[:9].reshape(3, 3, *maps.shape[1:])):
        change[channel] = row[0] * colours[0] + row[1] * colours[1] + row[2] * colours[2] + maps[9 + channel]
    change *= HALF
    return change


def _clamped(picture: np.ndarray, maps: np.ndarray) -> np.ndarray:
    colours = picture.astype(np.float32) / WHITE
    change = np.empty_like(colours)
    for channel, row in enumerate(maps[:9].reshape(3, 3, *maps.shape[1:])):
        made = row[0] * colours[0] + row[1] * colours[1] + row[2] * colours[2] + maps[9 + channel]
        change[channel] = (made.clip(0, 1) - colours[channel]) * maps[12]
    change *= WHITE
    return change


APPLY: dict[Kind, Apply] = {"change": _changed, "affine": _recoloured, "lab": moved, "clamped": _clamped, "filters": filtered}


def _enlarged(maps: np.ndarray, rows: slice, columns: slice, shape: tuple[int, int]) -> np.ndarray:
    """A part of maps (C, h, w) that were enlarged bicubically to ``shape``; (C, 1, 1) of maps of one pixel.

    First along the columns, for these rows alone, then along the rows, by OpenCV: a side that keeps its length keeps its values.
    """
    channels, high, wide = maps.shape
    if high == wide == 1:
        return maps
    near, weights = _taps(rows, high, shape[0])
    few = sum(weights[:, tap, None] * maps[:, near[:, tap]] for tap in range(4)) if high != shape[0] else maps[:, rows]
    lines = np.ascontiguousarray(few).reshape(-1, wide)
    full = lines if wide == shape[1] else cv2.resize(lines, (shape[1], len(lines)), interpolation=cv2.INTER_CUBIC)
    return full.reshape(channels, -1, shape[1])[..., columns]


def _taps(rows: slice, before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    """Which four of ``before`` values each of these rows of ``after`` is made of, int64 and float32 (N, 4); borders are repeated."""
    place = (np.arange(rows.start, rows.stop) + 0.5) * (before / after) - 0.5
    first = np.floor(place)
    apart = np.abs(place[:, None] - first[:, None] - np.arange(-1, 3))
    a = SHARPNESS
    inner = ((a + 2) * apart - (a + 3)) * apart**2 + 1
    outer = a * (((apart - 5) * apart + 8) * apart - 4)
    near = (first[:, None] + np.arange(-1, 3)).clip(0, before - 1).astype(np.int64)
    return near, np.where(apart <= 1, inner, outer).astype(np.float32)


def _expect(photo: np.ndarray, mask: np.ndarray, maps: np.ndarray, kind: Kind, strength: float) -> None:
    """What is ours is always so; of another's arrays this says the first thing that is wrong."""
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype not in (np.uint8, np.float32) or photo.size == 0:
        raise InputError(f"a photograph is {photo.dtype} {photo.shape}; expected uint8 or float32 (H, W, 3) in levels of 255")
    if mask.shape != photo.shape[:2] or mask.dtype != np.uint8:
        raise InputError(f"a mask is {mask.dtype} {mask.shape}; expected uint8 {photo.shape[:2]}, the photograph's size")
    if kind not in CHANNELS:
        raise InputError(f"kind is {kind!r}; expected one of {sorted(CHANNELS)}")
    if maps.ndim != 3 or maps.shape[0] != CHANNELS[kind] or maps.size == 0 or not np.abs(maps).max() <= LARGEST:
        raise InputError(f"maps of kind {kind!r} are {maps.shape}; expected ({CHANNELS[kind]}, h, w) of numbers up to {LARGEST:g}")
    if kind == "filters" and (maps.shape[1:] != (1, 1) or np.abs(maps).max() > 1):
        raise InputError(f"arguments of filters are {maps.shape} up to {np.abs(maps).max():g}; expected (6, 1, 1) in [-1, 1]")
    if not 0 <= strength <= 1:
        raise InputError(f"strength is {strength}; expected 0 to 1")
