"""People: one figure, painted from its feet up."""

from dataclasses import dataclass

import numpy as np

from imharmony.studio.chance import bounded, choose
from imharmony.studio.colours import DENIM, SKIN, cloth_colour, linear, pick
from imharmony.studio.heads import Head, draw_hair
from imharmony.studio.poses import Limb, Pose, draw_pose
from imharmony.studio.sketch import Cloth, Point, Reach, Sketch
from imharmony.studio.view import View

REACH = Reach(-0.75, 0.75, -0.06, 2.2)
_SHOES = [linear(c) for c in ((40, 36, 36), (92, 60, 42), (224, 222, 216), (60, 64, 80), (150, 50, 46))]


@dataclass(frozen=True)
class Outfit:
    """What a person wears."""

    top: Cloth
    sleeve: float  # 0 none .. 1 down to the wrist
    jacket: Cloth | None
    lower: str  # trousers | shorts | skirt | dress
    bottom: Cloth
    shoes: Cloth


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Everyday clothes."""
    pattern = choose(rng, ["plain", "stripes", "checks", "dots", "band", "print"], [0.5, 0.14, 0.12, 0.06, 0.1, 0.08])
    period = {"stripes": 0.09, "checks": 0.11, "dots": 0.07, "band": 0.06, "print": 0.07}.get(pattern, 0.1) * rng.uniform(0.8, 1.3)
    accent = None if pattern == "plain" else cloth_colour(rng)
    top = Cloth(cloth_colour(rng), accent, pattern, period, fold=0.16)
    jacket = Cloth(cloth_colour(rng), fold=0.2) if rng.random() < 0.2 else None
    lower = choose(rng, ["trousers", "shorts", "skirt", "dress"], [0.56, 0.16, 0.12, 0.16])
    own = top if lower == "dress" else Cloth(pick(rng, DENIM) if rng.random() < 0.6 else cloth_colour(rng), fold=0.2)
    sleeve = choose(rng, [0.0, 0.62, 0.95], [0.15, 0.45, 0.4])
    return Outfit(top, sleeve, jacket, lower, own, Cloth(_SHOES[int(rng.integers(len(_SHOES)))], mottle=0))


def sketch_person(view: View, rng: np.random.Generator, *, x: float, depth: float, height_m: float) -> tuple[Sketch, Point]:
    """A person seen alone, and where the hand on the picture's right is (metres of a 1.7 m person)."""
    sketch = Sketch(view, x=x, depth=depth, size=height_m / 1.7, reach=REACH, rng=rng)
    build = bounded(rng.normal(1.0, 0.1), 0.82, 1.25)
    pose, outfit = draw_pose(rng, build=build), draw_outfit(rng)
    skin = Cloth(pick(rng, SKIN), mottle=0)
    child = bounded((1.5 - height_m) / 0.5, 0, 1)  # a child's head is larger for its height
    head_at = (pose.head[0], pose.head[1] + 0.03 * child)
    head = Head(head_at, draw_hair(rng), skin, turn=float(rng.uniform(-1, 1)), from_behind=bool(rng.random() < 0.16), rng=rng)
    if not head.from_behind:
        head.paint_behind(sketch)
    for limb, in_front in zip(pose.arms, pose.arm_in_front, strict=True):
        if not in_front:
            _arm(sketch, limb, outfit, skin, build)
    _legs(sketch, pose, outfit, skin, build)
    _torso(sketch, pose, outfit, skin, build)
    for limb, in_front in zip(pose.arms, pose.arm_in_front, strict=True):
        if in_front:
            _arm(sketch, limb, outfit, skin, build)
    head.paint(sketch)
    return sketch, pose.arms[1].end


