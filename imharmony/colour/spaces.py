"""Colour spaces of one pixel, exact in float64: sRGB, linear RGB, CIELAB (D65, 2 degrees), and CIEDE2000.

sRGB and linear RGB are float in [0, 1]; L in [0, 100], a and b about -110..110. The last axis is the channel.
The transfers use ``imharmony.colour.integer_lab``, which gives the same colours in integers.
"""

import numpy as np

# Linear sRGB -> CIE XYZ (ITU-R BT.709 primaries, D65), and D65's own XYZ.
XYZ_FROM_RGB = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
RGB_FROM_XYZ = np.linalg.inv(XYZ_FROM_RGB)
WHITE = np.array([0.95047, 1.0, 1.08883])

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


def cube_root(t: np.ndarray) -> np.ndarray:
    """CIELAB's f: the cube root with a straight foot."""
    return np.cbrt(np.maximum(t, KNEE**3)) + SLOPE * np.minimum(t - KNEE**3, 0)


def cube(f: np.ndarray) -> np.ndarray:
    """The inverse of ``cube_root``."""
    curve = np.maximum(f, KNEE)
    light = curve * curve * curve
    light += np.minimum(f - KNEE, 0, out=curve) / SLOPE
    return light


def lab_from_srgb(srgb: np.ndarray) -> np.ndarray:
    """CIELAB of float sRGB in [0, 1], shape (..., 3)."""
    x, y, z = np.moveaxis(cube_root(linear_from_srgb(srgb) @ (XYZ_FROM_RGB / WHITE[:, None]).T), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def srgb_from_lab(lab: np.ndarray) -> np.ndarray:
    """Float sRGB of CIELAB, shape (..., 3), not clipped.

    A colour that no light has may ask for a negative Z; it is set to black's f = 0, hence b <= 200 (L + 16) / 116.
    """
    y = (lab[..., 0] + 16) / 116
    x = y + lab[..., 1] / 500
    z = np.maximum(y - lab[..., 2] / 200, 0)
    return srgb_from_linear(cube(np.stack([x, y, z], axis=-1)) @ (RGB_FROM_XYZ * WHITE).T)


def ciede2000(lab: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The CIEDE2000 colour difference of CIELAB colours (Sharma, Wu & Dalal 2005), shape (...); about 1 is just noticeable."""
    stretch = _stretch(lab, other)
    (lightness, chroma, hue), (other_lightness, other_chroma, other_hue) = _lch(lab, stretch), _lch(other, stretch)
    one_is_grey = chroma * other_chroma == 0

    turn = other_hue - hue
    turn -= 360 * np.rint(turn / 360)  # eq. 10: the shorter way round
    d_lightness, d_chroma = other_lightness - lightness, other_chroma - chroma
    d_hue = 2 * np.sqrt(chroma * other_chroma) * np.sin(np.radians(turn / 2))

    mean_l, mean_c = (lightness + other_lightness) / 2, (chroma + other_chroma) / 2
    apart = np.abs(hue - other_hue) > 180
    mean_h = (hue + other_hue + np.where(apart, np.where(hue + other_hue < 360, 360, -360), 0)) / 2  # eq. 14
    mean_h = np.where(one_is_grey, hue + other_hue, mean_h)

    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c = 1 + 0.045 * mean_c
    s_h = 1 + 0.015 * mean_c * _hue_weight(mean_h)
    l_term, c_term, h_term = d_lightness / s_l, d_chroma / s_c, d_hue / s_h
    return np.sqrt(np.maximum(l_term**2 + c_term**2 + h_term**2 + _rotation(mean_c, mean_h) * c_term * h_term, 0))


def _stretch(lab: np.ndarray, other: np.ndarray) -> np.ndarray:
    mean = (_length(lab[..., 1], lab[..., 2]) + _length(other[..., 1], other[..., 2])) / 2
    return 1.5 - 0.5 * _saturated_share(mean)  # eq. 4: 1 + G


def _length(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.sqrt(a * a + b * b)  # a third of the time of hypot


def _lch(lab: np.ndarray, stretch: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a = stretch * lab[..., 1]
    hue = np.degrees(np.arctan2(lab[..., 2], a))
    return lab[..., 0], _length(a, lab[..., 2]), np.where(hue < 0, hue + 360, hue)


def _saturated_share(chroma: np.ndarray) -> np.ndarray:
    square = chroma * chroma
    seventh = square * square * square * chroma
    return np.sqrt(seventh / (seventh + 25.0**7))


def _hue_weight(hue: np.ndarray) -> np.ndarray:
    u = _turned(hue)  # the four cosines of eq. 15 as the real part of a polynomial in exp(i h)
    return 1 + (u * (-0.17 * _turned(-30) + u * (0.24 + u * (0.32 * _turned(6) - u * 0.20 * _turned(-63))))).real


def _turned(degrees: np.ndarray | float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.cos(angle) + 1j * np.sin(angle)


def _rotation(chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    bend = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    return -2 * _saturated_share(chroma) * np.sin(np.radians(2 * bend))  # eq. 21
