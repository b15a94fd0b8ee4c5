"""Where a person's joints are.

Metres of a person of 1.7 m, u to the picture's right, v above the ground. Angles are degrees from hanging straight down, outwards positive.
"""

from dataclasses import dataclass

import numpy as np

from imharmony.studio.chance import choose
from imharmony.studio.sketch import Point

_SIDES = ((0, -1), (1, 1))
UPPER_ARM, FOREARM, THIGH, SHIN, ANKLE = 0.29, 0.25, 0.42, 0.41, 0.08


@dataclass(frozen=True)
class Limb:
    """Two bones: shoulder, elbow, wrist or hip, knee, ankle."""

    root: Point
    middle: Point
    end: Point


@dataclass(frozen=True)
class Pose:
    """A standing or walking body."""

    hip: Point
    chest: Point  # the middle between the shoulders
    head: Point
    shoulder_half: float
    arms: tuple[Limb, Limb]  # the one on the picture's left first
    legs: tuple[Limb, Limb]
    arm_in_front: tuple[bool, bool]  # painted over the torso, or behind it


# (upper arm, forearm) of the left and the right arm; (thigh, shin) of the left and the right leg; mean angles.
_ARMS = {
    "hang": ((9, 5), (9, 5)),
    "hips": ((42, -48), (42, -48)),
    "hip": ((10, 6), (42, -46)),
    "wave": ((10, 8), (118, 168)),
    "raise": ((140, 166), (140, 166)),
    "fold": ((16, -82), (16, -98)),
    "phone": ((8, 6), (26, -150)),
    "point": ((9, 5), (78, 88)),
    "swing": ((20, 30), (14, -6)),
}
_LEGS = {
    "stand": ((4, 1), (4, 1)),
    "relax": ((3, 0), (12, 6)),
    "wide": ((13, 11), (13, 11)),
    "walk": ((17, 11), (13, -9)),
    "cross": ((5, 2), (-4, -9)),
}


def draw_pose(rng: np.random.Generator, *, build: float) -> Pose:
    """A pose near one of the table's; ``build`` (about 0.85..1.25) widens the shoulders."""
    arms = _ARMS[choose(rng, list(_ARMS), [0.26, 0.1, 0.12, 0.09, 0.05, 0.1, 0.09, 0.06, 0.13])]
    legs = _LEGS[choose(rng, list(_LEGS))]
    if rng.random() < 0.5:
        arms, legs = arms[::-1], legs[::-1]
    lean, sway = np.deg2rad(rng.normal(0, 2.5)), rng.normal(0, 0.008)
    leg_angles = [[a + rng.normal(0, 2.5) for a in leg] for leg in legs]
    drops = [THIGH * np.cos(np.deg2rad(a)) + SHIN * np.cos(np.deg2rad(b)) for a, b in leg_angles]
    hip = (0.0, float(max(drops)) + ANKLE)
    chest = (float(sway + 0.5 * np.sin(lean)), hip[1] + 0.5 * float(np.cos(lean)))
    shoulder = 0.168 * build
    arm_angles = [[a + rng.normal(0, 5) for a in arm] for arm in arms]
    left_arm, right_arm = (_limb((chest[0] + s * shoulder, chest[1] - 0.02), s, arm_angles[k], UPPER_ARM, FOREARM) for k, s in _SIDES)
    left_leg, right_leg = (_limb((hip[0] + s * 0.08, hip[1] - 0.02), s, leg_angles[k], THIGH, SHIN) for k, s in _SIDES)
    left_in_front, right_in_front = (bool(arm[1] < -20 or rng.random() < 0.55) for arm in arms)
    return Pose(
        hip=hip,
        chest=chest,
        head=(chest[0] + float(0.19 * np.sin(lean + rng.normal(0, 0.05))), chest[1] + 0.205),
        shoulder_half=shoulder,
        arms=(left_arm, right_arm),
        legs=(left_leg, right_leg),
        arm_in_front=(left_in_front, right_in_front),
    )


def _limb(root: Point, side: int, angles: list[float], first: float, second: float) -> Limb:
    a, b = np.deg2rad(angles)
    middle = (root[0] + side * first * float(np.sin(a)), root[1] - first * float(np.cos(a)))
    return Limb(root, middle, (middle[0] + side * second * float(np.sin(b)), middle[1] - second * float(np.cos(b))))
