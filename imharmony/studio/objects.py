"""Things that are not people, each painted at a place on the ground."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from imharmony.studio.chance import choose
from imharmony.studio.colours import NEUTRAL, cloth_colour, linear, pick, vivid
from imharmony.studio.sketch import Cloth, Point, Reach, Sketch
from imharmony.studio.view import View

_WOOD = [(120, 84, 56), (84, 60, 44), (186, 150, 108), (52, 48, 48)]
_FUR = [(150, 108, 68), (60, 46, 38), (206, 188, 158), (110, 104, 100), (232, 226, 214)]
_GREEN = [(70, 110, 56), (92, 130, 66), (60, 92, 62), (124, 140, 72)]


def _dark(cloth: Cloth, share: float) -> Cloth:
    red, green, blue = cloth.colour
    return replace(cloth, colour=(red * share, green * share, blue * share))


def potted_plant(sketch: Sketch, rng: np.random.Generator) -> None:
    """A pot and leaves that fan out of it."""
    high, wide = rng.uniform(0.24, 0.4), rng.uniform(0.13, 0.2)
    pot = Cloth(pick(rng, [(176, 98, 66), (222, 218, 208), (80, 84, 90), (140, 150, 150)]), mottle=0.05)
    leaves = Cloth(pick(rng, _GREEN), mottle=0.2, fold=0.2)
    for _ in range(int(rng.integers(9, 14))):
        angle, length = np.deg2rad(rng.normal(0, 42)), rng.uniform(0.3, 0.75)
        bend = (float(np.sin(angle)) * length * 0.55, high + float(np.cos(angle)) * length * 0.6)
        tip = (bend[0] * 1.9, bend[1] + float(np.cos(angle * 1.5)) * length * 0.34)
        leaf = _dark(leaves, rng.uniform(0.7, 1.25))
        sketch.capsule((0, high), bend, 0.012, 0.042, leaf)
        sketch.capsule(bend, tip, 0.042, 0.006, leaf, dim=0.2)
    sketch.lathe([(0, wide * 0.72, 0), (high * 0.85, wide, 0), (high * 0.86, wide * 1.1, 0), (high, wide * 1.1, 0)], pot, dim=0.3)


def sports_ball(sketch: Sketch, rng: np.random.Generator) -> None:
    """A ball with a coloured field."""
    radius = rng.uniform(0.11, 0.16)
    skin = Cloth(vivid(rng, saturation=(0.0, 0.85), value=(190, 240)), mottle=0.0)
    sketch.ellipse((0, radius), radius, radius, skin)
    spot = (radius * rng.uniform(-0.3, 0.3), radius * rng.uniform(0.8, 1.3))
    patch = Cloth(cloth_colour(rng), mottle=0.0)
    sketch.ellipse(spot, radius * 0.42, radius * 0.4, patch, round_=0.45)
    sketch.capsule((-radius * 0.85, radius * 0.8), (radius * 0.7, radius * 0.45), 0.008, 0.008, patch)


def suitcase(sketch: Sketch, rng: np.random.Generator) -> None:
    """A trolley case: front and side, wheels, handle."""
    wide, high, side = rng.uniform(0.2, 0.26), rng.uniform(0.52, 0.72), choose(rng, [-1, 1])
    shell, metal = Cloth(cloth_colour(rng), mottle=0.03), Cloth(linear((120, 120, 124)), mottle=0)
    for u in (-wide * 0.8, wide * 0.8):
        sketch.ellipse((u, 0.03), 0.03, 0.03, Cloth(linear((40, 40, 42)), mottle=0))
    for u in (-0.09, 0.09):
        sketch.capsule((u, high), (u, high + 0.3), 0.009, 0.009, metal)
    sketch.capsule((-0.1, high + 0.3), (0.1, high + 0.3), 0.014, 0.014, Cloth(linear((44, 44, 46)), mottle=0))
    edge = [(side * wide, 0.05), (side * (wide + 0.1), 0.09), (side * (wide + 0.1), high + 0.01), (side * wide, high)]
    sketch.facet(edge if side > 0 else edge[::-1], (side * 0.93, 0.0, 0.37), shell)
    sketch.facet([(-wide, 0.05), (wide, 0.05), (wide, high), (-wide, high)], (-side * 0.3, 0.05, 0.95), shell)
    for u in np.linspace(-wide * 0.65, wide * 0.65, 4):
        sketch.capsule((float(u), 0.1), (float(u), high - 0.05), 0.012, 0.012, _dark(shell, 0.92), dim=0.25)


def chair(sketch: Sketch, rng: np.random.Generator) -> None:
    """Four legs, a seat and a back."""
    wood, half, seat = Cloth(pick(rng, _WOOD), mottle=0.06), rng.uniform(0.2, 0.24), rng.uniform(0.43, 0.48)
    cushion = wood if rng.random() < 0.4 else Cloth(cloth_colour(rng), fold=0.08)
    top = seat + rng.uniform(0.4, 0.52)
    for u in (-half * 0.9, half * 0.9):
        sketch.capsule((u, 0.1), (u * 1.02, seat + 0.08), 0.018, 0.02, _dark(wood, 0.75))
    for u in (-half, half):
        sketch.capsule((u * 0.96, seat + 0.06), (u * 0.9, top), 0.022, 0.018, wood)
    for share in (0.35, 0.65, 0.95):
        v = seat + (top - seat) * share
        sketch.facet(
            [(-half * 0.93, v - 0.04), (half * 0.93, v - 0.04), (half * 0.93, v + 0.04), (-half * 0.93, v + 0.04)], (0, 0.1, 0.99), wood
        )
    sketch.facet(
        [(-half * 1.12, seat), (half * 1.12, seat), (half * 0.95, seat + 0.1), (-half * 0.95, seat + 0.1)], (0, 0.96, 0.28), cushion
    )
    sketch.facet(
        [(-half * 1.12, seat - 0.05), (half * 1.12, seat - 0.05), (half * 1.12, seat), (-half * 1.12, seat)], (0, 0, 1), _dark(cushion, 0.9)
    )
    for u in (-half, half):
        sketch.capsule((u * 1.04, 0.02), (u * 1.04, seat - 0.03), 0.02, 0.026, wood, dim=0.2)


def vase(sketch: Sketch, rng: np.random.Generator) -> None:
    """A floor vase, perhaps with twigs."""
    high, belly = rng.uniform(0.42, 0.7), rng.uniform(0.11, 0.17)
    accent = cloth_colour(rng) if rng.random() < 0.5 else None
    clay = Cloth(vivid(rng, saturation=(0.05, 0.7), value=(110, 235)), accent, "stripes", rng.uniform(0.08, 0.16), mottle=0.03)
    for _ in range(int(rng.integers(0, 6))):
        tip = (rng.normal(0, 0.16), high + rng.uniform(0.2, 0.45))
        sketch.capsule((0, high - 0.02), tip, 0.006, 0.004, Cloth(linear((96, 84, 56)), mottle=0))
        sketch.ellipse(tip, 0.035, 0.035, Cloth(vivid(rng, saturation=(0.2, 0.8), value=(180, 240)), mottle=0.1))
    profile = [(0, 0.55), (0.15, 0.75), (0.42, 1.0), (0.62, 0.85), (0.82, 0.42), (0.94, 0.45), (1.0, 0.55)]
    sketch.lathe([(v * high, w * belly, 0.0) for v, w in profile], clay)


def umbrella(sketch: Sketch, rng: np.random.Generator, *, hand: Point = (0.3, 1.0)) -> None:
    """An open umbrella over a hand, its gores alternating."""
    u, v = hand
    lean, rim = rng.normal(0, 0.04), v + rng.uniform(0.62, 0.78)
    wide, rise = rng.uniform(0.46, 0.58), rng.uniform(0.22, 0.3)
    fabric = Cloth(vivid(rng, saturation=(0.2, 0.95), value=(90, 235)), mottle=0.03)
    other = Cloth(cloth_colour(rng), mottle=0.03) if rng.random() < 0.4 else _dark(fabric, 0.9)
    middle = u + lean
    sketch.capsule((u, v - 0.06), (middle, rim + rise), 0.011, 0.009, Cloth(linear((70, 60, 54)), mottle=0))
    dome = [(0.0, 1.0), (0.3, 0.93), (0.6, 0.74), (0.85, 0.42), (1.0, 0.04)]
    sketch.lathe([(rim + h * rise, w * wide, middle) for h, w in dome], fabric, dim=0.4)
    sketch.lathe([(rim + h * rise, w * wide * 0.42, middle) for h, w in dome], other, depth=0.4)


def teddy_bear(sketch: Sketch, rng: np.random.Generator) -> None:
    """A large toy bear that sits."""
    fur = Cloth(pick(rng, _FUR), mottle=0.1, fold=0.15)
    dark = Cloth(linear((30, 24, 22)), mottle=0)
    for side in (-1, 1):
        sketch.ellipse((side * 0.11, 0.58), 0.05, 0.05, fur)
        sketch.capsule((side * 0.14, 0.32), (side * 0.24, 0.16), 0.06, 0.055, fur)
    sketch.ellipse((0, 0.2), 0.17, 0.2, fur)
    sketch.ellipse((0, 0.47), 0.145, 0.135, fur, dim=0.4)
    sketch.ellipse((0, 0.43), 0.06, 0.048, _dark(fur, 1.25))
    for side in (-1, 1):
        sketch.capsule((side * 0.1, 0.09), (side * 0.2, 0.075), 0.075, 0.075, fur, dim=0.3)
        sketch.ellipse((side * 0.055, 0.5), 0.014, 0.014, dark)
    sketch.ellipse((0, 0.445), 0.02, 0.014, dark)


def dog(sketch: Sketch, rng: np.random.Generator) -> None:
    """A dog seen from its side."""
    fur, way = Cloth(pick(rng, _FUR), mottle=0.1, fold=0.12), choose(rng, [-1, 1])
    for u in (-0.22, 0.2):
        sketch.capsule((way * (u + 0.05), 0.34), (way * (u + 0.06), 0.03), 0.05, 0.03, _dark(fur, 0.72))
    sketch.capsule((-way * 0.28, 0.42), (-way * 0.46, 0.6), 0.03, 0.015, fur)
    sketch.capsule((-way * 0.2, 0.39), (way * 0.2, 0.41), 0.11, 0.125, fur)
    for u in (-0.25, 0.22):
        sketch.capsule((way * u, 0.34), (way * u, 0.035), 0.062, 0.032, fur, dim=0.2)
    sketch.capsule((way * 0.24, 0.46), (way * 0.34, 0.6), 0.085, 0.075, fur)
    sketch.capsule((way * 0.36, 0.62), (way * 0.5, 0.585), 0.085, 0.04, fur, dim=0.25)
    sketch.ellipse((way * 0.53, 0.6), 0.02, 0.018, Cloth(linear((24, 20, 20)), mottle=0))
    sketch.ellipse((way * 0.4, 0.655), 0.012, 0.012, Cloth(linear((24, 18, 16)), mottle=0))
    sketch.capsule((way * 0.31, 0.68), (way * 0.29, 0.57), 0.03, 0.022, _dark(fur, 0.6))


def bench(sketch: Sketch, rng: np.random.Generator) -> None:
    """A park bench from the front."""
    wood, iron = Cloth(pick(rng, _WOOD), mottle=0.1), Cloth(pick(rng, NEUTRAL), mottle=0)
    for side in (-1, 1):
        sketch.capsule((side * 0.6, 0.02), (side * 0.6, 0.86), 0.03, 0.025, iron)
    for v in (0.62, 0.72, 0.82):
        sketch.facet([(-0.75, v - 0.04), (0.75, v - 0.04), (0.75, v + 0.035), (-0.75, v + 0.035)], (0, 0.2, 0.98), wood)
    for v, half in ((0.47, 0.76), (0.43, 0.8)):
        sketch.facet([(-half - 0.02, v - 0.02), (half + 0.02, v - 0.02), (half, v + 0.018), (-half, v + 0.018)], (0, 0.95, 0.3), wood)
    for side in (-1, 1):
        sketch.capsule((side * 0.66, 0.02), (side * 0.66, 0.4), 0.032, 0.03, iron, dim=0.2)


# category -> (how it is painted, how far it reaches from its foot, whether it stands indoors, outdoors)
OBJECTS: dict[str, tuple[Callable[[Sketch, np.random.Generator], None], Reach, bool, bool]] = {
    "potted plant": (potted_plant, Reach(-1.0, 1.0, -0.05, 1.3), True, True),
    "sports ball": (sports_ball, Reach(-0.25, 0.25, -0.05, 0.4), True, True),
    "suitcase": (suitcase, Reach(-0.42, 0.42, -0.05, 1.1), True, True),
    "chair": (chair, Reach(-0.35, 0.35, -0.05, 1.1), True, False),
    "vase": (vase, Reach(-0.6, 0.6, -0.05, 1.3), True, False),
    "teddy bear": (teddy_bear, Reach(-0.4, 0.4, -0.05, 0.7), True, False),
    "dog": (dog, Reach(-0.6, 0.6, -0.05, 0.8), True, True),
    "bench": (bench, Reach(-0.95, 0.95, -0.05, 1.0), False, True),
}


def sketch_object(name: str, view: View, rng: np.random.Generator, *, x: float, depth: float) -> Sketch:
    """An object of ``OBJECTS`` seen alone."""
    paint, reach, _, _ = OBJECTS[name]
    sketch = Sketch(view, x=x, depth=depth, size=rng.uniform(0.9, 1.15), reach=reach, rng=rng)
    paint(sketch, rng)
    return sketch


def sketch_umbrella(view: View, rng: np.random.Generator, *, x: float, depth: float, height_m: float, hand: Point) -> Sketch:
    """An umbrella in the hand of a person."""
    sketch = Sketch(view, x=x, depth=depth - 0.05, size=height_m / 1.7, reach=Reach(-1.0, 1.4, 0.4, 2.9), rng=rng)
    umbrella(sketch, rng, hand=hand)
    return sketch
