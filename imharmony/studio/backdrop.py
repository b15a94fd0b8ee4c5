"""What stands behind the figures: planes that meet the camera's rays, and what hangs or grows on them."""

from dataclasses import dataclass

import numpy as np

from imharmony.studio.chance import bounded
from imharmony.studio.light import Light, incidence, length_of, shade, strength
from imharmony.studio.materials import Material
from imharmony.studio.view import View

_F = np.float32
FAR_M = 60.0


@dataclass
class Backdrop:
    """A picture without figures, still unlit. Arrays are float32, (3, H, W) or (H, W)."""

    albedo: np.ndarray
    normals: np.ndarray
    depth: np.ndarray  # metres
    occlusion: np.ndarray  # share of the ambient that arrives
    lit: np.ndarray  # share of the direct light that arrives
    glow: np.ndarray  # own light: shading of the sky, of lamps and windows, in units of `own`
    own: np.ndarray  # (3,) colour of that light
    ground: np.ndarray  # 1 where the ground is
    wall_m: float | None  # depth of a wall that can take a shadow
    wall: np.ndarray  # 1 where that wall is


def blank(view: View) -> Backdrop:
    """Nothing yet, infinitely far away."""
    shape = (view.height_px, view.width_px)
    normals = np.zeros((3, *shape), _F)
    normals[2] = 1
    ones, zeros = np.ones(shape, _F), np.zeros(shape, _F)
    return Backdrop(
        albedo=np.full((3, *shape), 0.5, _F),
        normals=normals,
        depth=np.full(shape, FAR_M, _F),
        occlusion=ones,
        lit=ones.copy(),
        glow=zeros,
        own=np.ones(3),
        ground=zeros.copy(),
        wall_m=None,
        wall=zeros.copy(),
    )


def lay_ground(backdrop: Backdrop, view: View, material: Material, rng: np.random.Generator, *, until_m: float) -> int:
    """Paints the ground up to a depth; returns the first row that is ground."""
    first = int(bounded(np.ceil(view.row(0.0, until_m) - 0.5), 0, view.height_px))
    if first == view.height_px:
        return first
    depth = np.minimum(_F(view.eye_m) / np.maximum(view.down()[first:], _F(1e-4)), _F(FAR_M))
    u = depth * view.across()
    v = np.broadcast_to(depth, u.shape).copy()
    albedo, tilt = material(rng, u, v, v / _F(view.focal_px))
    rows = slice(first, None)
    backdrop.albedo[:, rows] = albedo
    _set_normals(backdrop, rows, slice(None), (tilt[0], 1.0, tilt[1]))
    backdrop.depth[rows] = v
    backdrop.ground[rows] = 1
    return first


def lay_wall(
    backdrop: Backdrop, view: View, material: Material, rng: np.random.Generator, *, depth: float, last: int, top_m: float
) -> None:
    """Paints an upright wall that faces the camera, from its top down to row ``last``."""
    rows = slice(max(int(view.row(top_m, depth)), 0), last)
    if rows.start >= rows.stop:
        return
    v = np.broadcast_to(_F(view.eye_m) - view.down()[rows] * _F(depth), (rows.stop - rows.start, view.width_px)).copy()
    u = np.broadcast_to(view.across() * _F(depth), v.shape).copy()
    albedo, tilt = material(rng, u, v, np.full(v.shape, depth / view.focal_px, _F))
    backdrop.albedo[:, rows] = albedo
    _set_normals(backdrop, rows, slice(None), (tilt[0], tilt[1], 1.0))
    backdrop.depth[rows] = depth
    backdrop.wall[rows] = 1
    backdrop.glow[rows] = 0
    backdrop.wall_m = depth
    near = _F(1) - _F(0.45) * np.exp(-np.maximum(v, 0) / _F(0.18))
    backdrop.occlusion[rows] *= near


def lay_side_wall(backdrop: Backdrop, view: View, material: Material, rng: np.random.Generator, *, x: float, until_m: float) -> None:
    """Paints a wall on the left (x < 0) or right that runs away from the camera."""
    edge = int(bounded(view.column(x, until_m), 0, view.width_px))
    columns = slice(0, edge) if x < 0 else slice(edge, view.width_px)
    if columns.start >= columns.stop:
        return
    depth = _F(x) / view.across()[:, columns]
    v = _F(view.eye_m) - view.down() * depth
    u = np.broadcast_to(depth, v.shape).copy()
    albedo, tilt = material(rng, u, v, u / _F(view.focal_px))
    here = v > 0
    backdrop.albedo[:, :, columns] = np.where(here, albedo, backdrop.albedo[:, :, columns])
    facing = 1.0 if x < 0 else -1.0
    keep = backdrop.normals[:, :, columns].copy()
    _set_normals(backdrop, slice(None), columns, (facing, tilt[1], tilt[0]))
    backdrop.normals[:, :, columns] = np.where(here, backdrop.normals[:, :, columns], keep)
    backdrop.depth[:, columns] = np.where(here, u, backdrop.depth[:, columns])
    for mask in (backdrop.ground, backdrop.wall):
        mask[:, columns] *= ~here
    corner = _F(1) - _F(0.3) * np.exp((u - _F(until_m)) / _F(0.3))
    backdrop.occlusion[:, columns] = np.where(here, corner, backdrop.occlusion[:, columns])


def lay_over(backdrop: Backdrop, rows: slice, columns: slice, cover: np.ndarray, albedo: np.ndarray, normals: tuple, depth: float) -> None:
    """Lays something over the backdrop; ``cover`` (h, w), ``albedo`` (3, h, w) or (3, 1, 1)."""
    below = backdrop.albedo[:, rows, columns]
    below += cover * (albedo - below)
    below = backdrop.normals[:, rows, columns]
    for channel, value in enumerate(normals):
        below[channel] += cover * (value - below[channel])
    below /= length_of(below)
    for mask in (backdrop.ground, backdrop.wall, backdrop.glow):
        mask[rows, columns] *= 1 - cover
    backdrop.depth[rows, columns] += cover * (_F(depth) - backdrop.depth[rows, columns])


def lit_backdrop(backdrop: Backdrop, view: View, light: Light) -> np.ndarray:
    """Shading of the backdrop, float32 (3, H, W)."""
    direct = incidence(backdrop.normals, light.direction) if light.position is None else _lamp(backdrop, view, light, light.position)
    direct *= backdrop.lit
    shading = shade(backdrop.normals, direct, backdrop.occlusion, light)
    for channel in range(3):
        shading[channel] += backdrop.glow * (_F(backdrop.own[channel]) - shading[channel])
    return shading


def _lamp(backdrop: Backdrop, view: View, light: Light, position: np.ndarray) -> np.ndarray:
    x, y, z = (_F(c) for c in position)
    to_x = x - view.across() * backdrop.depth
    to_y = y - _F(view.eye_m) + view.down() * backdrop.depth
    to_z = z + backdrop.depth
    distance = np.sqrt(to_x * to_x + to_y * to_y + to_z * to_z)
    cosine = (backdrop.normals[0] * to_x + backdrop.normals[1] * to_y + backdrop.normals[2] * to_z) / distance
    return np.maximum(cosine, 0) * strength(light, distance)


def _set_normals(backdrop: Backdrop, rows: slice, columns: slice, parts: tuple) -> None:
    normals = backdrop.normals[:, rows, columns]
    for channel, part in enumerate(parts):
        normals[channel] = part
    normals /= length_of(normals)
