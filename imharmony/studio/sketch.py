"""One object seen alone, painted part by part over the box of the picture that it can reach.

Parts are signed-distance shapes in the object's own metres (u right of its foot, v above the ground); their edges cover pixels
in part, so alpha is exact to about 1/50 of a pixel's area, and their normals are those of rounded bodies.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from imharmony.studio.chance import bounded, unit
from imharmony.studio.colours import Colour
from imharmony.studio.textures import patch, wave
from imharmony.studio.view import View

_F = np.float32
Point = tuple[float, float]
Window = tuple[slice, slice]


class Reach(NamedTuple):
    """How far an object extends from its foot, in its own metres."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True)
class Cloth:
    """What a surface is made of: a colour, perhaps a pattern of a second one, folds and uneven tone."""

    colour: Colour
    accent: Colour | None = None
    pattern: str = "plain"
    period: float = 0.1
    fold: float = 0.0
    mottle: float = 0.06

    @cached_property
    def planes(self) -> np.ndarray:
        """A sketch's planes of this cloth, unlit and flat, float32 (8, 1, 1)."""
        return np.array([1, *self.colour, 0, 0, 0, 1], _F)[:, None, None]


class Sketch:
    """An object at a place. ``planes`` (8, h, w): alpha, linear RGB albedo, normal, occlusion; all but alpha premultiplied by it."""

    def __init__(self, view: View, *, x: float, depth: float, size: float, reach: Reach, rng: np.random.Generator) -> None:
        self.scale = view.scale(depth) * size
        self.depth, self.x, self.size = depth, x, size
        foot_x, foot_y = view.column(x, depth), view.row(0.0, depth)
        self.left = int(bounded(foot_x + reach.left * self.scale, 0, view.width_px))
        self.top = int(bounded(foot_y - reach.top * self.scale, 0, view.height_px))
        right = int(bounded(np.ceil(foot_x + reach.right * self.scale), self.left, view.width_px))
        bottom = int(bounded(np.ceil(foot_y - reach.bottom * self.scale), self.top, view.height_px))
        self.shape = (bottom - self.top, right - self.left)
        self.u = ((np.arange(self.left, right, dtype=_F) + _F(0.5 - foot_x)) / _F(self.scale))[None]
        self.v = ((_F(foot_y - 0.5) - np.arange(self.top, bottom, dtype=_F)) / _F(self.scale))[:, None]
        self.planes = np.zeros((8, *self.shape), _F)
        self._corner = (rng.random(), rng.random())
        self._folds: np.ndarray | None = None

    @property
    def is_empty(self) -> bool:
        """The object lies outside the picture."""
        return 0 in self.shape

    @property
    def box(self) -> Window:
        """The rows and columns of the picture."""
        return slice(self.top, self.top + self.shape[0]), slice(self.left, self.left + self.shape[1])

    @property
    def folds(self) -> np.ndarray:
        """Uneven tone, float32 (h, w)."""
        if self._folds is None:
            share = (self.shape[0] / self.scale * 0.4, self.shape[1] / self.scale * 0.4)
            self._folds = patch("fold", self.shape, share=share, corner=self._corner)
        return self._folds

    def window(self, left: float, right: float, bottom: float, top: float) -> Window | None:
        """The pixels of a rectangle and one more on each side; None where that is outside the picture."""
        if self.is_empty:
            return None
        x0, y0 = (left - float(self.u[0, 0])) * self.scale, (float(self.v[0, 0]) - top) * self.scale
        x1, y1 = (right - float(self.u[0, 0])) * self.scale, (float(self.v[0, 0]) - bottom) * self.scale
        columns = slice(max(int(x0) - 1, 0), min(int(x1) + 3, self.shape[1]))
        rows = slice(max(int(y0) - 1, 0), min(int(y1) + 3, self.shape[0]))
        return (rows, columns) if columns.start < columns.stop and rows.start < rows.stop else None

    def paint(self, window: Window, cover: np.ndarray, cloth: Cloth, normal: tuple[np.ndarray | float, ...]) -> None:
        """Lays a part over what is there."""
        rows, columns = window
        part = np.empty((8, *cover.shape), _F)
        part[:] = cloth.planes
        self._pattern(part[1:4], cloth, rows, columns)
        part[4], part[5], part[6] = normal
        if cloth.fold:
            part[4] += self.folds[rows, columns] * _F(cloth.fold)
        below = self.planes[:, rows, columns]
        part -= below
        part *= cover
        below += part

    def _pattern(self, out: np.ndarray, cloth: Cloth, rows: slice, columns: slice) -> None:
        if cloth.accent is not None:
            share = PATTERNS[cloth.pattern](self.u[:, columns], self.v[rows], cloth.period)
            for channel in range(3):
                out[channel] += share * _F(cloth.accent[channel] - cloth.colour[channel])
        if cloth.mottle:
            out *= self.folds[rows, columns] * _F(cloth.mottle) + _F(1)

    def dim(self, window: Window, distance: np.ndarray, *, reach: float, strength: float) -> None:
        """Darkens what lies under an edge: ``distance`` (h, w) metres outside the part to come."""
        rows, columns = window
        near = unit(_F(1) - distance * _F(1 / reach))
        self.planes[7, rows, columns] *= _F(1) - _F(strength) * near * near

    def capsule(self, start: Point, end: Point, start_radius: float, end_radius: float, cloth: Cloth, *, dim: float = 0.0) -> None:
        """A limb: a tube from one point to another with round ends."""
        thick = max(start_radius, end_radius) + (0.05 if dim else 0)
        horizontal, vertical = sorted((start[0], end[0])), sorted((start[1], end[1]))
        window = self.window(horizontal[0] - thick, horizontal[1] + thick, vertical[0] - thick, vertical[1] + thick)
        if window is None:
            return
        du, dv = end[0] - start[0], end[1] - start[1]
        length = max(float(np.hypot(du, dv)), 1e-6)
        cu, cv = _F(du / length), _F(dv / length)
        across, up = self.u[:, window[1]] - _F(start[0]), self.v[window[0]] - _F(start[1])
        along, side = across * cu + up * cv, across * cv - up * cu
        share = unit(along * _F(1 / length))
        radius = share * _F(end_radius - start_radius) + _F(start_radius)
        along -= share * _F(length)
        distance = np.sqrt(side * side + along * along) - radius
        if dim:
            self.dim(window, distance, reach=0.05, strength=dim)
        cover = unit(_F(0.5) - distance * _F(self.scale))
        # The normal of the tube without its round ends: limbs then join without a crease.
        side /= radius
        front = np.sqrt(np.maximum(_F(1) - side * side, _F(0.04)))
        self.paint(window, cover, cloth, (side * cv, side * -cu, front))

    def ellipse(self, centre: Point, half_width: float, half_height: float, cloth: Cloth, *, round_: float = 1.0, dim: float = 0.0) -> None:
        """A ball or an egg; ``round_`` 0 makes it a flat disc that looks at the camera."""
        margin = 0.05 if dim else 0
        window = self.window(
            centre[0] - half_width - margin,
            centre[0] + half_width + margin,
            centre[1] - half_height - margin,
            centre[1] + half_height + margin,
        )
        if window is None:
            return
        qx = (self.u[:, window[1]] - _F(centre[0])) / _F(half_width)
        qy = (self.v[window[0]] - _F(centre[1])) / _F(half_height)
        square = qx * qx + qy * qy
        # First-order distance to an ellipse: f / |grad f| with f = |q| - 1.
        slope = np.sqrt((qx / _F(half_width)) ** 2 + (qy / _F(half_height)) ** 2) + _F(1e-6)
        length = np.sqrt(square)
        distance = (square - length) / slope
        if dim:
            self.dim(window, distance, reach=0.05, strength=dim)
        cover = unit(_F(0.5) - distance * _F(self.scale))
        front = np.sqrt(np.maximum(_F(1) - _F(round_**2) * square, _F(0.04)))
        self.paint(window, cover, cloth, (qx * _F(round_), qy * _F(round_), front))

    def lathe(self, profile: list[tuple[float, float, float]], cloth: Cloth, *, depth: float = 1.0, dim: float = 0.0) -> None:
        """A turned body, bottom to top: rows of (height, half width, centre); ``depth`` below 1 flattens it."""
        heights, widths, centres = (np.array(column) for column in zip(*profile, strict=True))
        margin = 0.05 if dim else 0
        sides = (float((centres - widths).min()) - margin, float((centres + widths).max()) + margin)
        window = self.window(*sides, float(heights[0]) - margin, float(heights[-1]) + margin)
        if window is None:
            return
        v = self.v[window[0]]
        width = np.interp(v, heights, widths).astype(_F)
        centre = np.interp(v, heights, centres).astype(_F)
        slope = np.interp(v, (heights[1:] + heights[:-1]) / 2, np.diff(widths) / np.maximum(np.diff(heights), 1e-6)).astype(_F)
        out = self.u[:, window[1]] - centre
        steep = _F(1) / np.sqrt(1 + slope * slope)
        distance = np.maximum((np.abs(out) - width) * steep, np.maximum(_F(heights[0]) - v, v - _F(heights[-1])))
        if dim:
            self.dim(window, distance, reach=0.05, strength=dim)
        cover = unit(_F(0.5) - distance * _F(self.scale))
        qx = out * (_F(depth) / np.maximum(width, _F(1e-3)))
        front = np.sqrt(np.maximum(_F(1) - qx * qx, _F(0.04)))
        self.paint(window, cover, cloth, (qx * steep, -slope * steep * front, front * steep))

    def facet(self, corners: list[Point], normal: tuple[float, float, float], cloth: Cloth, *, dim: float = 0.0) -> None:
        """A flat convex face, its corners anticlockwise."""
        us, vs = zip(*corners, strict=True)
        margin = 0.05 if dim else 0
        window = self.window(min(us) - margin, max(us) + margin, min(vs) - margin, max(vs) + margin)
        if window is None:
            return
        u, v = self.u[:, window[1]], self.v[window[0]]
        distance = np.full(np.broadcast_shapes(u.shape, v.shape), -1e3, _F)
        for (au, av), (bu, bv) in zip(corners, [*corners[1:], corners[0]], strict=True):
            length = float(np.hypot(bu - au, bv - av)) + 1e-9
            np.maximum(distance, (u - _F(au)) * _F((bv - av) / length) - (v - _F(av)) * _F((bu - au) / length), out=distance)
        if dim:
            self.dim(window, distance, reach=0.05, strength=dim)
        self.paint(window, unit(_F(0.5) - distance * _F(self.scale)), cloth, normal)


# Share of the accent colour at (u, v), one repeat every ``period`` metres.
PATTERNS = {
    "stripes": lambda u, v, period: wave(v + u * _F(0), period=period),
    "pinstripes": lambda u, v, period: wave(u + v * _F(0), period=period, duty=0.25),
    "checks": lambda u, v, period: (wave(u, period=period) + wave(v, period=period)) * _F(0.5),
    "dots": lambda u, v, period: wave(u, period=period, duty=0.5) * wave(v, period=period, duty=0.5),
    "band": lambda u, v, period: ((np.abs(v - _F(1.22)) < _F(period)) & (u > -9)).astype(_F),
    "print": lambda u, v, period: (np.square(u) + np.square(v - _F(1.24)) < _F(period * period)).astype(_F),
}
