"""Reinhard, Ashikhmin, Gooch & Shirley 2001, "Color transfer between images", in the paper's own space lαβ.

RGB are the levels as they are, in [0, 1], not linear light; l, α and β are decorrelated sums of the decimal logarithms of the
cones' answers. Black has no logarithm: no statistics know it, and it is recoloured as the grey of level 1. A measure is float64
(6,): mean l, α, β, then their standard deviations. The transfer in CIELAB is another one: ``reinhard_lab``.

As in ``imharmony.colour.integer_lab`` logarithms are whole numbers, in steps of 1 / ``UNIT``, so that no order of the pixels and no
machine changes a bit.
"""

import math

import cv2
import numpy as np

from imharmony.transfer.blocks import blocks, in_steps, recoloured
from imharmony.transfer.moments import MAX_GAIN

LMS_FROM_RGB = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
RGB_FROM_LMS = np.linalg.inv(LMS_FROM_RGB)  # the printed one is rounded: white comes back a level off
LAB_FROM_LOG = np.array([[1.0, 1, 1], [1, 1, -2], [1, -1, 0]])  # before its rows are scaled to length 1
LAB_SCALE = 1 / np.sqrt([3, 6, 2])

UNIT = 1 << 16  # log10 = 1
LEVELS = 1 << 16  # what a table can tell apart
DARKEST, BRIGHTEST = -4.0, 1.0  # log10 of the light that a result may have before it is clipped to the gamut; white's is 0


def lalphabeta_moments(pixels: np.ndarray) -> np.ndarray:
    """Mean and standard deviation of l, α and β over the pixels of a region that are not black, from exact integer sums.

    A region of black alone counts as the grey of level 1.
    """
    count, black, sums, squares = len(pixels), 0, [0] * 3, [0] * 3
    for block in blocks(pixels):
        light = _light(block[None])
        codes = cv2.transform(cv2.LUT(light, _LOG_OF_LIGHT), LAB_FROM_LOG)
        black += len(block) - cv2.countNonZero(light[..., 0])
        sums = [total + int(part) for total, part in zip(sums, cv2.sumElems(codes), strict=False)]
        squares = [total + int(part) for total, part in zip(squares, cv2.sumElems(cv2.multiply(codes, codes)), strict=False)]
    if black < count:  # black's α and β are 0
        count, sums[0], squares[0] = count - black, sums[0] - black * _BLACK, squares[0] - black * _BLACK**2
    mean = np.array([total / count for total in sums])
    std = np.array([math.sqrt(count * square - total * total) / count for total, square in zip(sums, squares, strict=True)])
    return np.concatenate([mean * LAB_SCALE, std * LAB_SCALE]) / UNIT


def reinhard_lalphabeta(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's mean and standard deviation in l, α and β.

    A gain is at most ``moments.MAX_GAIN``; what leaves the gamut is clipped channel by channel. With its own moments a region
    stays as it is, but black becomes 1.
    """
    gain = np.minimum(reference[3:] / np.where(own[3:] > 0, own[3:], np.inf), MAX_GAIN)
    shift = (reference[:3] - gain * own[:3]) / LAB_SCALE
    linear = _LOG_FROM_LAB @ (gain[:, None] * LAB_FROM_LOG) * (_PER_DECADE / UNIT)
    offset = (_LOG_FROM_LAB @ shift - DARKEST) * _PER_DECADE + 0.5
    affine = in_steps(np.column_stack([linear, offset]), 1 << 24)
    return recoloured(pixels, lambda block: _rgb_of_light(cv2.transform(cv2.LUT(_light(block), _LOG_OF_LIGHT), affine)))


def _light(block: np.ndarray) -> np.ndarray:
    """L, M and S of uint8 pixels, uint16; 0 for black alone."""
    return cv2.transform(cv2.LUT(block, _LEVEL), _LIGHT_OF_LEVEL).astype(np.uint16)


def _rgb_of_light(index: np.ndarray) -> np.ndarray:
    light = cv2.LUT(np.clip(index, 0, LEVELS - 1, out=index).astype(np.uint16), _LIGHT_OF_LOG)
    return cv2.transform(light, _RGB_OF_LIGHT)


_PER_DECADE = (LEVELS - 1) / (BRIGHTEST - DARKEST)
_LOG_FROM_LAB = np.array([[2.0, 1, 3], [2, 1, -3], [2, -2, 0]]) / 6
_LEVEL = np.arange(256.0)
_LIGHT_OF_LEVEL = np.column_stack([in_steps(LMS_FROM_RGB * (LEVELS - 1) / 255, 1 << 24), np.full(3, 0.5)])
_LOG_OF_LIGHT = np.rint(np.log10(np.append(1 / 255, np.arange(1, LEVELS) / (LEVELS - 1))) * UNIT)
_BLACK = 3 * int(_LOG_OF_LIGHT[0])  # its l, before it is scaled
_LIGHT_OF_LOG = in_steps(10 ** (DARKEST + np.arange(LEVELS) / _PER_DECADE), 1 << 20)
_RGB_OF_LIGHT = np.column_stack([in_steps(RGB_FROM_LMS * 255, 1 << 16), np.full(3, 0.5)])
