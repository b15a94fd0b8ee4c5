"""Regions to recolour: uint8 sRGB (N, 3)."""

import numpy as np


def like_a_photograph(seed: int, count: int = 40_000) -> np.ndarray:
    """Correlated channels, some saturated, some black."""
    rng = np.random.default_rng(seed)
    light = rng.gamma(2, 60, (count, 1))
    return np.clip(light * rng.uniform(0.5, 1.3, 3) + rng.normal(0, 14, (count, 3)) - 10, 0, 255).astype(np.uint8)


def inside_the_gamut(seed: int, count: int = 40_000) -> np.ndarray:
    """Correlated normal channels, far from black and white."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(0, 1, (3, 3)) * 3 + 9 * np.eye(3)
    return np.clip(np.rint(rng.uniform(110, 145, 3) + rng.normal(size=(count, 3)) @ mixing), 0, 255).astype(np.uint8)


AWKWARD = {
    "one pixel": np.array([[12, 200, 99]], np.uint8),
    "two pixels": np.array([[12, 200, 99], [200, 100, 0]], np.uint8),
    "three pixels": np.array([[0, 0, 0], [255, 255, 255], [255, 0, 9]], np.uint8),
    "black": np.zeros((9, 3), np.uint8),
    "white": np.full((9, 3), 255, np.uint8),
    "flat": np.full((9, 3), (80, 120, 160), np.uint8),
    "grey": np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[:, None], 3, axis=1),
    "nearly flat": np.full((99, 3), 120, np.uint8) + (np.arange(99) == 50)[:, None].astype(np.uint8),
    "saturated": np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]] * 9, np.uint8),
    "photograph": like_a_photograph(9, 500),
}
