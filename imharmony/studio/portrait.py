"""A portrait: one person from the chest up, large in the frame, before a backdrop out of focus; every hair has its alpha.

Portrait ``index`` of ``seed`` depends on these two numbers and the picture's size alone.
"""

from dataclasses import replace

import cv2
import numpy as np

from imharmony.running.seeds import numpy_rng
from imharmony.studio.backdrop import lit_backdrop
from imharmony.studio.casting import Actor
from imharmony.studio.chance import bounded
from imharmony.studio.colours import SKIN, pick
from imharmony.studio.figures import Outfit, draw_outfit
from imharmony.studio.heads import HIGH, Head, draw_hair
from imharmony.studio.indoors import draw_indoors
from imharmony.studio.light import draw_light
from imharmony.studio.outdoors import draw_outdoors
from imharmony.studio.scene import Scene, photograph, place
from imharmony.studio.sensor import draw_sensor
from imharmony.studio.shadows import cast
from imharmony.studio.sketch import Cloth, Point, Reach, Sketch
from imharmony.studio.strands import paint_strands
from imharmony.studio.view import View
from imharmony.studio.worlds import world_key

_F = np.float32
CHEST, HEAD = 1.37, 1.575  # metres above the ground, of a person of 1.7 m
_REACH = Reach(-0.7, 0.7, -0.1, 2.0)
_SHOULDER = 0.178  # half the way between the shoulders' joints
_COARSE = 0.006  # fuzz of the hair below the strands, metres


def render_portrait(*, seed: int, index: int, width_px: int, height_px: int) -> Scene:
    """Portrait ``index`` of a world; its one instance is the person."""
    rng = numpy_rng(*world_key("portraits", seed), index)
    indoors = bool(rng.random() < 0.5)
    light = draw_light(rng, indoors=indoors)
    tall = bounded(rng.normal(1.0, 0.05), 0.88, 1.12)
    view, depth = draw_close_view(rng, width_px=width_px, height_px=height_px, tall=tall)
    backdrop = draw_indoors(rng, view, light) if indoors else draw_outdoors(rng, view, light, open_air=False)
    sketch = sketch_bust(view, rng, depth=depth, tall=tall)
    cast(sketch, backdrop, view, light)
    frame = np.empty((9, height_px, width_px), _F)
    frame[:3] = backdrop.albedo
    np.multiply(backdrop.albedo, lit_backdrop(backdrop, view, light), out=frame[3:6])
    frame[6:] = backdrop.normals
    out_of_focus = height_px * rng.uniform(0.0015, 0.011)
    for plane in frame:
        cv2.GaussianBlur(plane, (0, 0), out_of_focus, dst=plane)
    instances = place(frame, [Actor("person", sketch)], light)
    return photograph(frame, instances, light, draw_sensor(rng, key=light.key), rng)


def draw_close_view(rng: np.random.Generator, *, width_px: int, height_px: int, tall: float) -> tuple[View, float]:
    """A long lens at eye level, and how far from it a person of ``tall`` times 1.7 m stands to fill the frame."""
    focal = max(width_px, height_px) * rng.uniform(1.5, 2.4)
    seen_m = rng.uniform(0.52, 0.74)  # of a person of 1.7 m, in the picture's height
    scale = height_px / seen_m
    above = rng.uniform(0.085, 0.125)  # hair and air over the head, metres
    eye = tall * HEAD + rng.normal(0, 0.05)
    horizon = scale * (above + HEAD + HIGH - eye / tall)
    return View(width_px, height_px, focal, horizon, eye), focal * tall / scale


def sketch_bust(view: View, rng: np.random.Generator, *, depth: float, tall: float) -> Sketch:
    """A person seen from near, looking about into the camera."""
    x = view.x_at((0.5 + bounded(rng.normal(0, 0.04), -0.1, 0.1)) * view.width_px, depth)
    sketch = Sketch(view, x=x, depth=depth, size=tall, reach=_REACH, rng=rng)
    build = bounded(rng.normal(1.0, 0.09), 0.84, 1.22)
    outfit, skin = draw_outfit(rng), Cloth(pick(rng, SKIN), mottle=0.015)
    hair = replace(draw_hair(rng), hat=None)
    core = replace(hair, fuzz=min(hair.fuzz, _COARSE), curl=0.4 * hair.curl, volume=0.8 * hair.volume)
    centre = (float(rng.normal(0, 0.018)), HEAD + float(rng.normal(0, 0.006)))
    head = Head(centre, core, skin, turn=float(rng.uniform(-0.9, 0.9)), from_behind=False, rng=rng)
    head.paint_behind(sketch)
    _trunk(sketch, outfit, skin, centre, build)
    _arms(sketch, outfit, build, rng)
    head.paint(sketch)
    paint_strands(sketch, centre, hair, rng)
    return sketch


def _arms(sketch: Sketch, outfit: Outfit, build: float, rng: np.random.Generator) -> None:
    for side in (-1, 1):
        shoulder = (side * _SHOULDER * build, CHEST - 0.06)
        elbow = (side * (0.215 * build + rng.uniform(0.0, 0.05)), CHEST - 0.6)  # below the frame
        sketch.capsule(shoulder, elbow, 0.058 * build, 0.052 * build, outfit.jacket or outfit.top, dim=0.12)


def _trunk(sketch: Sketch, outfit: Outfit, skin: Cloth, head: Point, build: float) -> None:
    sketch.lathe(_profile(build), outfit.jacket or outfit.top, depth=0.8, dim=0.3)
    middle = 0.3 * head[0]
    if outfit.jacket:
        below = (middle, CHEST - 0.3)
        sketch.facet([below, (middle + 0.075, CHEST + 0.07), (middle - 0.075, CHEST + 0.07)], (0.0, 0.1, 0.99), outfit.top, dim=0.3)
    if outfit.sleeve < 0.9:  # a round neck
        sketch.ellipse((middle, CHEST + 0.055), 0.07, 0.058, skin, round_=0.25)
    else:  # buttoned up to the neck
        sketch.ellipse((middle, CHEST + 0.075), 0.066, 0.035, outfit.top, round_=0.5, dim=0.2)
    sketch.capsule((middle, CHEST + 0.055), (head[0], HEAD - 0.06), 0.056 * (0.8 + 0.2 * build), 0.05, skin)
    sketch.dim((slice(0, sketch.shape[0]), slice(0, sketch.shape[1])), _below_chin(sketch, head), reach=0.06, strength=0.35)


def _below_chin(sketch: Sketch, head: Point) -> np.ndarray:
    """Distance from the chin's shadow on the neck, metres."""
    return np.hypot(sketch.u - _F(head[0]), 1.6 * (sketch.v - _F(HEAD - HIGH)))


def _profile(build: float) -> list[tuple[float, float, float]]:
    """Half widths of the trunk from the waist to the neck, without a crease: steps of 1 cm, averaged over 11."""
    height = np.arange(CHEST - 0.7, CHEST + 0.21, 0.01)
    width = np.interp(height, [CHEST - 0.45, CHEST - 0.03, CHEST + 0.07, CHEST + 0.13], [0.155 * build, 0.21 * build, 0.09, 0.04])
    window = np.hanning(13)[1:-1]
    smooth = np.convolve(width, window / window.sum(), "valid")
    return [(float(v), float(w), 0.0) for v, w in zip(height[5:-5], smooth, strict=True)]
