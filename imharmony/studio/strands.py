"""Single hairs around a head: thin curves, drawn finer than the picture's pixels, so that each covers its share of them.

Angles are radians, anticlockwise from the picture's right; curves are float64 (hairs, points, 2) in a sketch's metres.
"""

import cv2
import numpy as np

from imharmony.studio.chance import bounded
from imharmony.studio.heads import HIGH, WIDE, Hair
from imharmony.studio.sketch import Cloth, Point, Sketch, Window

_F = np.float32
FINE = 6  # rows and columns drawn for one of the picture's
HAIRS = 1500  # of a head seen from near
NEAR = 600.0  # pixels per metre from which on all of them are drawn
_FLYAWAYS = 0.09  # share of the hairs that leave the others
_POINTS = 40
_SHIFT = 4  # fractional bits of a drawn point
_TONES = (0.62, 1.5, 0.8, 1.25, 1.0)  # the last lie over the others


def paint_strands(sketch: Sketch, centre: Point, hair: Hair, rng: np.random.Generator) -> None:
    """Lays hairs over a painted head: from the parting along the skull, then down as far as the hair is long, some standing off."""
    count = int(HAIRS * bounded(sketch.scale / NEAR, 0.1, 1))
    stray = np.arange(count) < _FLYAWAYS * count
    curves = _outside_face(_curves(hair, stray, rng), hair) + np.array(centre)
    width_m = np.where(stray, rng.uniform(2e-4, 5e-4, count), rng.uniform(5e-4, 1.3e-3, count))
    margin = 0.05
    low, high = curves.min((0, 1)) - margin, curves.max((0, 1)) + margin
    window = sketch.window(low[0], high[0], low[1], high[1])
    if window is None:
        return
    normal = _normal(sketch, window, centre)
    tones = rng.integers(len(_TONES), size=count)
    is_line = (curves[:, 0] != curves[:, -1]).any(1)  # the others begin over the face
    for k, tone in enumerate(_TONES):
        here = is_line & (tones == k)
        cover = coverage(sketch, window, curves[here], width_m[here])
        red, green, blue = (bounded(c * tone, 0, 0.95) for c in hair.colour)
        sketch.paint(window, cover, Cloth((red, green, blue), mottle=0), normal)


def _curves(hair: Hair, stray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hairs about a head at the origin."""
    count = stray.size
    along = np.linspace(0, 1, _POINTS)[None]
    side = np.where(rng.random(count) < 0.5, -1.0, 1.0)[:, None]
    start = np.pi / 2 + rng.normal(0, 0.16) + side * np.abs(rng.normal(0, 0.42 if hair.curl < 1 else 0.9, (count, 1)))
    length = np.where(stray, rng.uniform(0.35, 1.25, count), rng.uniform(0.5, 1.0, count))[:, None]
    sweep = length * (1.75 if hair.length else rng.uniform(0.7, 1.35, (count, 1)))
    falls = along * length * (hair.length * 1.35 + 0.02) if hair.length else np.zeros_like(along)
    level = np.pi / 2 * (1 - side)  # the side of the head, below which hair falls or ends
    angle = start - side * np.minimum(sweep * along * (1.9 if hair.length else 1.0), np.abs(start - level))
    lift = np.where(stray, np.abs(rng.normal(0, 0.20, count)), rng.normal(0, 0.025 + 0.6 * hair.fuzz, count))[:, None]
    radius = np.where(stray, rng.uniform(0.9, 1.0, count), 1.0 - 0.5 * rng.random(count) ** 2)[:, None] + lift * along**2
    radius += _waves(hair, count, along, rng) / WIDE
    x = radius * np.cos(angle) * (WIDE + hair.volume)
    y = radius * np.sin(angle) * (HIGH + hair.volume) + 0.008
    fallen = np.maximum(falls - 0.10, 0)  # what is left once the hair has passed the ear
    return np.stack([x + side * fallen * rng.normal(0.10, 0.05, (count, 1)), y - fallen], axis=2)


def _waves(hair: Hair, count: int, along: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How far each point stands off its even course, metres; curls are many and deep."""
    deep = 0.0012 + 0.0045 * max(hair.curl - 0.7, 0)
    turns, phase = rng.uniform(0.6, 1.4, (count, 1)) * (1.2 + 2.2 * max(hair.curl - 0.7, 0)), rng.uniform(0, 2 * np.pi, (count, 1))
    return deep * rng.uniform(0.5, 1.5, (count, 1)) * np.sin(2 * np.pi * turns * along + phase)


def _outside_face(curves: np.ndarray, hair: Hair) -> np.ndarray:
    """The curves, each ended where it would come over the face or the neck."""
    x, y = curves[..., 0], curves[..., 1]
    hairline = 0.062 - hair.fringe - 0.055 * (x / (WIDE + hair.volume)) ** 2
    bare = WIDE * np.maximum(0.93 * np.sqrt(np.maximum(1 - (y / (1.25 * HIGH)) ** 2, 0)), 0.75)
    over = (np.abs(x) < bare) & (y < hairline)
    last = np.where(over.any(1), np.maximum(over.argmax(1) - 1, 0), _POINTS - 1)
    kept = np.minimum(np.arange(_POINTS)[None], last[:, None])
    return np.take_along_axis(curves, kept[..., None], axis=1)


def coverage(sketch: Sketch, window: Window, curves: np.ndarray, width_m: np.ndarray) -> np.ndarray:
    """Share of each pixel of the window that the curves cover, float32 (h, w)."""
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    left, top = sketch.u[0, columns.start] - 0.5 / sketch.scale, sketch.v[rows.start, 0] + 0.5 / sketch.scale
    pixels = np.stack([curves[..., 0] - left, top - curves[..., 1]], axis=2) * (sketch.scale * FINE) - 0.5
    points = np.round(pixels * (1 << _SHIFT)).astype(np.int32)
    # OpenCV draws odd widths alone: 1 as asked for, and one more than an even number.
    thickness = np.maximum(2 * np.floor(width_m * sketch.scale * FINE / 2), 1).astype(int)
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    for thick in np.unique(thickness).tolist():
        cv2.polylines(fine, list(points[thickness == thick]), False, 255, thickness=thick, lineType=cv2.LINE_8, shift=_SHIFT)
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(_F) / _F(255)


def _normal(sketch: Sketch, window: Window, centre: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of a ball around the head."""
    x = np.clip((sketch.u[:, window[1]] - _F(centre[0])) / _F(1.35 * WIDE), -0.85, 0.85)
    y = np.clip((sketch.v[window[0]] - _F(centre[1])) / _F(1.35 * HIGH), -0.5, 0.85)
    x, y = np.broadcast_arrays(x, y)
    return x, y, np.sqrt(np.maximum(1 - x * x - y * y, _F(0.1)))
