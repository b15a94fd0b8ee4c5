"""Fecker, Barkowsky & Kaup 2008: cumulative histograms matched in 8-bit YCbCr (ITU-R BT.601: Y 16..235, Cb and Cr 16..240).

A measure is float64 (768,): how often each code occurs in Y, then in Cb, then in Cr.
"""

import cv2
import numpy as np

from imharmony.transfer.blocks import blocks, in_steps, recoloured
from imharmony.transfer.histogram import channel_counts

YCBCR_FROM_RGB = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112], [112, -93.786, -18.214]]) / 255
RGB_FROM_YCBCR = np.linalg.inv(YCBCR_FROM_RGB)
BLACK = np.array([16.0, 128, 128])


def ycbcr_histogram(pixels: np.ndarray) -> np.ndarray:
    """How often each code of Y, Cb and Cr occurs in a region."""
    return channel_counts(ycbcr(block[None])[0] for block in blocks(pixels))


def fecker_ycbcr(pixels: np.ndarray, own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The region with the reference's cumulative histograms of Y, Cb and Cr, but where the gamut ends.

    The change of the codes is added to the levels. The paper decodes the codes instead, which loses up to two levels even where
    nothing is changed; here a region as its own reference stays the same.
    """
    tables = [code_map(*each) for each in zip(own.reshape(3, 256), reference.reshape(3, 256), strict=True)]
    change = np.stack(tables, axis=-1)[None] - np.arange(256.0)[:, None]
    return recoloured(pixels, lambda block: cv2.add(block, cv2.transform(cv2.LUT(ycbcr(block), change), _RGB), dtype=cv2.CV_64F))


def ycbcr(block: np.ndarray) -> np.ndarray:
    """The codes of uint8 sRGB pixels, uint8 of the same shape (1, N, 3)."""
    return cv2.transform(block.astype(np.float64), _CODE).astype(np.uint8)


def code_map(own: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The code for each code, int64 (256,), rising: the last that the reference has with no larger share of codes up to it.

    The paper also takes codes that the reference lacks, the last before the next it has; then even a region as its own reference
    would change. Below the reference's first code the paper takes the mean of the reference's end bin. A bin is one code wide, so
    that is the end code itself; and the first it has is the end, for the mean of an empty bin is no number.
    """
    codes = np.flatnonzero(reference)
    wanted = own.astype(np.int64).cumsum() * int(reference.sum())
    share = reference.astype(np.int64)[codes].cumsum() * int(own.sum())
    return codes[np.maximum(np.searchsorted(share, wanted, side="right") - 1, 0)]


# Halves go up: a code is a whole number of 1 / 255,000, so between the half and the next there is room for a millionth.
_CODE = np.column_stack([in_steps(YCBCR_FROM_RGB, 1 << 36), BLACK + 0.5 + 2.0**-20])
_RGB = np.column_stack([in_steps(RGB_FROM_YCBCR, 1 << 24), np.full(3, 0.5)])
