"""Places under the sky."""

import numpy as np

from imharmony.studio.backdrop import FAR_M, Backdrop, blank, lay_ground, lay_over, lay_wall
from imharmony.studio.chance import bounded, choose
from imharmony.studio.colours import linear, pick
from imharmony.studio.light import Light
from imharmony.studio.materials import FLOORS_OUTSIDE, WALLS_OUTSIDE
from imharmony.studio.textures import SIDE, noise, patch, sample
from imharmony.studio.view import View

_F = np.float32
_LEAVES = [(72, 96, 44), (92, 116, 56), (58, 82, 48), (116, 118, 56), (150, 104, 48)]
_FACADES = [(196, 180, 156), (160, 120, 98), (206, 204, 198), (148, 150, 154), (186, 150, 112), (120, 110, 104)]

# (floors, what stands behind, probability)
_PLACES = {
    "park": (("grass",), ("trees", "hills"), 0.26),
    "street": (("asphalt", "paving", "concrete"), ("houses",), 0.24),
    "wall": (("paving", "concrete", "grass", "asphalt"), ("wall",), 0.22),
    "beach": (("sand",), ("sea",), 0.13),
    "field": (("grass", "snow"), ("hills", "trees"), 0.15),
}


def draw_outdoors(rng: np.random.Generator, view: View, light: Light, *, open_air: bool) -> Backdrop:
    """A place outdoors: sky, something far, ground, trees; ``open_air`` without a wall that hides what is far."""
    places = [place for name, place in _PLACES.items() if not (open_air and name == "wall")]
    floors, behind, _ = choose(rng, places, [weight for *_, weight in places])
    floor, far = choose(rng, floors), choose(rng, behind)
    backdrop = blank(view)
    _sky(backdrop, view, light, rng)
    if far in _FAR:
        _FAR[far](backdrop, view, light, rng)
    wall_m = rng.uniform(4.2, 7.5)
    first = lay_ground(backdrop, view, FLOORS_OUTSIDE[floor], rng, until_m=wall_m if far == "wall" else FAR_M)
    if far == "wall":
        kind = WALLS_OUTSIDE[choose(rng, list(WALLS_OUTSIDE))]
        lay_wall(backdrop, view, kind, rng, depth=wall_m, last=first, top_m=choose(rng, [1.3, 2.4, 6.0]))
    elif far == "sea":
        _sea(backdrop, view, light, rng)
    elif far in ("trees", "hills") and rng.random() < 0.8:
        _shrubs(backdrop, view, rng)
    if light.mood in ("daylight", "morning", "sunset"):
        _dapple(backdrop, rng)
    return backdrop


def _sky(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator) -> None:
    last = int(bounded(view.horizon_px + 1, 1, view.height_px))
    height = np.clip((view.horizon_px - np.arange(last, dtype=_F)[:, None]) / _F(0.5 * view.height_px), 0, 1)
    clouds = patch("cloud", (last, view.width_px), share=(0.23, 0.5), corner=(rng.random(), rng.random()))
    cover = np.clip((clouds - _F(rng.uniform(-0.6, 1.2))) * _F(0.9), 0, 0.85) * (_F(0.35) + _F(0.65) * height)
    white = 0.35 * np.array(light.horizon) + 0.5
    for channel in range(3):
        sky = _F(light.horizon[channel]) + height * _F(light.zenith[channel] - light.horizon[channel])
        backdrop.albedo[channel, :last] = sky + cover * (_F(white[channel]) - sky)
    backdrop.glow[:last] = 1
    bright = 1.25 * float(light.above.mean()) + 0.45 * float(light.colour.mean())
    backdrop.own = bright * (0.7 + 0.3 * light.above / light.above.mean())


def _outline(rng: np.random.Generator, width: int, *, texels: float) -> np.ndarray:
    kind = noise("cloud")[int(rng.integers(SIDE))]
    at = np.arange(width, dtype=_F) * _F(texels / width) + _F(rng.uniform(0, SIDE))
    whole = at.astype(np.int32)
    part = at - whole
    return kind[whole & (SIDE - 1)] * (1 - part) + kind[(whole + 1) & (SIDE - 1)] * part


def _band(view: View, heights: np.ndarray) -> tuple[slice, np.ndarray]:
    """Rows and cover of what rises ``heights`` (W,) pixels above the horizon."""
    heights = np.maximum(heights, 1)
    rows = slice(max(int(view.horizon_px - heights.max()) - 1, 0), int(bounded(view.horizon_px + 2, 1, view.height_px)))
    rise = _F(view.horizon_px) - (np.arange(rows.start, rows.stop, dtype=_F)[:, None] + _F(0.5))
    return rows, np.clip(heights[None] - rise + _F(0.5), 0, 1)


