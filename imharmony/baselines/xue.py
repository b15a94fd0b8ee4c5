"""Xue, Agarwala, Dorsey & Rushmeier 2012, "Understanding and improving the realism of image composites".

Contrast, luminance, colour temperature and saturation of the foreground are brought to the background's, one after another.
The paper matches the dark, the middle or the bright end of each histogram, as classifiers say that were never published. A
fixed choice stands for them: the spread of the contrast, and of the others the mean. Colours are linear RGB, float64 (N, 3).
"""

import numpy as np

from imharmony.baselines.region import recoloured
from imharmony.colour.spaces import XYZ_FROM_RGB, linear_from_srgb, srgb_from_linear
from imharmony.transfer.daylight import LUMINANCE, MIRED, daylight_gains
from imharmony.transfer.moments import MAX_GAIN

FLOOR = 1 / 255  # of luminance and saturation: what is less has this logarithm
KELVIN = (1500.0, 20000.0)  # colours beyond have no temperature
SHIFT_MIRED = (-113.0, 96.0)  # the daylight locus around D65
STRAIGHT = 0.5  # the tone curve that changes nothing
LINEAR = linear_from_srgb(np.arange(256) / 255)
BENDS = 0.005 * np.array(sorted(range(-20, 21), key=abs))  # the straight one first: it wins where all are alike


def xue(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's contrast, luminance, temperature and saturation made the background's.

    float32 (H, W, 3) in [0, 255]. All pixels of a mask above 0 get the new colours; pixels outside are returned unchanged.
    Luminance and saturation grow by ``MAX_GAIN`` at most; what leaves the gamut is clipped channel by channel.
    """
    return recoloured(composite, mask, _matched)


def _matched(pixels: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    background = LINEAR[other]
    parts = [LINEAR[pixels]] if own is pixels else [LINEAR[pixels], LINEAR[own]]  # what is changed, and last what is measured of it
    curve = _curve(parts[-1], background)
    parts = [_toned(each, curve) for each in parts]
    for gain in (_brightening, _warming):
        factors = gain(parts[-1], background)
        parts = [each * factors for each in parts]
    parts = [srgb_from_linear(each) for each in parts]
    return 255 * np.clip(_saturated(parts[0], _gain(_saturation(parts[-1]), _saturation(other / 255))), 0, 1)


def _curve(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which tone curve brings the spread of the foreground's luminance nearest to the background's.

    Of its logarithm, which the gain that follows does not change.
    """
    counts = np.bincount(np.rint(255 * _lightness(own)).astype(np.int64), minlength=256)
    share = counts / counts.sum()
    stops = _stops(linear_from_srgb(CURVES))
    spread = np.sqrt((stops - (stops @ share)[:, None]) ** 2 @ share)
    return CURVES[np.abs(spread - _stops(other @ LUMINANCE).std()).argmin()]


def _toned(linear: np.ndarray, curve: np.ndarray) -> np.ndarray:
    luminance = linear @ LUMINANCE
    toned = linear_from_srgb(np.interp(_lightness(linear), np.arange(256) / 255, curve))
    return linear * (toned / np.where(luminance > 0, luminance, 1))[:, None]


def _brightening(own: np.ndarray, other: np.ndarray) -> float:
    return _gain(own @ LUMINANCE, other @ LUMINANCE)


def _warming(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Factors of red, green and blue; 1 where one of the regions has no colour with a temperature."""
    warmth = [_mired(own), _mired(other)]
    if not all(each.size for each in warmth):
        return np.ones(3)
    return daylight_gains(float(np.clip(warmth[1].mean() - warmth[0].mean(), *SHIFT_MIRED)), 0.0)


def _saturated(srgb: np.ndarray, gain: float) -> np.ndarray:
    """The colours with that much more of HSV's saturation, 1 at most; hue and value stay."""
    most = srgb.max(axis=1, keepdims=True)
    apart = most - srgb
    widest = apart.max(axis=1, keepdims=True)
    return most - apart * np.minimum(gain, most / np.where(widest > 0, widest, 1))


def _gain(own: np.ndarray, other: np.ndarray) -> float:
    """What brings the mean of the logarithms of ``own`` to that of ``other``, at most ``MAX_GAIN``."""
    return min(float(2 ** (_stops(other).mean() - _stops(own).mean())), MAX_GAIN)


def _stops(values: np.ndarray) -> np.ndarray:
    return np.log2(np.maximum(values, FLOOR))


def _lightness(linear: np.ndarray) -> np.ndarray:
    return srgb_from_linear(np.clip(linear @ LUMINANCE, 0, 1))


def _saturation(srgb: np.ndarray) -> np.ndarray:
    most = srgb.max(axis=1)
    return (most - srgb.min(axis=1)) / np.where(most > 0, most, 1)


def _mired(linear: np.ndarray) -> np.ndarray:
    """The reciprocal temperatures of those colours that have one (McCamy 1992)."""
    x, y, z = (linear @ XYZ_FROM_RGB.T).T
    total = x + y + z
    slope = 0.1858 * total - y
    has_slope = slope != 0  # nor has black
    n = (x - 0.3320 * total)[has_slope] / slope[has_slope]
    kelvin = ((449 * n + 3525) * n + 6823.3) * n + 5520.33
    return MIRED / kelvin[(kelvin >= KELVIN[0]) & (kelvin <= KELVIN[1])]


def _bezier(bend: float) -> np.ndarray:
    """The cubic from (0, 0) to (1, 1) by (α, 1 - α) and (1 - α, α) at 256 levels: α above 1/2 is more contrast, below is less."""
    t = np.linspace(0, 1, 1025)
    early, late = 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t)
    alpha = STRAIGHT + bend
    across, up = (early * a + late * (1 - a) + t**3 for a in (alpha, 1 - alpha))
    return np.interp(np.arange(256) / 255, across, up)


CURVES = np.stack([_bezier(bend) for bend in BENDS])
