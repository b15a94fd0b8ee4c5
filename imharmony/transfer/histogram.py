"""Histogram matching, channel by channel.

A measure is float64 (768,): how often each of 256 levels occurs in R, then in G, then in B.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from imharmony.transfer.blocks import blocks

COUNTABLE = 1 << 24  # pixels that OpenCV, which gives counts as float32, counts exactly


def rgb_histogram(pixels: np.ndarray) -> np.ndarray:
    """How often each level of R, G and B occurs in a region."""
    return channel_counts(blocks(pixels, COUNTABLE))


def masked_histogram(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How often each level of R, G and B occurs where a mask, uint8 (H, W), is above 0 in a picture uint8 (H, W, 3)."""
    step = COUNTABLE // picture.shape[1]
    counts = np.zeros(768)
    for top in range(0, len(picture), step):
        part, inside = picture[top : top + step], mask[top : top + step]
        counts += np.concatenate([cv2.calcHist([part], [channel], inside, [256], [0, 256]) for channel in range(3)]).ravel()
    return counts


def channel_counts(codes: Iterable[np.ndarray]) -> np.ndarray:
    """How often each of 256 codes occurs in each channel, float64 (768,), of blocks uint8 (n, 3), each of at most ``COUNTABLE`` pixels."""
    counts = np.zeros(768)
    for block in codes:
        counts += np.concatenate([cv2.calcHist([block[None]], [channel], None, [256], [0, 256]) for channel in range(3)]).ravel()
    return counts


def histogram(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's cumulative histograms of R, G and B.

    A level goes to where the reference's share of levels up to it is the same, on straight lines between the levels that the
    reference has, rounded. As usual the share includes the level itself, so a flat region takes the reference's largest levels.
    """
    return matched(pixels[None], own, reference)[0]


def matched(picture: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) with the levels that ``histogram`` gives to a region that has ``own`` counts."""
    tables = _levels(own.astype(np.int64), reference.astype(np.int64)).reshape(3, 256)
    planes = zip(cv2.split(picture), tables, strict=True)  # plane by plane: OpenCV looks three channels up at once more slowly
    return cv2.merge([cv2.LUT(plane, table) for plane, table in planes])


def _levels(own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The level for each level, uint8 (768,), in whole numbers; a level below the region's first goes to the reference's first.

    The channels stand one after another, so a running total lifts each above the one before and one search serves all three.
    """
    total, reference_total = own.cumsum(), reference.cumsum()
    size, reference_size = total[255], reference_total[255]
    had = reference.nonzero()[0]  # 256 times the channel + the level
    share = reference_total[had] * size
    wanted = np.maximum(total * reference_size, _CHANNEL * (size * reference_size) + 1)
    above = share.searchsorted(wanted)
    below = np.maximum(above - 1, had.searchsorted(_FIRST)[_CHANNEL])
    low, level = share[below], had[below]
    gap = np.maximum(share[above] - low, 1)
    levels = level + (2 * (wanted - low) * (had[above] - level) + gap) // (2 * gap)
    return levels.astype(np.uint8)  # 256 times the channel falls away


_FIRST = 256 * np.arange(3)  # the first level of each channel
_CHANNEL = np.repeat(np.arange(3), 256)  # of each level
