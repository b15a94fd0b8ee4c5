"""Things with hair-like, thin or translucent edges, one to a picture and cut out: what a matting network learns on before portraits.

They stand for the objects of Xu et al. 2017 (arXiv:1703.03872), whose pictures need Adobe's licence. None is a person, and nothing has a
head of hair. Thing ``index`` of ``seed`` depends on these two numbers and the picture's size alone. Pictures are uint8 sRGB (S, S, 3).
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from imharmony.running.seeds import numpy_rng
from imharmony.studio.backdrop import lit_backdrop
from imharmony.studio.casting import Actor
from imharmony.studio.chance import bounded, choose
from imharmony.studio.colours import Colour, cloth_colour, encode, pick
from imharmony.studio.indoors import draw_indoors
from imharmony.studio.light import draw_light
from imharmony.studio.objects import OBJECTS
from imharmony.studio.outdoors import draw_outdoors
from imharmony.studio.scene import photograph, place
from imharmony.studio.sensor import draw_sensor, exposure, through_lens
from imharmony.studio.sketch import Cloth, Reach, Sketch
from imharmony.studio.strands import coverage
from imharmony.studio.textures import sample
from imharmony.studio.view import View, draw_view

_F = np.float32
_WORLD = ("studio", "world", "things")  # as ``worlds.world_key`` has them: no picture is shared with another purpose
_ALONG = np.linspace(0, 1, 14)
_TONES = (0.65, 1.35, 0.85, 1.15, 1.0)  # the last lie over the others
_HAY = [(96, 122, 58), (150, 140, 84), (200, 186, 140), (70, 60, 48), (176, 120, 70)]
_METAL = [(120, 120, 124), (64, 66, 72), (186, 164, 132), (40, 40, 44)]
_VEIL = Reach(-0.6, 0.6, 0.0, 1.0)


class Thing(NamedTuple):
    """A thing cut out: its own colours wherever it covers something, and how much of each pixel it covers."""

    foreground: np.ndarray  # uint8 (S, S, 3)
    alpha: np.ndarray  # uint8 (S, S)


def render_thing(*, seed: int, index: int, size_px: int) -> Thing:
    """One thing, in a light of its own."""
    rng = numpy_rng(*_WORLD, seed, "thing", index)
    light = draw_light(rng, indoors=bool(rng.random() < 0.5))
    sketch = KINDS[choose(rng, list(KINDS), [0.5, 0.18, 0.16, 0.16])](rng, size_px)
    frame = np.zeros((9, size_px, size_px), _F)
    (instance,) = place(frame, [Actor("teddy bear", sketch)], light)
    sensor = draw_sensor(rng, key=light.key)
    radiance, alpha = (through_lens(layer, sensor) for layer in (cv2.merge(list(frame[3:6])), instance.alpha))
    own = radiance / np.maximum(alpha, _F(1e-4))[..., None]
    seen = alpha > 0.02
    own[~seen] = own[seen].mean(0)  # nobody sees it
    return Thing(encode(own * _F(exposure(own, light.key))), np.rint(np.clip(alpha, 0, 1) * 255).astype(np.uint8))


def render_place(*, seed: int, index: int, size_px: int) -> np.ndarray:
    """A place without anybody and anything, uint8 (S, S, 3), to lay a thing over."""
    rng = numpy_rng(*_WORLD, seed, "place", index)
    indoors = bool(rng.random() < 0.5)
    light, view = draw_light(rng, indoors=indoors), draw_view(rng, width_px=size_px, height_px=size_px)
    backdrop = draw_indoors(rng, view, light) if indoors else draw_outdoors(rng, view, light, open_air=False)
    frame = np.empty((9, size_px, size_px), _F)
    frame[:3] = backdrop.albedo
    np.multiply(backdrop.albedo, lit_backdrop(backdrop, view, light), out=frame[3:6])
    frame[6:] = backdrop.normals
    return photograph(frame, [], light, draw_sensor(rng, key=light.key), rng).image


def furry(rng: np.random.Generator, size_px: int) -> Sketch:
    """An object of the studio's scenes, grown over with hair that stands off its outline."""
    paint, reach, _, _ = OBJECTS[choose(rng, list(OBJECTS))]
    sketch = _alone(rng, size_px, reach)
    paint(sketch, rng)
    length = reach.top * float(np.exp(rng.uniform(np.log(0.02), np.log(0.16))))
    roots, outward = _outline(sketch, rng, count=int(5 * size_px * rng.uniform(0.6, 1.6)))
    angle = np.arctan2(outward[:, 1], outward[:, 0]) + rng.normal(0, rng.uniform(0.1, 0.5), len(roots))
    droop = rng.uniform(-0.1, 0.7)
    _grow(sketch, _hairs(roots, angle, length * rng.uniform(0.4, 1.0, len(roots)), rng, droop=droop), _colour_of(sketch), rng)
    return sketch


def tuft(rng: np.random.Generator, size_px: int) -> Sketch:
    """Grass, a brush or a feather: a fan of stalks and nothing else."""
    sketch = _alone(rng, size_px, Reach(-0.6, 0.6, 0.0, 1.0))
    count = int(rng.integers(60, 400))
    roots = np.stack([rng.normal(0, rng.uniform(0.02, 0.2), count), rng.uniform(0.02, 0.1, count)], axis=1)
    angle = np.pi / 2 + rng.normal(0, rng.uniform(0.15, 0.6), count)
    _grow(sketch, _hairs(roots, angle, rng.uniform(0.4, 0.9, count), rng, droop=rng.uniform(0, 0.5)), pick(rng, _HAY), rng, thick=2.5)
    return sketch


