"""Places under a roof."""

import numpy as np

from imharmony.studio.backdrop import Backdrop, blank, lay_ground, lay_over, lay_side_wall, lay_wall
from imharmony.studio.chance import bounded, choose
from imharmony.studio.colours import linear, pick, vivid
from imharmony.studio.light import Light
from imharmony.studio.materials import FLOORS_INSIDE, WALLS_INSIDE
from imharmony.studio.textures import wave
from imharmony.studio.view import View

_F = np.float32
_WOOD = [(120, 84, 56), (70, 50, 38), (176, 142, 102), (226, 222, 212), (46, 44, 46)]
_FACING = (_F(0), _F(0), _F(1))


def draw_indoors(rng: np.random.Generator, view: View, light: Light) -> Backdrop:
    """A room: floor, back wall, often a side wall, and what is on the wall."""
    backdrop = blank(view)
    depth = rng.uniform(4.4, 6.8)
    first = lay_ground(backdrop, view, FLOORS_INSIDE[choose(rng, list(FLOORS_INSIDE))], rng, until_m=depth)
    wall = WALLS_INSIDE[choose(rng, list(WALLS_INSIDE), [0.4, 0.2, 0.16, 0.14, 0.1])]
    lay_wall(backdrop, view, wall, rng, depth=depth, last=first, top_m=9.0)
    rug = rng.random() < 0.3
    if rug:
        _rug(backdrop, view, rng, depth)
    _skirting(backdrop, view, rng, depth)
    for _ in range(int(rng.integers(0, 4))):
        _picture(backdrop, view, rng, depth)
    if rng.random() < 0.5:
        _ON_THE_WALL[choose(rng, list(_ON_THE_WALL))](backdrop, view, light, rng, depth)
    if rng.random() < 0.55:
        side = choose(rng, [-1, 1]) * rng.uniform(1.3, 2.6)
        lay_side_wall(backdrop, view, wall, rng, x=side, until_m=depth)
    return backdrop


def _rectangle(view: View, depth: float, sides: tuple[float, float, float, float]) -> tuple[slice, slice]:
    left, right, bottom, top = sides
    columns = slice(*(int(bounded(round(view.column(x, depth)), 0, view.width_px)) for x in (left, right)))
    rows = slice(*(int(bounded(round(view.row(y, depth)), 0, view.height_px)) for y in (top, bottom)))
    return rows, columns


def _board(backdrop: Backdrop, view: View, depth: float, sides: tuple[float, float, float, float], colour: tuple) -> tuple[slice, slice]:
    rows, columns = _rectangle(view, depth, sides)
    backdrop.albedo[:, rows, columns] = np.array(colour, _F)[:, None, None]
    for channel, part in enumerate(_FACING):
        backdrop.normals[channel, rows, columns] = part
    return rows, columns


def _skirting(backdrop: Backdrop, view: View, rng: np.random.Generator, depth: float) -> None:
    _board(backdrop, view, depth, (-20, 20, 0.0, rng.uniform(0.07, 0.16)), pick(rng, _WOOD))


def _picture(backdrop: Backdrop, view: View, rng: np.random.Generator, depth: float) -> None:
    left, bottom, wide, high = rng.uniform(-2.6, 2.0), rng.uniform(1.2, 1.7), rng.uniform(0.35, 1.1), rng.uniform(0.35, 0.9)
    frame = 0.04
    _board(backdrop, view, depth, (left - frame, left + wide + frame, bottom - frame, bottom + high + frame), pick(rng, _WOOD))
    _board(backdrop, view, depth, (left, left + wide, bottom, bottom + high), vivid(rng, saturation=(0.1, 0.6), value=(90, 220)))
    middle, lower = left + wide * rng.uniform(0.2, 0.6), bottom + high * rng.uniform(0.1, 0.4)
    motif = (middle, min(middle + 0.4 * wide, left + wide), lower, min(lower + 0.4 * high, bottom + high))
    _board(backdrop, view, depth, motif, vivid(rng, saturation=(0.3, 0.9), value=(70, 230)))