def _hazy(colour: np.ndarray, light: Light, haze: float) -> np.ndarray:
    return (colour * (1 - haze) + haze * (0.25 + 0.45 * np.array(light.horizon)))[:, None, None].astype(_F)


def _hills(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator) -> None:
    for haze, height in ((0.7, 0.17), (0.4, 0.09)):
        outline = np.maximum(0.6 + 0.35 * _outline(rng, view.width_px, texels=rng.uniform(5, 14)), 0.1) * height * view.height_px
        rows, cover = _band(view, outline)
        slope = np.gradient(outline)[None].astype(_F) * _F(-0.5)
        tree = patch("leaf", cover.shape, share=(0.18, 0.6), corner=(rng.random(), rng.random()))
        albedo = _hazy(np.array(pick(rng, _LEAVES)) * 1.15, light, haze) * (1 + _F(0.2 * (1 - haze)) * tree)
        lay_over(backdrop, rows, slice(None), cover, albedo, (slope, _F(0.55), _F(0.8)), FAR_M)


def _trees(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator) -> None:
    outline = (1 + 0.3 * _outline(rng, view.width_px, texels=rng.uniform(20, 55))) * rng.uniform(0.14, 0.34) * view.height_px
    rows, cover = _band(view, np.maximum(outline, 2))
    rise, width = rows.stop - rows.start, view.width_px
    corner = (rng.random(), rng.random())
    leaf = patch("leaf", (rise, width), share=(rise / 320, width / 320), corner=corner)
    clump = patch("cloud", (rise, width), share=(rise / 420, width / 420), corner=corner)
    albedo = _hazy(np.array(pick(rng, _LEAVES)), light, 0.12) * np.maximum(1 + _F(0.3) * leaf + _F(0.25) * clump, _F(0.3))
    lay_over(backdrop, rows, slice(None), cover, albedo, (leaf * _F(0.2), _F(0.4) + clump * _F(0.2), _F(0.8)), 30.0)
    backdrop.occlusion[rows] *= 1 - cover * _F(0.3)


def _sea(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator) -> None:
    """Water from the horizon to the shore, over the far end of the beach; it mirrors the sky in part."""
    first = int(bounded(view.horizon_px, 0, view.height_px - 2))
    last = int(bounded(view.horizon_px + (view.height_px - view.horizon_px) * rng.uniform(0.08, 0.3), first + 2, view.height_px))
    shape = (last - first, view.width_px)
    waves = patch("strand", (view.width_px, last - first), share=(0.6, 0.12), corner=(rng.random(), rng.random())).T
    near = np.linspace(0, 1, shape[0], dtype=_F)[:, None]
    shore = np.clip((near - _F(0.86) + waves * _F(0.06)) * 12, 0, 1)
    deep, shallow = np.array(linear((44, 92, 124)), _F)[:, None, None], np.array(linear((110, 160, 160)), _F)[:, None, None]
    albedo = (deep + near * (shallow - deep)) * (1 + _F(0.16) * waves)
    albedo = albedo + shore * (_F(0.75) - albedo)
    lay_over(backdrop, slice(first, last), slice(None), np.ones(shape, _F), albedo, (waves * _F(0.1), _F(0.9), _F(0.3)), FAR_M)
    backdrop.glow[first:last] = _F(0.55) * (1 - shore)
    backdrop.albedo[:, first] += _F(0.5) * (np.array(light.horizon, _F)[:, None] - backdrop.albedo[:, first])


