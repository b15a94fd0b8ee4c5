"""The photographer's adjustments: exposure, white balance, contrast, gamma and saturation, drawn at random.

A region is its pixels, uint8 sRGB (N, 3) in any order.
"""

import cv2
import numpy as np

from imharmony.colour.spaces import linear_from_srgb, srgb_from_linear
from imharmony.transfer.blocks import blocks
from imharmony.transfer.daylight import LUMINANCE, daylight_gains

NEUTRAL = {"exposure_stops": 0.0, "warmth_mired": 0.0, "tint_stops": 0.0, "contrast": 1.0, "gamma": 1.0, "saturation": 1.0}

RANGES = {
    "exposure_stops": (-1.5, 1.2),
    "warmth_mired": (-90.0, 80.0),
    "tint_stops": (-0.2, 0.2),
    "contrast": (0.7, 1.5),
    "gamma": (0.7, 1.4),
    "saturation": (0.5, 1.5),
}


def draw_photometric(rng: np.random.Generator) -> dict[str, float]:
    """Each adjustment drawn uniformly from its range."""
    return {name: float(rng.uniform(low, high)) for name, (low, high) in RANGES.items()}


def photometric(pixels: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    """The region adjusted in the order of ``NEUTRAL``; with ``NEUTRAL`` itself it stays, bit for bit.

    Exposure and white balance multiply linear light, what exceeds white is clipped; contrast and gamma bend sRGB values;
    saturation scales their distance from grey of the same luma.
    """
    curves, saturation = _curves(parameters), parameters["saturation"]
    return np.concatenate([_saturated(_bent(block, curves), saturation) for block in blocks(pixels)])


def _curves(parameters: dict[str, float]) -> np.ndarray:
    """What each of the 256 values of each channel becomes before saturation, float64 (1, 256, 3) in [0, 1]."""
    gains = 2 ** parameters["exposure_stops"] * daylight_gains(parameters["warmth_mired"], parameters["tint_stops"])
    linear = linear_from_srgb(np.arange(256) / 255)[:, None] * gains
    values = steepened(srgb_from_linear(np.minimum(linear, 1)).clip(0, 1), parameters["contrast"])
    return (values ** parameters["gamma"])[None]


def steepened(values: np.ndarray, contrast: float | np.ndarray) -> np.ndarray:
    """Values in [0, 1] on a curve with slope ``contrast`` at 1/2, which stays, as do 0 and 1: their log-odds are multiplied."""
    bright, dark = values**contrast, (1 - values) ** contrast
    return bright / (bright + dark)


def _bent(pixels: np.ndarray, curves: np.ndarray) -> np.ndarray:
    return cv2.LUT(np.ascontiguousarray(pixels)[None], curves)[0]


def _saturated(values: np.ndarray, saturation: float) -> np.ndarray:
    red, green, blue = (values[:, channel] * LUMINANCE[channel] for channel in range(3))
    luma = (red + green + blue)[:, None]
    return np.rint((luma + saturation * (values - luma)).clip(0, 1) * 255).astype(np.uint8)
