"""Histogram matching, channel by channel.

A measure is float64 (768,): how often each of 256 levels occurs in R, then in G, then in B.
"""

from collections.abc import Callable

import cv2
import numpy as np

from harmonization.transfer.blocks import blocks


def rgb_histogram(pixels: np.ndarray) -> np.ndarray:
    """How often each level of R, G and B occurs in a region."""
    return channel_counts(pixels, lambda block: block)


def channel_counts(pixels: np.ndarray, code: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """How often each of 256 codes occurs in each channel, float64 (768,), of a region coded block by block, uint8 (1, n, 3)."""
    counts = np.zeros(768)
    for block in blocks(pixels):
        codes = code(block[None])
        counts += np.concatenate([cv2.calcHist([codes], [channel], None, [256], [0, 256]).ravel() for channel in range(3)])
    return counts


def histogram(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's cumulative histograms of R, G and B.

    A level goes to where the reference's share of levels up to it is the same, on straight lines between the levels that the
    reference has, rounded. As usual the share includes the level itself, so a flat region takes the reference's largest levels.
    """
    table = _matched(own.reshape(3, 256).astype(np.int64), reference.reshape(3, 256).astype(np.int64))
    return cv2.LUT(pixels[None], np.ascontiguousarray(table.T)[None])[0]


def _matched(own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The level for each level, uint8 (3, 256), in whole numbers; a level below the region's first goes to the reference's first."""
    wanted = np.maximum(own.cumsum(axis=1) * reference[0].sum(), 1)
    share = reference.cumsum(axis=1) * own[0].sum()
    rows = np.arange(3)[:, None]
    lift = rows * share[0, -1]  # one search for all: each row starts where the one before ends
    above = np.searchsorted((share + lift).ravel(), (wanted + lift).ravel()).reshape(3, 256) - 256 * rows
    had = np.maximum.accumulate(np.where(reference > 0, np.arange(256), -1), axis=1)  # the last that the reference has so far
    below = had[rows, np.maximum(above - 1, 0)]
    below = np.where(below < 0, above, below)
    low, high = share[rows, below], share[rows, above]
    gap = np.maximum(high - low, 1)
    return (below + (2 * (wanted - low) * (above - below) + gap) // (2 * gap)).astype(np.uint8)