def wires(rng: np.random.Generator, size_px: int) -> Sketch:
    """A tangle or a net of wires, some of them thinner than a pixel."""
    sketch = _alone(rng, size_px, Reach(-0.6, 0.6, 0.0, 1.0))
    count = int(rng.integers(8, 34))
    ends = rng.uniform((-0.55, 0.02), (0.55, 0.98), (3, count, 2))
    if rng.random() < 0.4:  # a net: straight, across and down
        ends[1] = (ends[0] + ends[2]) / 2
        across = rng.random(count) < 0.5
        ends[2, across, 1], ends[2, ~across, 0] = ends[0, across, 1], ends[0, ~across, 0]
        ends[1] = (ends[0] + ends[2]) / 2
    share = np.linspace(0, 1, 40)[None, :, None]
    curves = (1 - share) ** 2 * ends[0][:, None] + 2 * share * (1 - share) * ends[1][:, None] + share**2 * ends[2][:, None]
    _grow(sketch, curves, pick(rng, _METAL) if rng.random() < 0.6 else cloth_colour(rng), rng, thick=rng.uniform(1.5, 8.0))
    return sketch


def veil(rng: np.random.Generator, size_px: int) -> Sketch:
    """A cloth that lets light through, in folds, with a denser hem."""
    sketch = _alone(rng, size_px, _VEIL)
    wide, high, middle = rng.uniform(0.22, 0.42), rng.uniform(0.6, 0.92), rng.normal(0, 0.04)
    narrow = wide * rng.uniform(0.4, 1.0)
    profile = [(0.03, wide, middle), (0.5 * high, 0.5 * (wide + narrow), middle), (high, narrow, middle)]
    sketch.lathe(profile, Cloth(cloth_colour(rng), fold=0.3, mottle=0.08), depth=0.6)
    folds = sample("fold", *np.broadcast_arrays(sketch.u, sketch.v), period=rng.uniform(0.8, 2.5), shift=rng.random())
    hem = np.exp(-np.abs(sketch.v - _F(0.05)) / _F(0.015)) * _F(rng.uniform(0, 0.5))
    sketch.planes *= np.clip(_F(rng.uniform(0.25, 0.7)) + _F(rng.uniform(0.08, 0.2)) * folds + hem, _F(0.05), _F(0.97))
    return sketch


# What a thing may be.
KINDS: dict[str, Callable[[np.random.Generator, int], Sketch]] = {"furry": furry, "tuft": tuft, "wires": wires, "veil": veil}


def _alone(rng: np.random.Generator, size_px: int, reach: Reach) -> Sketch:
    """An empty sketch whose reach fills most of a picture."""
    scale = size_px * rng.uniform(0.72, 0.95) / max(reach.top - reach.bottom, reach.right - reach.left)
    focal = 1.6 * size_px
    depth, eye = focal / scale, 1.0
    horizon = size_px * rng.uniform(0.88, 0.96) - scale * eye
    view = View(size_px, size_px, focal, horizon, eye)
    wide = Reach(*(2.0 * side if side else -0.2 for side in reach))  # hairs reach farther
    return Sketch(view, x=view.x_at(size_px * bounded(rng.normal(0.5, 0.05), 0.4, 0.6), depth), depth=depth, size=1.0, reach=wide, rng=rng)


def _outline(sketch: Sketch, rng: np.random.Generator, *, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places near the edge of what is painted, in metres, and which way is out there, both float64 (count, 2)."""
    solid = (sketch.planes[0] > 0.5).astype(np.uint8)
    inside = cv2.GaussianBlur(cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), (0, 0), 2)
    rows, columns = np.nonzero(solid & (inside < max(0.03 * max(solid.shape), 2)))
    chosen = rng.integers(len(rows), size=count)
    rows, columns = rows[chosen], columns[chosen]
    out = -np.stack([cv2.Sobel(inside, cv2.CV_64F, 1, 0)[rows, columns], -cv2.Sobel(inside, cv2.CV_64F, 0, 1)[rows, columns]], axis=1)
    return np.stack([sketch.u[0, columns], sketch.v[rows, 0]], axis=1).astype(np.float64), out


def _hairs(roots: np.ndarray, angle: np.ndarray, length: np.ndarray, rng: np.random.Generator, *, droop: float) -> np.ndarray:
    """Curves float64 (count, points, 2) from their roots, bent and falling."""
    bend = rng.normal(0, 0.5, len(roots))
    course = angle[:, None] + bend[:, None] * _ALONG
    reach = length[:, None] * _ALONG
    x, y = roots[:, :1] + reach * np.cos(course), roots[:, 1:] + reach * np.sin(course) - droop * length[:, None] * _ALONG**2
    return np.stack([x, y], axis=2)


def _colour_of(sketch: Sketch) -> Colour:
    red, green, blue = (float(plane.sum() / max(sketch.planes[0].sum(), 1e-6)) for plane in sketch.planes[1:4])
    return red, green, blue


def _grow(sketch: Sketch, curves: np.ndarray, colour: Colour, rng: np.random.Generator, *, thick: float = 1.0) -> None:
    """Lays curves over what is there, darker ones first, each covering its share of the pixels."""
    low, high = curves.min((0, 1)), curves.max((0, 1))
    window = sketch.window(low[0], high[0], low[1], high[1])
    if window is None:
        return
    tone = rng.integers(len(_TONES), size=len(curves))
    width_m = rng.uniform(0.25, 0.9, len(curves)) * thick / sketch.scale
    for k, light in enumerate(_TONES):
        red, green, blue = (bounded(channel * light, 0, 0.95) for channel in colour)
        cover = coverage(sketch, window, curves[tone == k], width_m[tone == k])
        sketch.paint(window, cover, Cloth((red, green, blue), mottle=0), (0.0, 0.35, 0.94))