def _window(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator, depth: float) -> None:
    left, wide = rng.uniform(-2.4, 1.2), rng.uniform(0.9, 1.5)
    outside = {"window": (226, 236, 246), "fluorescent": (206, 222, 236), "tungsten": (40, 48, 72), "evening": (52, 66, 118)}
    _board(backdrop, view, depth, (left - 0.07, left + wide + 0.07, 0.93, 2.37), linear((226, 222, 214)))
    rows, columns = _board(backdrop, view, depth, (left, left + wide, 1.0, 2.3), linear(outside.get(light.mood, (60, 60, 80))))
    backdrop.glow[rows, columns] = 1
    backdrop.own = np.full(3, 1.3 if light.mood in ("window", "fluorescent") else 0.7)
    bar = left + wide / 2
    for sides in ((bar - 0.025, bar + 0.025, 1.0, 2.3), (left, left + wide, 1.65, 1.69)):
        rows, columns = _board(backdrop, view, depth, sides, linear((216, 212, 204)))
        backdrop.glow[rows, columns] = 0


def _curtain(backdrop: Backdrop, view: View, _light: Light, rng: np.random.Generator, depth: float) -> None:
    left, wide = rng.uniform(-3, 1.6), rng.uniform(0.7, 1.6)
    rows, columns = _rectangle(view, depth, (left, left + wide, 0.05, 3.2))
    shape = backdrop.depth[rows, columns].shape
    if 0 in shape:
        return
    phase = np.linspace(0, wide / 0.16 * 2 * np.pi, shape[1], dtype=_F)[None]
    colour = np.array(vivid(rng, saturation=(0.15, 0.7), value=(110, 225)), _F)[:, None, None]
    x = np.broadcast_to(np.sin(phase) * _F(0.7), shape)
    lay_over(backdrop, rows, columns, np.ones(shape, _F), colour, (x, _F(0), np.sqrt(1 - x * x)), depth - 0.1)
    backdrop.occlusion[rows, columns] *= _F(0.82) + _F(0.18) * np.cos(phase)
    backdrop.wall[rows, columns] = 1


def _shelf(backdrop: Backdrop, view: View, _light: Light, rng: np.random.Generator, depth: float) -> None:
    left, wide, wood = rng.uniform(-2.6, 1.2), rng.uniform(0.8, 1.5), pick(rng, _WOOD)
    rows, columns = _board(backdrop, view, depth, (left, left + wide, 0.0, 2.0), wood)
    backdrop.occlusion[rows, columns] *= _F(0.6)
    for shelf in np.arange(0.1, 1.9, 0.38):
        x = left + 0.04
        while x < left + wide - 0.1:
            thick, high = rng.uniform(0.03, 0.09), rng.uniform(0.18, 0.31)
            _board(backdrop, view, depth, (x, x + thick, shelf, shelf + high), vivid(rng, saturation=(0.1, 0.8), value=(50, 220)))
            x += thick + choose(rng, [0.0, 0.0, 0.01, 0.12])


def _lamp(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator, depth: float) -> None:
    x, y = rng.uniform(-2, 2), rng.uniform(1.55, 2.1)
    near = depth - 0.3
    _board(backdrop, view, near, (x - 0.015, x + 0.015, 0.0, y), linear((60, 56, 52)))
    rows, columns = _board(backdrop, view, near, (x - 0.17, x + 0.17, y, y + 0.3), linear((250, 226, 186)))
    backdrop.glow[rows, columns] = 1
    backdrop.own = 2.0 * light.colour / light.colour.max()


def _rug(backdrop: Backdrop, view: View, rng: np.random.Generator, depth: float) -> None:
    near, far, half = rng.uniform(2.2, 2.8), depth - rng.uniform(0.4, 1.2), rng.uniform(0.9, 1.8)
    x = view.across() * backdrop.depth
    inside = backdrop.ground * (np.abs(x) < half) * (backdrop.depth > near) * (backdrop.depth < far)
    stripes = wave(backdrop.depth, period=rng.uniform(0.2, 0.5), sharpness=6)
    one, two = (np.array(vivid(rng, saturation=(0.2, 0.8), value=(70, 210)), _F)[:, None, None] for _ in range(2))
    backdrop.albedo += inside * (one + stripes * (two - one) - backdrop.albedo)


_ON_THE_WALL = {"window": _window, "curtain": _curtain, "shelf": _shelf, "lamp": _lamp}
