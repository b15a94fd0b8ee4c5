"""Where figures keep the light away from the ground and the wall behind them."""

import cv2
import numpy as np

from imharmony.studio.backdrop import Backdrop
from imharmony.studio.chance import bounded
from imharmony.studio.light import Light
from imharmony.studio.sketch import Sketch
from imharmony.studio.view import View

_F = np.float32
_NEAREST_M = 0.45
_FARTHEST_M = 200.0


def cast(sketch: Sketch, backdrop: Backdrop, view: View, light: Light) -> None:
    """Takes the direct light from where the sketch, as an upright board, stands before the lamp, and ambient from around its foot."""
    if sketch.is_empty:
        return
    _contact(sketch, backdrop, view)
    alpha = sketch.planes[0]
    ground = _shadow(sketch, alpha, view, light, wall_m=None)
    shadow = ground * backdrop.ground if ground is not None else None
    if backdrop.wall_m is not None and backdrop.wall_m > sketch.depth + 0.05:
        wall = _shadow(sketch, alpha, view, light, wall_m=backdrop.wall_m)
        if wall is not None:
            shadow = wall * backdrop.wall if shadow is None else shadow + wall * backdrop.wall
    if shadow is not None:
        backdrop.lit *= 1 - shadow


def _shadow(sketch: Sketch, alpha: np.ndarray, view: View, light: Light, *, wall_m: float | None) -> np.ndarray | None:
    """The board's alpha projected from the light onto the ground or the wall, float32 (H, W)."""
    height, width = alpha.shape
    for crop in (0.0, 0.25, 0.5, 0.7, 0.85):  # a shadow that runs behind the camera is cut
        top = int(height * crop)
        corners = [(0, top), (width, top), (width, height), (0, height)]
        landed = [_landing(sketch, (column, row), view, light, wall_m) for column, row in corners]
        points = [point for point in landed if point is not None]
        if len(points) == 4:
            source = np.array([(column - 0.5, row - top - 0.5) for column, row in corners], _F)
            target = np.array(points, _F) - _F(0.5)
            matrix = cv2.getPerspectiveTransform(source, target)
            shadow = cv2.warpPerspective(alpha[top:], matrix, (view.width_px, view.height_px))
            side = int(bounded(3.4 * light.softness * sketch.scale, 1, 0.2 * view.width_px)) | 1  # the half-shadow of a square lamp
            return cv2.blur(shadow, (side, side))
    return None


def _landing(sketch: Sketch, corner: tuple[float, float], view: View, light: Light, wall_m: float | None) -> tuple[float, float] | None:
    """Where in the picture the ray through a corner of the board lands; None if not before the camera."""
    x = view.x_at(sketch.left + corner[0], sketch.depth)
    y = view.eye_m - (sketch.top + corner[1] - view.horizon_px) * sketch.depth / view.focal_px
    point = np.array([x, y, -sketch.depth])
    way = point - light.position if light.position is not None else -light.direction
    if wall_m is None:
        if way[1] > -1e-3:
            return None
        hit = point - way * (y / way[1])
    else:
        if way[2] > -1e-3:
            return None
        hit = point + way * ((-wall_m - point[2]) / way[2])
    depth = -hit[2]
    if not _NEAREST_M < depth < _FARTHEST_M:
        return None
    return view.column(hit[0], depth), view.row(hit[1], depth)


def _contact(sketch: Sketch, backdrop: Backdrop, view: View) -> None:
    foot_y = view.row(0.0, sketch.depth)
    base = sketch.planes[0][max(int(sketch.shape[0] * 0.86), 0) :].max(axis=0, initial=0)
    touched = np.flatnonzero(base > 0.5)
    if touched.size == 0:
        return
    middle, half = sketch.left + (touched[0] + touched[-1] + 1) / 2, (touched[-1] - touched[0] + 1) / 2 + 0.07 * sketch.scale
    tall = max(0.16 * sketch.scale * view.eye_m / sketch.depth, 1.0)
    rows = slice(int(bounded(foot_y - 3 * tall, 0, view.height_px)), int(bounded(foot_y + 3 * tall, 0, view.height_px)))
    columns = slice(int(bounded(middle - 2 * half, 0, view.width_px)), int(bounded(middle + 2 * half, 0, view.width_px)))
    qy = (np.arange(rows.start, rows.stop, dtype=_F)[:, None] + _F(0.5 - foot_y)) / _F(tall)
    qx = (np.arange(columns.start, columns.stop, dtype=_F)[None] + _F(0.5 - middle)) / _F(half)
    dark = 1 - _F(0.62) * np.exp(-qy * qy - qx * qx) * backdrop.ground[rows, columns]
    backdrop.occlusion[rows, columns] *= dark
    backdrop.lit[rows, columns] *= 1 - (1 - dark) * _F(0.5)
