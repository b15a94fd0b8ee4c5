"""How far normals and a light's direction are from known ones, in degrees.

Directions: x right, y up, z towards the camera, of any length above 0.
"""

import math

import numpy as np

WITHIN_DEG = (11.25, 22.5, 30.0)  # the field's three thresholds


def angular_errors_deg(normals: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angles between two fields of directions (..., 3), float64 (...) in [0, 180]."""
    cross = np.linalg.norm(np.cross(normals, truth), axis=-1)
    return np.degrees(np.arctan2(cross, (normals * truth).sum(axis=-1)))  # exact near 0 and 180 too, where an arc cosine is not


def normal_errors(normals: np.ndarray, truth: np.ndarray, valid: np.ndarray | None = None) -> dict[str, float]:
    """Mean and median angle, and the shares of pixels (0..1) below each of ``WITHIN_DEG``; NaN where nothing is valid."""
    angles = angular_errors_deg(*(field.astype(np.float64) for field in (normals, truth)))
    inside = angles.ravel() if valid is None else angles[valid]
    shares = {f"within_{limit:g}_deg": _mean(inside < limit) for limit in WITHIN_DEG}
    return {"mean_deg": _mean(inside), "median_deg": float(np.median(inside)) if inside.size else math.nan, **shares}


def light_error_deg(direction: np.ndarray, truth: np.ndarray) -> float:
    """Angle between two directions to a light, in [0, 180]."""
    return float(angular_errors_deg(direction, truth))


def azimuth_error_deg(direction: np.ndarray, truth: np.ndarray) -> float:
    """Angle in the picture's plane between the sides from which two lights come, in [0, 180].

    The tilt towards the camera is left out: a mask's inflation knows it least. NaN for a light from exactly behind the camera.
    """
    (x, y), (u, v) = direction[:2], truth[:2]
    if math.hypot(x, y) == 0 or math.hypot(u, v) == 0:
        return math.nan
    return math.degrees(abs(math.atan2(x * v - y * u, x * u + y * v)))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else math.nan
