"""Colours moved in CIELAB, in numpy: what ``imharmony.networks.regions.moved`` does, for planes of float32.

The curves are those of ``imharmony.colour.spaces``; powers are OpenCV's, which are a millionth off and ten times as fast as numpy's.
"""

import cv2
import numpy as np

from imharmony.colour.spaces import KNEE, RGB_FROM_XYZ, SLOPE, WHITE, XYZ_FROM_RGB, linear_from_srgb

_LIGHT_OF_LINEAR = (XYZ_FROM_RGB / WHITE[:, None]).astype(np.float32)
_LINEAR_OF_LIGHT = (RGB_FROM_XYZ * WHITE).astype(np.float32)
_LINEAR_OF_LEVEL = linear_from_srgb(np.arange(256) / 255).astype(np.float32)
_LAB_OF_ROOTS = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]])
_ORIGIN = np.array([-16.0, 0, 0])
_ROOTS_OF_LAB = np.linalg.inv(_LAB_OF_ROOTS)


def moved(picture: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """The change in levels, float32 (3, h, w), of a picture's planes, uint8 or float32 (3, h, w) in 0..255, not clipped.

    With x a colour in CIELAB, maps (6, h, w) or (6, 1, 1) make it x + A x + b of their two halves A and b.
    """
    channels, height, width = picture.shape
    planes = picture.reshape(channels, -1)
    roots = _roots(_light(planes))
    roots += _step(roots, maps)
    np.maximum(roots[2], 0, out=roots[2])
    new = _srgb(_mixed(_LINEAR_OF_LIGHT, _cubes(roots)))
    new *= np.float32(255)
    new -= planes
    return new.reshape(channels, height, width)


def _step(roots: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """What is added to the roots f(X), f(Y), f(Z) of (3, N) colours: CIELAB is a matrix of them and an offset, and back."""
    if maps.shape[1:] == (1, 1):
        more, offset = maps.reshape(2, 3).astype(np.float64)
        matrix = _ROOTS_OF_LAB @ (more[:, None] * _LAB_OF_ROOTS)
        step = _mixed(matrix.astype(np.float32), roots)
        step += (_ROOTS_OF_LAB @ (more * _ORIGIN + offset)).astype(np.float32)[:, None]
        return step
    more, offset = maps.reshape(2, 3, -1)
    lab = _mixed(_LAB_OF_ROOTS.astype(np.float32), roots)
    lab += _ORIGIN.astype(np.float32)[:, None]
    lab *= more
    lab += offset
    return _mixed(_ROOTS_OF_LAB.astype(np.float32), lab)


def _mixed(matrix: np.ndarray, planes: np.ndarray) -> np.ndarray:
    return np.matmul(matrix, planes)


def _light(planes: np.ndarray) -> np.ndarray:
    """X, Y and Z of levels, in shares of white."""
    if planes.dtype == np.uint8:
        return _mixed(_LIGHT_OF_LINEAR, cv2.LUT(planes, _LINEAR_OF_LEVEL))
    srgb = planes / np.float32(255)
    foot = np.minimum(srgb, np.float32(0.04045)) / np.float32(12.92)
    curve = _power((np.maximum(srgb, np.float32(0.04045)) + np.float32(0.055)) / np.float32(1.055), 2.4)
    return _mixed(_LIGHT_OF_LINEAR, np.where(srgb > np.float32(0.04045), curve, foot))


def _roots(light: np.ndarray) -> np.ndarray:
    """CIELAB's f: the cube root with a straight foot."""
    knee = np.float32(KNEE**3)
    foot = np.minimum(light, knee)
    foot -= knee
    foot *= np.float32(SLOPE)
    foot += _power(np.maximum(light, knee, out=light), 1 / 3)
    return foot


def _cubes(roots: np.ndarray) -> np.ndarray:
    """The inverse of ``_roots``."""
    knee = np.float32(KNEE)
    foot = np.minimum(roots, knee)
    foot -= knee
    foot /= np.float32(SLOPE)
    curve = np.maximum(roots, knee, out=roots)
    foot += curve * curve * curve
    return foot


def _srgb(linear: np.ndarray) -> np.ndarray:
    """sRGB of linear light; below the curve's foot, also of negative light, a straight line."""
    knee = np.float32(0.0031308)
    foot = linear * np.float32(12.92)
    is_foot = linear <= knee
    curve = _power(np.maximum(linear, knee, out=linear), 1 / 2.4)
    curve *= np.float32(1.055)
    curve -= np.float32(0.055)
    np.copyto(curve, foot, where=is_foot)
    return curve


def _power(base: np.ndarray, exponent: float) -> np.ndarray:
    return cv2.pow(base, exponent)
