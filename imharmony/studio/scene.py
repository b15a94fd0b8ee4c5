"""One scene: a place, a light, figures and objects, photographed.

Scene ``index`` of a world depends on its number, the world's purpose and seed, and the picture's size alone.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.studio.backdrop import lit_backdrop
from imharmony.studio.casting import Actor, draw_cast
from imharmony.studio.categories import category_id
from imharmony.studio.indoors import draw_indoors
from imharmony.studio.light import Light, arrival, draw_light, incidence, length_of, shade, turned_by
from imharmony.studio.outdoors import draw_outdoors
from imharmony.studio.sensor import Sensor, capture, draw_sensor, exposure, through_lens
from imharmony.studio.shadows import cast
from imharmony.studio.sketch import Sketch
from imharmony.studio.view import draw_view
from imharmony.studio.worlds import Purpose, world_key

_F = np.float32
SMALLEST_PX, LARGEST_PX = 32, 2048
CROWD_EVERY = 20  # one scene of each so many has a crowd


@dataclass(frozen=True)
class Instance:
    """What is visible of one object, or of a crowd taken as one."""

    category_id: int
    category: str
    alpha: np.ndarray  # float32 (H, W) in [0, 1], as the lens draws it
    iscrowd: bool


@dataclass(frozen=True)
class Scene:
    """A photograph and what a renderer knows about it; all layers are as the lens draws them.

    Before vignetting, noise, clipping and sRGB encoding the photograph is ``albedo * shading``, in linear RGB.
    Normals: x right, y up, z towards the camera; the sky looks at the camera.
    """

    image: np.ndarray  # uint8 (H, W, 3) sRGB
    albedo: np.ndarray  # float32 (H, W, 3) linear, 0..1
    shading: np.ndarray  # float32 (H, W, 3) linear, exposure included
    normals: np.ndarray  # float32 (H, W, 3) of length 1
    light: Light  # exposure included
    sensor: Sensor
    instances: list[Instance]  # far to near


def render_scene(*, purpose: Purpose, seed: int, index: int, width_px: int, height_px: int, turned: float = 0.0) -> Scene:
    """Scene ``index`` of a world; with its light ``turned`` by so many radians around it, to the right as the camera sees it."""
    for name, size in (("width_px", width_px), ("height_px", height_px)):
        if not SMALLEST_PX <= size <= LARGEST_PX:
            raise InputError(f"{name} {size}: outside {SMALLEST_PX}..{LARGEST_PX}; expected a photograph's size in pixels")
    first, *world = world_key(purpose, seed)
    rng = numpy_rng(first, *world, index)
    crowded = index % CROWD_EVERY == stable_hash(first, "crowd", *world, index // CROWD_EVERY) % CROWD_EVERY
    indoors = bool(rng.random() < 0.46) and not crowded
    light, view = turned_by(draw_light(rng, indoors=indoors), turned), draw_view(rng, width_px=width_px, height_px=height_px)
    backdrop = draw_indoors(rng, view, light) if indoors else draw_outdoors(rng, view, light, open_air=crowded)
    actors = draw_cast(rng, view, indoors=indoors, room_m=backdrop.wall_m, crowded=crowded)
    for actor in actors:
        cast(actor.sketch, backdrop, view, light)
    frame = np.empty((9, height_px, width_px), _F)
    frame[:3] = backdrop.albedo
    np.multiply(backdrop.albedo, lit_backdrop(backdrop, view, light), out=frame[3:6])
    frame[6:] = backdrop.normals
    alphas = place(frame, actors, light)
    return photograph(frame, alphas, light, draw_sensor(rng, key=light.key), rng)


def place(frame: np.ndarray, actors: list[Actor], light: Light) -> list[Instance]:
    """Lays the actors over the backdrop, far to near; ``frame`` is albedo, radiance and normals."""
    visible: list[tuple[Actor, np.ndarray]] = []
    for actor in sorted(actors, key=lambda a: -a.sketch.depth):
        sketch = actor.sketch
        if sketch.is_empty:
            continue
        rows, columns = sketch.box
        alpha = sketch.planes[0]
        through = 1 - alpha
        box = frame[:, rows, columns]
        box *= through
        box += _lit(sketch, light)
        for _, earlier in visible:
            earlier[rows, columns] *= through
        own = np.zeros(frame.shape[1:], _F)
        own[rows, columns] = alpha
        visible.append((actor, own))
    return _grouped(visible)


def _lit(sketch: Sketch, light: Light) -> np.ndarray:
    """Albedo, radiance and normals of a sketch, premultiplied by its alpha, float32 (9, h, w)."""
    alpha, albedo, normals = sketch.planes[0], sketch.planes[1:4], sketch.planes[4:7]
    layers = np.empty((9, *sketch.shape), _F)
    layers[:3] = albedo
    unit = normals / length_of(normals)
    occlusion = sketch.planes[7] / np.maximum(alpha, _F(1e-6))
    chest = np.array([sketch.x, 0.7 * sketch.size * 1.7, -sketch.depth])
    direction, strength = arrival(light, chest)
    direct = incidence(unit, direction, wrap=0.1) * occlusion * _F(strength)
    shading = shade(unit, direct, occlusion, light)
    np.multiply(albedo, shading, out=layers[3:6])
    layers[6:] = unit * alpha
    return layers


def _grouped(visible: list[tuple[Actor, np.ndarray]]) -> list[Instance]:
    crowd = [alpha for actor, alpha in visible if actor.in_crowd]
    single = [Instance(category_id(actor.category), actor.category, alpha, False) for actor, alpha in visible if not actor.in_crowd]
    if crowd:
        single.insert(0, Instance(category_id("person"), "person", np.minimum(np.sum(crowd, axis=0), 1).astype(_F), True))
    return single


def photograph(frame: np.ndarray, instances: list[Instance], light: Light, sensor: Sensor, rng: np.random.Generator) -> Scene:
    """What the sensor makes of the frame and its instances, with the layers as the lens shows them."""
    albedo, radiance, normals = (through_lens(cv2.merge(list(frame[k : k + 3])), sensor) for k in (0, 3, 6))
    factor = _F(exposure(radiance, light.key))
    radiance *= factor
    np.clip(albedo, 1e-3, 1, out=albedo)
    normals /= np.sqrt(cv2.transform(normals * normals, np.ones((1, 3), _F)) + _F(1e-12))[..., None]
    bright = {name: getattr(light, name) * float(factor) for name in ("colour", "above", "below")}
    return Scene(
        image=capture(radiance, sensor, rng),
        albedo=albedo,
        shading=radiance / albedo,
        normals=normals,
        light=replace(light, **bright),
        sensor=sensor,
        instances=[replace(instance, alpha=_alpha_through_lens(instance.alpha, sensor)) for instance in instances],
    )


def _alpha_through_lens(alpha: np.ndarray, sensor: Sensor) -> np.ndarray:
    rows = np.flatnonzero(alpha.any(axis=1))
    if rows.size == 0:
        return alpha
    band = slice(max(int(rows[0]) - 2, 0), int(rows[-1]) + 3)
    alpha[band] = np.clip(through_lens(alpha[band], sensor), 0, 1)
    return alpha
