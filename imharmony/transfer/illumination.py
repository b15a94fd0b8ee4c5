"""Another illumination of a whole photograph, uint8 sRGB (H, W, 3): its level, its contrast and its colour.

Ren, Liu & Song 2021 do not say how they change it; their code adds one number (``brightness.py``). Here the illumination is
split off: the logarithm of luminance smoothed by a guided filter (He, Sun & Tang 2010), which keeps the edges between light and
shade. What is left, the texture, stays.
"""

import cv2
import numpy as np

from imharmony.colour.spaces import linear_from_srgb, srgb_from_linear
from imharmony.transfer.daylight import LUMINANCE, daylight_gains

DARKEST = 2.0**-8  # linear light added before the logarithm, so that black has one
WINDOW = 1 / 16  # radius of the filter over the photograph's longer side
EDGE_STOPS = 1.0  # contrasts above it are edges of the illumination, those below it are texture
PENUMBRA_STOPS = 0.5  # around the mean illumination, where shade turns into light

# Steps of a stop and of a share: sums of whole numbers are exact in float64, in whatever order a filter adds them.
STEPS = 1024

RANGES = {
    "level_stops": (-1.5, 1.2),
    "contrast": (0.5, 1.5),
    "warmth_mired": (-80.0, 80.0),
}


def draw_illumination(rng: np.random.Generator) -> dict[str, float]:
    """Each change drawn uniformly from its range, used in full."""
    return {name: float(rng.uniform(low, high)) for name, (low, high) in RANGES.items()} | {"strength": 1.0}


def illumination(photo: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    """The photograph in the changed light, by ``strength``: at 0 it stays, bit for bit.

    Light is made stronger by ``level_stops``; its distance from the mean, in stops, is multiplied by ``contrast``; what lies in
    light becomes warmer by ``warmth_mired`` and what lies in shade keeps its colour. Hue and texture stay where nothing clips.
    """
    linear = linear_from_srgb(np.arange(256) / 255)[photo]
    light = light_stops(linear)
    light -= light.mean()
    common, lit, colour = change_of_light(light, parameters)
    for channel in range(3):
        linear[..., channel] *= np.exp2(parameters["strength"] * (common + lit * colour[channel]))
    return np.rint(srgb_from_linear(linear.clip(0, 1)).clip(0, 1) * 255).astype(np.uint8)


def change_of_light(light: np.ndarray, parameters: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a change adds to an illumination in stops (H, W) around its mean.

    The stops that all channels get (H, W), the share of each pixel that lies in light (H, W), and the stops that a channel gets there (3,).
    """
    common = parameters["level_stops"] + (parameters["contrast"] - 1) * light
    lit = 1 / (1 + np.exp2(-light / PENUMBRA_STOPS))
    return common, lit, np.log2(daylight_gains(parameters["warmth_mired"], 0))


def light_stops(linear: np.ndarray) -> np.ndarray:
    """The illumination of linear RGB (H, W, 3) in stops, -8..0, float64 (H, W)."""
    luminance = sum(linear[..., channel] * LUMINANCE[channel] for channel in range(3))
    stops = np.rint(STEPS * np.log2(luminance + DARKEST))
    radius = max(round(WINDOW * max(linear.shape[:2])), 1)
    mean = _mean(stops, radius)
    variance = np.maximum(_mean(stops * stops, radius) - mean * mean, 0)
    slope = variance / (variance + (EDGE_STOPS * STEPS) ** 2)
    offset = np.rint((1 - slope) * mean)
    slope = np.rint(slope * STEPS) / STEPS
    return (_mean(slope * STEPS, radius) / STEPS * stops + _mean(offset, radius)) / STEPS


def _mean(whole: np.ndarray, radius: int) -> np.ndarray:
    """The mean of whole numbers (H, W) over a square of 2 radius + 1 pixels a side, mirrored at the borders."""
    side = 2 * radius + 1
    sums = cv2.boxFilter(whole, cv2.CV_64F, (side, side), normalize=False, borderType=cv2.BORDER_REFLECT)
    return sums / side**2
