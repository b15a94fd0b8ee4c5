"""The change of brightness of Ren, Liu & Song 2021: one number added to every value. A region is uint8 sRGB (N, 3)."""

import cv2
import numpy as np

DARKEST, BRIGHTEST = -100, 200  # as in the authors' code, which clips nearly every photograph at the upper end


def draw_brightness(rng: np.random.Generator) -> dict[str, int]:
    """The number of levels to add."""
    return {"levels": int(rng.integers(DARKEST, BRIGHTEST, endpoint=True))}


def brightness(pixels: np.ndarray, parameters: dict[str, int]) -> np.ndarray:
    """The region with the levels added, clipped to 0..255."""
    values = np.arange(256) + parameters["levels"]
    return cv2.LUT(pixels, values.clip(0, 255).astype(np.uint8))
