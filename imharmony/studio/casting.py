"""Who and what is in a scene, and where."""

from dataclasses import dataclass

import numpy as np

from imharmony.studio.chance import bounded, choose
from imharmony.studio.figures import sketch_passer_by, sketch_person
from imharmony.studio.objects import OBJECTS, sketch_object, sketch_umbrella
from imharmony.studio.sketch import Sketch
from imharmony.studio.view import View


@dataclass(frozen=True)
class Actor:
    """One object of the scene."""

    category: str
    sketch: Sketch
    in_crowd: bool = False


def draw_cast(rng: np.random.Generator, view: View, *, indoors: bool, room_m: float | None, crowded: bool) -> list[Actor]:
    """Most scenes: one to four people and up to three objects; some without people; a far crowd where ``crowded``."""
    people = choose(rng, [0, 1, 2, 3, 4], [0.08, 0.34, 0.32, 0.17, 0.09])
    things = choose(rng, [0, 1, 2, 3], [0.34, 0.38, 0.2, 0.08]) + (people == 0)
    farthest = (room_m or 14.0) - 0.7
    actors = _people(rng, view, people, farthest)
    actors += _things(rng, view, things, farthest, indoors=indoors)
    if crowded:
        actors += _crowd(rng, view)
    return actors


def _people(rng: np.random.Generator, view: View, count: int, farthest: float) -> list[Actor]:
    actors: list[Actor] = []
    places = _spread(rng, count)
    for place in places:
        tall = 1.7 * bounded(rng.normal(1.0, 0.06), 0.86, 1.14) if rng.random() < 0.85 else rng.uniform(1.0, 1.4)
        share = float(np.exp(rng.uniform(np.log(0.42), np.log(1.25 if count < 3 else 0.9))))  # of the picture's height
        depth = bounded(view.focal_px * tall / (share * view.height_px), 1.0, farthest)
        x = view.x_at(place * view.width_px, depth)
        sketch, hand = sketch_person(view, rng, x=x, depth=depth, height_m=tall)
        actors.append(Actor("person", sketch))
        if rng.random() < 0.06 and hand[1] < 1.5:
            actors.append(Actor("umbrella", sketch_umbrella(view, rng, x=x, depth=depth, height_m=tall, hand=hand)))
    return actors


def _things(rng: np.random.Generator, view: View, count: int, farthest: float, *, indoors: bool) -> list[Actor]:
    names = [name for name, (_, _, inside, outside) in OBJECTS.items() if (inside if indoors else outside)]
    actors = []
    for place in rng.uniform(0.06, 0.94, count):
        depth = min(rng.uniform(2.2, 5.0), farthest)
        name = choose(rng, names)
        actors.append(Actor(name, sketch_object(name, view, rng, x=view.x_at(place * view.width_px, depth), depth=depth)))
    return actors


def _crowd(rng: np.random.Generator, view: View) -> list[Actor]:
    depth, middle = rng.uniform(11, 17), rng.uniform(0.15, 0.85) * view.width_px
    actors = []
    for step in range(int(rng.integers(6, 12))):
        away = depth + rng.uniform(-0.8, 0.8)
        x = view.x_at(middle, depth) + (step - 4) * rng.uniform(0.4, 0.6)
        actors.append(Actor("person", sketch_passer_by(view, rng, x=x, depth=away), in_crowd=True))
    return actors


def _spread(rng: np.random.Generator, count: int) -> np.ndarray:
    """Places across the picture, 0..1, that seldom hide each other."""
    if count == 1:
        return np.clip(rng.normal(0.5, 0.17, 1), 0.12, 0.88)
    slots = (np.arange(count) + 0.5) / max(count, 1)
    return np.clip(slots + rng.normal(0, 0.22 / max(count, 1), count), 0.05, 0.95)
