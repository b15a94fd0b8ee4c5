"""Two changes of a photograph as the code of HMH makes them (Ren, Liu & Song 2021, github.com/XuqianRen/HMH_dataset), faults included.

Both return whole levels, where the code goes on with floats. What the faults do is what is wanted here, so that the published data
set can be made; ``reinhard_lab`` and ``msrcr`` are the same ideas without them. Its third change is ``brightness``.
"""

import math
from functools import lru_cache

import numpy as np

from imharmony.colour.spaces import linear_from_srgb, srgb_from_linear
from imharmony.transfer.blocks import blocks

# Linear sRGB adapted to D50, which the code takes for CIELAB, its inverse as printed there, and D50's XYZ.
XYZ_FROM_RGB = np.array(
    [[0.436052025, 0.385081593, 0.143087414], [0.222491598, 0.716886060, 0.060621486], [0.013929122, 0.097097002, 0.714185470]]
)
RGB_FROM_XYZ = np.array(
    [[3.13405134, -1.61702771, -0.49065221], [-0.97876273, 1.91614223, 0.03344963], [0.07194258, -0.22897118, 1.40521831]]
)
WHITE = np.array([0.964221, 1.0, 0.825211])
KNEE_LIGHT, KNEE, SLOPE, FOOT = 0.008856, 0.206893, 7.787, 0.137931  # of the cube root
STEPS = 1024  # of a unit of L, a and b: sums of whole numbers are the same in any order
SWAPPED = [0, 2, 1]  # the ratio of deviations that scales L, a and b: those of a and b are in each other's place
MOST = 255.0  # L, a and b are clipped to 0..255, which takes away green and blue

# MSRCR's constants; sigmas are in pixels of the photograph, whatever its size.
RETINEX = {"sigma_px": [15, 80, 200], "gain": 5.0, "offset": 25.0, "restoration_curve": 125.0, "restoration_gain": 46.0}
REACH = 4  # sigmas after which OpenCV ends a Gaussian of floats


def hmh_moments(pixels: np.ndarray) -> np.ndarray:
    """Mean, then deviation (over N - 1) of L, a and b by the code's matrices, float64 (6,), of a region of at least one pixel."""
    count, sums, squares = len(pixels), np.zeros(3, np.int64), np.zeros(3, np.int64)
    for block in blocks(pixels):
        codes = np.rint(_lab(block) * STEPS).astype(np.int64)
        sums += codes.sum(axis=0)
        squares += (codes * codes).sum(axis=0)
    # Whole numbers of any length: the product of count and squares has too many digits for 64 bits.
    spreads = [count * square - total * total for total, square in zip(sums.tolist(), squares.tolist(), strict=True)]
    std = [math.sqrt(spread / (count * max(count - 1, 1))) for spread in spreads]
    return np.concatenate([sums / count, std]) / STEPS


def hmh_reinhard_code(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's moments as the code matches them: ``SWAPPED``, then clipped to 0..``MOST``.

    A region that is its own reference therefore changes where a or b is negative. A channel without spread keeps its values around the
    new mean; the code divides by the rounding errors of its floats there.
    """
    ratio = np.divide(reference[3:], own[3:], out=np.ones(3), where=own[3:] > 0)[SWAPPED]
    result = np.empty_like(pixels)
    for before, after in zip(blocks(pixels), blocks(result), strict=True):
        moved = ratio * (_lab(before) - own[:3]) + reference[:3]
        after[:] = np.rint(255 * _rgb(moved.clip(0, MOST)).clip(0, 1))
    return result


def draw_hmh_msrcr_code(_rng: np.random.Generator) -> dict[str, float | list[int]]:
    """The code's constants; nothing is drawn."""
    return dict(RETINEX)


def hmh_msrcr_code(photo: np.ndarray, parameters: dict) -> np.ndarray:
    """Multi-scale retinex with colour restoration of a photograph, uint8 sRGB (H, W, 3), with the code's last gain and offset.

    gain * (C * mean over sigmas (log I - log G * I) + offset), C = restoration_gain * (log (restoration_curve * I) - log sum of I), of
    levels from 1 to 256 in logarithms to base 10, clipped to 0..255. What is flat becomes 125.
    """
    values = photo + 1.0
    sigmas = parameters["sigma_px"]
    retinex = np.log10(values) - sum(np.log10(gaussian(values, sigma)) for sigma in sigmas) / len(sigmas)
    colour = np.log10(parameters["restoration_curve"] * values) - np.log10(values.sum(axis=2, keepdims=True))
    levels = parameters["gain"] * (parameters["restoration_gain"] * colour * retinex + parameters["offset"])
    return np.rint(levels.clip(0, 255)).astype(np.uint8)


def gaussian(values: np.ndarray, sigma_px: float) -> np.ndarray:
    """An image (H, W, C) under a Gaussian cut off at ``REACH`` sigmas, mirrored about its outermost pixels: OpenCV's ``GaussianBlur``.

    The cosine transform of the first kind diagonalises it, so that its cost does not grow with sigma.
    """
    from scipy.fft import dct, idct  # half a second; every stage has the transfers' names, few have these two

    for axis, length in enumerate(values.shape[:2]):
        if length > 1:
            response = _response(length, sigma_px).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
            values = np.asarray(idct(response * np.asarray(dct(values, type=1, axis=axis)), type=1, axis=axis))
    return values


@lru_cache(maxsize=16)
def _response(length: int, sigma_px: float) -> np.ndarray:
    """What the kernel makes of each of ``length`` cosines."""
    away = np.arange(1, (round(2 * REACH * sigma_px + 1) | 1) // 2 + 1)
    weights = np.exp(-0.5 * (away / sigma_px) ** 2)
    waves = np.cos(np.pi / (length - 1) * np.arange(length)[:, None] * away)
    return (1 + 2 * (waves * weights).sum(axis=1)) / (1 + 2 * weights.sum())


def _lab(pixels: np.ndarray) -> np.ndarray:
    light = _mixed(_LINEAR_OF_LEVEL[pixels], XYZ_FROM_RGB / WHITE[:, None])
    f = np.where(light > KNEE_LIGHT, np.cbrt(light), SLOPE * light + FOOT)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def _rgb(lab: np.ndarray) -> np.ndarray:
    y = (lab[:, 0] + 16) / 116
    f = np.stack([lab[:, 1] / 500 + y, y, y - lab[:, 2] / 200], axis=1)
    light = np.where(f > KNEE, f * f * f, (f - FOOT) / SLOPE)
    return srgb_from_linear(_mixed(light, RGB_FROM_XYZ * WHITE))


def _mixed(values: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The matrix times each row, in a fixed order: what BLAS makes of it depends on its build."""
    return np.stack([values[:, 0] * row[0] + values[:, 1] * row[1] + values[:, 2] * row[2] for row in matrix], axis=1)


_LINEAR_OF_LEVEL = linear_from_srgb(np.arange(256) / 255)
