"""CIELAB in whole numbers: every sum, mean and colour is the same bit for bit on every machine and in any order.

A code is (l, a, b) in steps of ``LAB_STEP``: CIELAB without its factors, f(Y), f(X) - f(Y) and f(Y) - f(Z) as whole numbers
in float64. Sums of products are of numbers so short that float64 holds them exactly, so neither the order of the pixels nor
fused multiplication can change a bit; curves are tables or single multiplications. The way there and back returns each of the
2**24 colours.
"""

import cv2
import numpy as np

from imharmony.colour.spaces import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB, cube, cube_root, linear_from_srgb, srgb_from_linear

LEVELS = 1 << 16  # what a table can tell apart
UNIT = 1 << 18  # f = 1, white
FINE = 1 << 20  # steps of linear light 1, of a gain of 1 and of a shift by one code

LAB_STEP = np.array([116, 500, 200]) / UNIT
LAB_ORIGIN = np.array([-16.0, 0, 0])


def encode(pixels: np.ndarray) -> np.ndarray:
    """The codes (N, 3) of uint8 sRGB pixels (N, 3)."""
    light = cv2.transform(cv2.LUT(pixels[None], _LINEAR_OF_SRGB), _LIGHT_OF_LINEAR)
    return cv2.transform(cv2.LUT(light.astype(np.uint16), _F_OF_LIGHT), _LAB_OF_F)[0]


def decode(codes: np.ndarray) -> np.ndarray:
    """uint8 sRGB pixels (N, 3) of codes; what lies outside the gamut is clipped channel by channel."""
    f = cv2.transform(codes[None], _F_OF_LAB)
    np.maximum(f[..., 2], 0, out=f[..., 2])  # no negative Z, as in color.srgb_from_lab
    light = np.rint(cube(f) * FINE)
    linear = cv2.transform(light, _LINEAR_OF_LIGHT)
    return cv2.LUT(np.clip(linear, 0, _WHITEST, out=linear).astype(np.uint16), _SRGB_OF_LINEAR)[0]


def lab_from_pixels(pixels: np.ndarray) -> np.ndarray:
    """CIELAB (N, 3) of uint8 sRGB pixels (N, 3), within 0.01 in L and 0.07 in a and b of ``color.lab_from_srgb``."""
    return encode(pixels) * LAB_STEP + LAB_ORIGIN


def scaled(codes: np.ndarray, gain: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """``codes * gain + shift``, channel by channel, with both rounded to 1 / ``FINE`` so that the result is exact."""
    return cv2.transform(codes[None], _rounded(np.column_stack([np.diag(gain), shift]), FINE))[0]


def _rounded(values: np.ndarray, steps: int) -> np.ndarray:
    return np.rint(values * steps) / steps


def _index_matrix(values: np.ndarray) -> np.ndarray:
    """For ``cv2.transform``: light in steps of 1 / ``FINE`` to a table's index; what is cut off it rounds to the nearest."""
    return np.column_stack([_rounded(values * _WHITEST / FINE, 1 << 24), np.full(3, 0.5)])


_WHITEST = LEVELS - 1

_LINEAR_OF_SRGB = np.rint(linear_from_srgb(np.arange(256) / 255) * FINE)
_LIGHT_OF_LINEAR = _index_matrix(XYZ_FROM_RGB / WHITE[:, None])
_F_OF_LIGHT = np.rint(cube_root(np.arange(LEVELS) / _WHITEST) * UNIT)
_LAB_OF_F = np.array([[0.0, 1, 0], [1, -1, 0], [0, 1, -1]])
_F_OF_LAB = np.array([[1.0, 1, 0], [1, 0, 0], [1, 0, -1]]) / UNIT
_LINEAR_OF_LIGHT = _index_matrix(RGB_FROM_XYZ * WHITE)
_SRGB_OF_LINEAR = np.rint(srgb_from_linear(np.arange(LEVELS) / _WHITEST) * 255).astype(np.uint8)