def sketch_passer_by(view: View, rng: np.random.Generator, *, x: float, depth: float) -> Sketch:
    """A person so far away that legs, coat and head are all one sees."""
    sketch = Sketch(view, x=x, depth=depth, size=rng.uniform(0.9, 1.06), reach=Reach(-0.4, 0.4, -0.05, 1.8), rng=rng)
    coat, legs = Cloth(cloth_colour(rng)), Cloth(pick(rng, DENIM), mottle=0)
    stride = rng.uniform(0.03, 0.16)
    for side in (-1, 1):
        sketch.capsule((side * 0.08, 0.86), (side * stride, 0.05), 0.09, 0.055, legs)
    sketch.lathe([(0.78, 0.19, 0), (1.1, 0.17, 0), (1.36, 0.21, 0), (1.47, 0.1, 0)], coat)
    for side in (-1, 1):
        sketch.capsule((side * 0.2, 1.36), (side * (0.22 + stride * 0.6), 0.86), 0.055, 0.045, coat)
    sketch.ellipse((0, 1.58), 0.09, 0.12, Cloth(pick(rng, SKIN), mottle=0))
    sketch.ellipse((0, 1.63), 0.095, 0.085, Cloth(draw_hair(rng).colour, mottle=0))
    return sketch


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _arm(sketch: Sketch, limb: Limb, outfit: Outfit, skin: Cloth, build: float) -> None:
    cloth = outfit.jacket or outfit.top
    sleeve = 0.95 if outfit.jacket else outfit.sleeve
    thick = 0.9 + 0.1 * build
    bare = sleeve < 0.9
    hand = _between(limb.middle, limb.end, 1.14)
    if bare:
        sketch.capsule(limb.middle, limb.end, 0.04 * thick, 0.029 * thick, skin, dim=0.25)
    sketch.ellipse(hand, 0.036, 0.046, skin)
    if not bare:
        sketch.capsule(limb.middle, _between(limb.middle, limb.end, 0.96), 0.05 * thick, 0.042 * thick, cloth, dim=0.25)
    sketch.capsule(limb.root, limb.middle, 0.052 * thick, 0.042 * thick, skin if bare else cloth, dim=0.2)
    if bare and sleeve > 0.1:
        sketch.capsule(limb.root, _between(limb.root, limb.middle, sleeve), 0.056 * thick, 0.055 * thick, cloth)


def _legs(sketch: Sketch, pose: Pose, outfit: Outfit, skin: Cloth, build: float) -> None:
    thick = 0.85 + 0.15 * build
    covered = {"trousers": 1.0, "shorts": 0.5, "skirt": 0.0, "dress": 0.0}[outfit.lower]
    for side, leg in zip((-1, 1), pose.legs, strict=True):
        toe = (leg.end[0] + side * 0.035, 0.034)
        sketch.capsule((leg.end[0], 0.05), toe, 0.048, 0.036, outfit.shoes)
        cloth = outfit.bottom if covered == 1 else skin
        loose = 0.012 if covered == 1 else 0.0
        sketch.capsule(leg.middle, (leg.end[0], leg.end[1]), 0.056 * thick + loose, 0.04 * thick + 1.4 * loose, cloth)
        sketch.capsule(leg.root, leg.middle, 0.076 * thick + loose, 0.058 * thick + loose, cloth, dim=0.25)
        if covered == 0.5:
            sketch.capsule(leg.root, _between(leg.root, leg.middle, 0.8), 0.088 * thick, 0.082 * thick, outfit.bottom)


def _torso(sketch: Sketch, pose: Pose, outfit: Outfit, skin: Cloth, build: float) -> None:
    (hip_u, hip_v), (chest_u, chest_v) = pose.hip, pose.chest
    half = pose.shoulder_half
    hips, waist = 0.158 * (0.6 + 0.4 * build), 0.138 * build
    if outfit.lower in ("skirt", "dress"):
        hem = hip_v - (0.42 if outfit.lower == "dress" else 0.36)
        flare = 0.25 if outfit.lower == "dress" else 0.21
        sketch.lathe([(hem, flare, hip_u), (hip_v, hips, hip_u), (hip_v + 0.16, waist, hip_u)], outfit.bottom, dim=0.4)
    else:
        sketch.lathe([(hip_v - 0.09, hips * 0.9, hip_u), (hip_v + 0.02, hips, hip_u), (hip_v + 0.12, waist, hip_u)], outfit.bottom)
    middle = (hip_u + chest_u) / 2
    sketch.capsule((chest_u, chest_v - 0.02), (pose.head[0], pose.head[1] - 0.07), 0.058, 0.048, skin)
    profile = [
        (hip_v + 0.0, hips * 1.02, hip_u),
        (hip_v + 0.2, waist, middle),
        (chest_v - 0.14, half * 0.96, chest_u),
        (chest_v - 0.02, half * 1.06, chest_u),
        (chest_v + 0.045, half * 0.52, chest_u),
    ]
    sketch.lathe(profile, outfit.top, depth=0.86)
    sketch.ellipse((chest_u, chest_v + 0.045), 0.064, 0.034, skin, round_=0.2)
    if outfit.jacket:
        _jacket(sketch, profile, outfit.jacket, chest_u)


def _jacket(sketch: Sketch, profile: list[tuple[float, float, float]], cloth: Cloth, middle: float) -> None:
    low, _, waist, shoulder, collar = profile
    bottom = low[0] - 0.08
    for side in (-1, 1):
        inner = [(middle + side * 0.06, bottom), (middle + side * 0.05, collar[0])]
        outer = [
            (shoulder[2] + side * shoulder[1], shoulder[0]),
            (waist[2] + side * waist[1] * 1.04, waist[0]),
            (low[2] + side * low[1] * 1.1, bottom),
        ]
        corners = [*inner, *outer]
        sketch.facet(corners if side < 0 else corners[::-1], (side * 0.55, 0.05, 0.83), cloth, dim=0.5)
