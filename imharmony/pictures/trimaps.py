"""Trimaps of alpha mattes, uint8 (H, W): what is certainly background, what is unknown, what is certainly foreground."""

import cv2
import numpy as np

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255

# Mattes whose inside is 250 of 255 are common: asking for exactly 0 and 1 would make all of it unknown.
OPAQUE = 0.95
CLEAR = 0.05


def trimap(alpha: np.ndarray, *, erode_px: float, dilate_px: float) -> np.ndarray:
    """The trimap of an alpha matte, float (H, W) in [0, 1].

    Foreground is what is opaque and farther than ``erode_px`` from all that is not; background what is clear and farther than
    ``dilate_px`` from all that is not. Beyond the photograph's border nothing is assumed.
    """
    result = np.full(alpha.shape, UNKNOWN, np.uint8)
    result[_inner(alpha >= OPAQUE, erode_px)] = FOREGROUND
    result[_inner(alpha <= CLEAR, dilate_px)] = BACKGROUND
    return result


def _inner(region: np.ndarray, margin_px: float) -> np.ndarray:
    """The part of a region (H, W) whose distance to the nearest pixel outside it is above the margin."""
    if region.all():
        return region
    return cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > margin_px
