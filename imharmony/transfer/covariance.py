"""Colour transfers by mean and covariance of RGB, as affine maps of the cube of uint8 levels.

A measure is float64 (12,): mean R, G, B, then the covariance row by row, in levels. Along an axis a region gains at most
``moments.MAX_GAIN`` in contrast. Where it has none of its own (flat, grey, a single pixel) it gets none, so flat stays flat and
grey a line; the mean is always met. What leaves the gamut is clipped channel by channel.
"""

import cv2
import numpy as np

from imharmony.transfer.blocks import blocks, in_steps, recoloured
from imharmony.transfer.moments import MAX_GAIN
from imharmony.transfer.symmetric import composed, eigen, product

FLAT = 1e-9  # a variance no region has: one pixel in a thousand million would have to differ
FINE = 1 << 20  # steps of a gain of 1 and of a shift by one level: every product and sum is exact


def rgb_covariance(pixels: np.ndarray) -> np.ndarray:
    """Mean and covariance of a region of at least one pixel, from exact integer sums."""
    count, sums, squares, products = len(pixels), [0] * 3, [0] * 3, [0] * 3
    for block in blocks(pixels):
        levels = block[None].astype(np.float32)
        sums = _added(sums, levels)
        squares = _added(squares, cv2.multiply(levels, levels))
        products = _added(products, cv2.multiply(levels, cv2.transform(levels, _NEXT)))  # RG, GB, BR
    red_green, green_blue, blue_red = products
    second = [squares[0], red_green, blue_red, red_green, squares[1], green_blue, blue_red, green_blue, squares[2]]
    first = [a * b for a in sums for b in sums]
    spread = [(count * each - both) / count**2 for each, both in zip(second, first, strict=True)]
    return np.array([total / count for total in sums] + spread)


def xiao_rgb(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's mean and covariance: its principal axes become the reference's (Xiao & Ma 2006).

    The paper leaves order and sign of the axes open. Here the k-th widest becomes the k-th widest, and each is turned to the
    side that it is on already; any other choice shows colours as their negatives.
    """
    values, axes = eigen(own[3:].reshape(3, 3))
    other_values, other_axes = eigen(reference[3:].reshape(3, 3))
    turned = other_axes * np.where((axes * other_axes).sum(axis=0) < 0, -1.0, 1.0)
    gain = np.minimum(np.sqrt(other_values / np.where(values > FLAT, values, np.inf)), MAX_GAIN)
    return _moved(pixels, product(turned * gain, axes.T), own[:3], reference[:3])


def mkl(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's mean and covariance by the linear map that moves its colours least (Pitié & Kokaram 2007).

    In the region's own axes, scaled to its own spread, A is the square root of the reference's covariance.
    """
    values, axes = eigen(own[3:].reshape(3, 3))
    spread = np.sqrt(np.where(values > FLAT, values, 0))
    seen = product(product(axes.T, reference[3:].reshape(3, 3)), axes)
    squared, directions = eigen(spread[:, None] * ((seen + seen.T) / 2) * spread)
    inverse = 1 / np.where(spread > 0, spread, np.inf)
    matrix = product(product(axes, inverse[:, None] * composed(np.sqrt(squared), directions) * inverse), axes.T)
    gain, directions = eigen((matrix + matrix.T) / 2)
    return _moved(pixels, composed(np.minimum(gain, MAX_GAIN), directions), own[:3], reference[:3])


def _added(totals: list[int], values: np.ndarray) -> list[int]:
    return [total + int(part) for total, part in zip(totals, cv2.sumElems(values), strict=False)]


def _moved(pixels: np.ndarray, matrix: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    linear = in_steps(matrix, FINE)
    shift = reference - product(linear, own[:, None])[:, 0] + 0.5
    affine = np.column_stack([linear, in_steps(shift, FINE)])
    return recoloured(pixels, lambda block: cv2.transform(block.astype(np.float64), affine))


_NEXT = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])
