"""How the colour of the light changes linear RGB: along the CIE daylight locus, and across it between green and magenta."""

import numpy as np

from imharmony.colour.spaces import RGB_FROM_XYZ, XYZ_FROM_RGB

LUMINANCE = XYZ_FROM_RGB[1]  # of linear RGB; sums to 1
WHITE_KELVIN = 6504.0  # D65
MIRED = 1e6  # divided by kelvins


def daylight_gains(warmth_mired: float, tint_stops: float) -> np.ndarray:
    """Factors of linear red, green and blue under another light, shape (3,); the luminance of grey stays.

    The light moves from D65 by ``warmth_mired`` along the daylight locus (positive is warmer; -113 to 96 is 25,000 to 4,000 K)
    and its green by ``tint_stops``. A von Kries adaptation whose cones are the channels of the photograph.
    """
    light = _daylight(MIRED / (MIRED / WHITE_KELVIN + warmth_mired)) / _daylight(WHITE_KELVIN)
    light[1] *= 2**tint_stops
    return light / (LUMINANCE * light).sum()


def _daylight(kelvin: float) -> np.ndarray:
    """Linear RGB of daylight of a colour temperature (CIE 15:2004), with luminance 1."""
    thousands = kelvin / 1000
    warm = (0.244063, 0.09911, 2.9678, -4.6070)
    cold = (0.237040, 0.24748, 1.9018, -2.0064)
    x = sum(factor / thousands**power for power, factor in enumerate(warm if kelvin <= 7000 else cold))
    y = -3.000 * x**2 + 2.870 * x - 0.275
    return (RGB_FROM_XYZ * np.array([x / y, 1, (1 - x - y) / y])).sum(axis=1)
