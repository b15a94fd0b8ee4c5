"""Colour spaces of one pixel, exact in float64: sRGB, linear RGB, CIELAB (D65, 2 degrees), and CIEDE2000.

sRGB and linear RGB are float in [0, 1]; L in [0, 100], a and b about -110..110. The last axis is the channel.
The transfers use ``imharmony.colour.integer_lab``, which gives the same colours in integers.
"""

from collections.abc import Callable

import numpy as np

# Linear sRGB -> CIE XYZ (ITU-R BT.709 primaries, D65), and D65's own XYZ.
XYZ_FROM_RGB = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
RGB_FROM_XYZ = np.linalg.inv(XYZ_FROM_RGB)
WHITE = np.array([0.95047, 1.0, 1.08883])
WHITE_FROM_RGB = XYZ_FROM_RGB / WHITE[:, None]

# CIE 15:2004: below KNEE**3 the cube root is replaced by its tangent, which starts at OFFSET.
KNEE = 6 / 29
SLOPE = 1 / (3 * KNEE**2)
OFFSET = 4 / 29


def linear_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """Linear light of sRGB values (IEC 61966-2-1)."""
    return np.where(srgb > 0.04045, ((np.maximum(srgb, 0.04045) + 0.055) / 1.055) ** 2.4, srgb / 12.92)


def srgb_from_linear(linear: np.ndarray) -> np.ndarray:
    """sRGB values of linear light; values outside [0, 1] are not clipped."""
    return np.where(linear > 0.0031308, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055, linear * 12.92)


def cube_root(t: np.ndarray, *, cbrt: Callable[[np.ndarray], np.ndarray] = np.cbrt) -> np.ndarray:
    """CIELAB's f: the cube root with a straight foot. ``cbrt`` gives the roots of what is not."""
    return cbrt(np.maximum(t, KNEE**3)) + SLOPE * np.minimum(t - KNEE**3, 0)


def cube(f: np.ndarray) -> np.ndarray:
    """The inverse of ``cube_root``."""
    curve = np.maximum(f, KNEE)
    light = curve * curve * curve
    light += np.minimum(f - KNEE, 0, out=curve) / SLOPE
    return light


def lab_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """CIELAB of float sRGB in [0, 1], shape (..., 3)."""
    return lab_from_roots(*np.moveaxis(cube_root(linear_from_srgb(srgb) @ WHITE_FROM_RGB.T), -1, 0))


def lab_from_roots(x: np.ndarray, y: np.ndarray, z: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """CIELAB of the ``cube_root`` of X, Y and Z, each a share of white's."""
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=axis)


def srgb_from_lab(lab: np.ndarray) -> np.ndarray:
    """Float sRGB of CIELAB, shape (..., 3), not clipped.

    A colour that no light has may ask for a negative Z; it is set to black's f = 0, hence b <= 200 (L + 16) / 116.
    """
    y = (lab[..., 0] + 16) / 116
    x = y + lab[..., 1] / 500
    z = np.maximum(y - lab[..., 2] / 200, 0)
    return srgb_from_linear(cube(np.stack([x, y, z], axis=-1)) @ (RGB_FROM_XYZ * WHITE).T)


def ciede2000(lab: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The CIEDE2000 colour difference of CIELAB colours (Sharma, Wu & Dalal 2005), shape (...); about 1 is just noticeable.

    Hues are directions in the plane of a and b: the products of two of them stand for sines of differences, and their sum points
    to their mean, so that a single angle is left to be computed.
    """
    (lightness, a, b), (other_lightness, other_a, other_b) = np.moveaxis(lab, -1, 0), np.moveaxis(other, -1, 0)
    stretch = 1.5 - 0.5 * _saturated_share((_length(a, b) + _length(other_a, other_b)) / 2)  # eq. 4: 1 + G
    a, other_a = a * stretch, other_a * stretch
    chroma, other_chroma = _length(a, b), _length(other_a, other_b)

    mean_l, mean_c = (lightness + other_lightness) / 2, (chroma + other_chroma) / 2
    cosine, sine = _mean_direction(a, b, chroma, other_a, other_b, other_chroma)
    from_middle = np.square(mean_l - 50)
    l_term = (other_lightness - lightness) / (1 + 0.015 * from_middle / np.sqrt(20 + from_middle))
    c_term = (other_chroma - chroma) / (1 + 0.045 * mean_c)
    h_term = _hue_difference(a, b, other_a, other_b, chroma * other_chroma) / (1 + 0.015 * mean_c * _hue_weight(cosine, sine))
    square = l_term * l_term + c_term * c_term + h_term * h_term + _rotation(mean_c, cosine, sine) * c_term * h_term
    return np.sqrt(np.maximum(square, 0))


def _length(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(a * a + b * b)  # a third of the time of hypot


def _saturated_share(chroma: np.ndarray) -> np.ndarray:
    square = chroma * chroma
    seventh = square * square * square * chroma
    return np.sqrt(seventh / (seventh + 25.0**7))


def _hue_difference(a: np.ndarray, b: np.ndarray, other_a: np.ndarray, other_b: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Eq. 11: twice the root of both chromas' product, ``square``, times the sine of half the turn."""
    crosswise, along = a * other_b - other_a * b, a * other_a + b * other_b
    far = np.copysign(np.sqrt(np.maximum(2 * (square - along), 0)), crosswise)
    return np.where(along > 0, crosswise * np.sqrt(2 / np.maximum(square + along, 1e-30)), far)


def _mean_direction(
    a: np.ndarray, b: np.ndarray, chroma: np.ndarray, other_a: np.ndarray, other_b: np.ndarray, other_chroma: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Eq. 14 as cosine and sine: half way, the shorter way round. Of a grey any will do, as its difference of hue is 0."""
    a, b = a / np.maximum(chroma, 1e-30), b / np.maximum(chroma, 1e-30)
    x, y = a + other_a / np.maximum(other_chroma, 1e-30), b + other_b / np.maximum(other_chroma, 1e-30)
    length = _length(x, y)
    opposite = length < 1e-9  # a quarter on from the one in the upper half
    side = np.where((b > 0) | ((b == 0) & (a > 0)), 1, -1)
    length = np.where(opposite, 1, length)
    return np.where(opposite, -b * side, x / length), np.where(opposite, a * side, y / length)


def _hue_weight(cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """T of eq. 15, whose cosines of multiples are polynomials."""
    u = cosine * cosine
    double, double_sine = 2 * u - 1, 2 * cosine * sine
    triple, triple_sine = cosine * (4 * u - 3), sine * (4 * u - 1)
    fourfold, fourfold_sine = 2 * double * double - 1, 2 * double * double_sine
    once = _turned(cosine, sine, -30)
    return 1 - 0.17 * once + 0.24 * double + 0.32 * _turned(triple, triple_sine, 6) - 0.20 * _turned(fourfold, fourfold_sine, -63)


def _turned(cosine: np.ndarray, sine: np.ndarray, degrees: float) -> np.ndarray:
    """The cosine of an angle with an addend."""
    angle = np.radians(degrees)
    return np.cos(angle) * cosine - np.sin(angle) * sine


def _rotation(chroma: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """R_T of eq. 21, which tells how far the mean hue is from 275 degrees; it is counted from 0 to 360, so that 85 beyond it is far."""
    centre = np.radians(275)
    away = np.arctan2(sine * np.cos(centre) - cosine * np.sin(centre), cosine * np.cos(centre) + sine * np.sin(centre))
    bend = np.where(away < np.radians(85), np.exp(-np.square(away / np.radians(25))), 0)
    return -2 * _saturated_share(chroma) * np.sin(np.radians(60) * bend)
