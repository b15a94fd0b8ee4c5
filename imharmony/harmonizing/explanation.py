"""What was done to a foreground, in numbers that photographers use and in words.

Pictures are sRGB, uint8 or float in levels of 0 to 255, (H, W, 3); weights (H, W) in [0, 1] say how much of a pixel is foreground.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from imharmony.colour.spaces import XYZ_FROM_RGB, linear_from_srgb
from imharmony.errors import InputError

LOOKED_AT_PX = 512  # longer side; means of a foreground need no more
DAYLIGHT_K = 6504.0
LEAST_STOPS, LEAST_KELVIN, LEAST_TINT, LEAST_SHARE = 0.05, 50.0, 1.0, 0.02  # what is not worth a word
MOST_KELVIN = 5000.0  # about from daylight to a lamp; of a larger step the number tells a photographer nothing
BLACK = 1e-4  # of linear light: below, ratios mean nothing


@dataclass(frozen=True)
class Explanation:
    """How a foreground's means changed."""

    stops: float  # of mean linear luminance: +1 is twice as bright
    kelvin: float  # of daylight's white when it takes the same change: positive is cooler, as a thermometer of light goes
    tint: float  # of CIELAB's a*, mean: positive is towards magenta, negative towards green
    saturation: float  # relative change of the mean CIELAB chroma; +0.1 is 10 % more
    contrast: float  # relative change of the standard deviation of lightness
    largest: float  # of the change of one channel of one pixel, in levels

    @property
    def words(self) -> str:
        """The change as a photographer would say it; "unchanged" where nothing is worth a word."""
        parts = [
            said(self.stops, LEAST_STOPS, "{:.1f} stops brighter", "{:.1f} stops darker", step=0.1),
            said(-self.kelvin, LEAST_KELVIN, "{:.0f} K warmer", "{:.0f} K cooler", step=50, most=MOST_KELVIN),
            said(self.tint, LEAST_TINT, "{:.0f} points towards magenta", "{:.0f} points towards green", step=1),
            said(100 * self.saturation, 100 * LEAST_SHARE, "{:.0f} % more saturated", "{:.0f} % less saturated", step=1),
            said(100 * self.contrast, 100 * LEAST_SHARE, "{:.0f} % more contrast", "{:.0f} % less contrast", step=1),
        ]
        return ", ".join(filter(None, parts)) or "unchanged"


def explain_change(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> Explanation:
    """What changed from one picture to the other where ``weights`` are above 0; an ``InputError`` if they are nowhere."""
    before, after, weights = (_small(each) for each in (before, after, weights))
    if not weights.any():
        raise InputError("the mask is black everywhere; expected white where the pasted object is; invert or redraw it")
    if np.array_equal(before, after):
        return Explanation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # whatever formulas round
    share = weights / weights.sum()
    linear = [linear_from_srgb(np.clip(picture / 255, 0, 1).astype(np.float64)) for picture in (before, after)]
    light, made = (np.maximum((picture * share[..., None]).sum((0, 1)), BLACK) for picture in linear)
    luminance = XYZ_FROM_RGB[1]
    labs = [_lab(picture) for picture in (before, after)]
    chroma, spread, tints = (
        [float(statistic(lab)) for lab in labs]
        for statistic in (
            lambda lab: (np.hypot(lab[..., 1], lab[..., 2]) * share).sum(),
            lambda lab: _deviation(lab[..., 0], share),
            lambda lab: (lab[..., 1] * share).sum(),
        )
    )
    return Explanation(
        stops=float(np.log2((made @ luminance) / (light @ luminance))),
        kelvin=_temperature_change(made / light),
        tint=tints[1] - tints[0],
        saturation=_relative(*chroma),
        contrast=_relative(*spread),
        largest=float(np.abs(after - before)[weights > 0].max()),
    )


def _temperature_change(ratio: np.ndarray) -> float:
    """How daylight's white changes, in K, when each channel of linear light takes its ratio; positive is cooler.

    McCamy 1992, "Correlated color temperature as an explicit function of chromaticity coordinates". Its difference to daylight is taken in
    reciprocal kelvin, in which equal steps look equal, and said in the kelvin that such a step is at daylight: bluest light is no infinity.
    """
    white = XYZ_FROM_RGB @ (ratio / (ratio @ XYZ_FROM_RGB[1]))
    x, y = white[:2] / white.sum()
    slope = (x - 0.3320) / (0.1858 - y)
    temperature = np.clip(449 * slope**3 + 3525 * slope**2 + 6823.3 * slope + 5520.33, 1000, 100_000)
    return float(DAYLIGHT_K**2 * (1 / DAYLIGHT_K - 1 / temperature))


def said(value: float, least: float, more: str, less: str, *, step: float, most: float = np.inf) -> str:
    """A change in words, rounded to steps; nothing of one that is below ``least``, and "more than ``most``" of one that is above."""
    if abs(value) < least:
        return ""
    words = (more if value > 0 else less).format(min(max(round(abs(value) / step) * step, step), most))
    if abs(value) > most:
        return f"more than {words}"
    return words.replace("points", "point") if words.startswith("1 ") else words


def _relative(before: float, after: float) -> float:
    return after / before - 1 if before > 0.1 else 0.0  # of nearly nothing, in units of CIELAB, no share can be told


def _deviation(values: np.ndarray, share: np.ndarray) -> float:
    mean = (values * share).sum()
    return float(np.sqrt((np.square(values - mean) * share).sum()))


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = LOOKED_AT_PX / max(height, width)
    levels = picture.astype(np.float32)
    if scale >= 1:
        return levels
    return cv2.resize(levels, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA)


def _lab(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.clip(picture / 255, 0, 1).astype(np.float32), cv2.COLOR_RGB2Lab).astype(np.float64)
