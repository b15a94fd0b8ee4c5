"""Where things appear in the picture.

The world is in metres: x right, y up from the ground, z towards the camera, which stands at (0, eye, 0) and looks along -z;
``depth`` is -z. Verticals stay vertical (the lens is shifted, not tilted). Pixel (column, row) covers [column, column + 1).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class View:
    """A pinhole camera."""

    width_px: int
    height_px: int
    focal_px: float
    horizon_px: float
    eye_m: float

    def scale(self, depth: float) -> float:
        """Pixels per metre at a depth."""
        return self.focal_px / depth

    def column(self, x: float, depth: float) -> float:
        """Where a point appears from the left edge, in pixels."""
        return self.width_px / 2 + self.focal_px * x / depth

    def row(self, y: float, depth: float) -> float:
        """Where a point appears from the top edge, in pixels."""
        return self.horizon_px + self.focal_px * (self.eye_m - y) / depth

    def x_at(self, column: float, depth: float) -> float:
        """The inverse of ``column``."""
        return (column - self.width_px / 2) * depth / self.focal_px

    def across(self) -> np.ndarray:
        """Slope of each column's rays to the right, float32 (1, W)."""
        return ((np.arange(self.width_px, dtype=np.float32) + 0.5 - self.width_px / 2) / self.focal_px)[None]

    def down(self) -> np.ndarray:
        """Slope of each row's rays below the horizon, float32 (H, 1)."""
        return ((np.arange(self.height_px, dtype=np.float32) + 0.5 - self.horizon_px) / self.focal_px)[:, None]


def draw_view(rng: np.random.Generator, *, width_px: int, height_px: int) -> View:
    """A camera as a person would hold it: between a child's and a standing adult's eyes, 35 mm to 60 mm."""
    return View(
        width_px=width_px,
        height_px=height_px,
        focal_px=max(width_px, height_px) * rng.uniform(0.95, 1.5),
        horizon_px=height_px * rng.uniform(0.26, 0.46),
        eye_m=rng.uniform(1.15, 1.75),
    )