def _houses(backdrop: Backdrop, view: View, light: Light, rng: np.random.Generator) -> None:
    column = 0
    while column < view.width_px:
        wide = int(view.width_px * rng.uniform(0.16, 0.42)) + 2
        high = view.height_px * rng.uniform(0.18, 0.6)
        columns = slice(column, min(column + wide, view.width_px))
        rows, cover = _band(view, np.full(columns.stop - columns.start, high, _F))
        _house(backdrop, light, rng, rows, columns, cover, floor_px=view.height_px * rng.uniform(0.07, 0.12))
        column += wide + choose(rng, [0, 0, 2, view.width_px // 12])


def _house(
    backdrop: Backdrop, light: Light, rng: np.random.Generator, rows: slice, columns: slice, cover: np.ndarray, *, floor_px: float
) -> None:
    down, across = np.mgrid[0 : cover.shape[0], 0 : cover.shape[1]].astype(_F)
    fv, fu = down / _F(floor_px) % 1, across / _F(floor_px * rng.uniform(0.7, 1.1)) % 1
    window = ((fv > 0.28) & (fv < 0.8) & (fu > 0.3) & (fu < 0.75)).astype(_F)
    facade, glass = np.array(pick(rng, _FACADES)), np.array(linear((66, 76, 92))) * rng.uniform(0.5, 1.6)
    grain = 1 + _F(0.06) * patch(
        "grain", cover.shape, share=(cover.shape[0] / 512, cover.shape[1] / 512), corner=(rng.random(), rng.random())
    )
    albedo = _hazy(facade, light, 0.1) * grain * (1 - window) + glass[:, None, None].astype(_F) * window
    turn = _F(rng.uniform(-0.7, 0.7))
    lay_over(backdrop, rows, columns, cover, albedo, (turn, _F(0), np.sqrt(1 - turn * turn)), 25.0)


def _shrubs(backdrop: Backdrop, view: View, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 5))):
        depth = rng.uniform(7, 22)
        scale = view.scale(depth)
        centre, radius = rng.uniform(0, view.width_px), rng.uniform(0.5, 1.6) * scale
        foot, trunk = view.row(0.0, depth), choose(rng, [0.25, 1.6]) * scale
        _trunk(backdrop, centre, foot, trunk, 0.12 * scale, depth)
        _foliage(backdrop, rng, (centre, foot - trunk - radius * 0.6), radius, depth)
        shadow = slice(max(int(foot - 0.12 * scale), 0), max(int(foot + 0.25 * scale), 0))
        spread = slice(max(int(centre - radius), 0), max(int(centre + radius), 0))
        backdrop.occlusion[shadow, spread] *= 1 - _F(0.4) * backdrop.ground[shadow, spread]


def _trunk(backdrop: Backdrop, centre: float, foot: float, height: float, half: float, depth: float) -> None:
    rows, columns = slice(max(int(foot - height), 0), max(int(foot), 0)), slice(max(int(centre - half), 0), max(int(centre + half) + 1, 0))
    part = backdrop.albedo[0, rows, columns]
    if part.size:
        q = np.linspace(-0.8, 0.8, part.shape[1], dtype=_F)[None]
        lay_over(backdrop, rows, columns, np.ones_like(part), _brown(), (q, _F(0), np.sqrt(1 - q * q)), depth)


def _brown() -> np.ndarray:
    return np.array(linear((88, 70, 54)), _F)[:, None, None]


def _foliage(backdrop: Backdrop, rng: np.random.Generator, centre: tuple[float, float], radius: float, depth: float) -> None:
    height, width = backdrop.depth.shape
    rows = slice(max(int(centre[1] - 1.25 * radius), 0), min(max(int(centre[1] + 1.25 * radius) + 1, 0), height))
    columns = slice(max(int(centre[0] - 1.25 * radius), 0), min(max(int(centre[0] + 1.25 * radius) + 1, 0), width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    qy = ((np.arange(rows.start, rows.stop, dtype=_F) - _F(centre[1])) / _F(-radius))[:, None]
    qx = ((np.arange(columns.start, columns.stop, dtype=_F) - _F(centre[0])) / _F(radius))[None]
    shape, corner = (rows.stop - rows.start, columns.stop - columns.start), (rng.random(), rng.random())
    leaf = patch("leaf", shape, share=(0.21, 0.21), corner=corner)
    distance = np.sqrt(qx * qx + qy * qy) + _F(0.09) * leaf - _F(0.95)
    cover = np.clip(_F(0.5) - distance * _F(max(radius * 0.6, 1.0)), 0, 1)
    albedo = np.array(pick(rng, _LEAVES), _F)[:, None, None] * np.maximum(1 + _F(0.35) * leaf, _F(0.25))
    front = np.sqrt(np.maximum(1 - qx * qx - qy * qy, _F(0.1)))
    lay_over(backdrop, rows, columns, cover, albedo, (qx + leaf * _F(0.3), qy + leaf * _F(0.3), front), depth)
    backdrop.occlusion[rows, columns] *= 1 - cover * (_F(0.25) - _F(0.25) * qy).clip(0, 0.5)


def _dapple(backdrop: Backdrop, rng: np.random.Generator) -> None:
    """Shadows of leaves or houses outside the picture, on the ground."""
    if rng.random() < 0.35:
        shape = backdrop.depth.shape
        u = np.arange(shape[1], dtype=_F)[None] / _F(shape[1] / 2) * backdrop.depth
        patches = sample("cloud", u, np.ascontiguousarray(backdrop.depth), period=rng.uniform(8, 16), shift=rng.random())
        backdrop.lit *= 1 - backdrop.ground * np.clip((patches - _F(0.5)) * 4, 0, _F(0.85))


_FAR = {"hills": _hills, "trees": _trees, "houses": _houses}
