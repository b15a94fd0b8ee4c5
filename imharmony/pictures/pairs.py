"""A photograph and its mask, as networks are shown them. Photographs are uint8 (H, W, 3); masks uint8 (H, W), 255 = foreground."""

import cv2
import numpy as np

from imharmony.errors import InputError

INSIDE = 128  # of a soft mask's 0..255: from here on a pixel is foreground where it must be one or the other
UNSEEN = 3  # levels of 255 that the noise of JPEG leaves on a mask that is one colour


def check_pair(photo: np.ndarray, mask: np.ndarray) -> None:
    """Raises an ``InputError`` unless a mask (H, W) is the photograph's and leaves something to harmonize, and something to go by."""
    if photo.shape[:2] != mask.shape:
        came, expected = f"{mask.shape[1]}x{mask.shape[0]}", f"{photo.shape[1]}x{photo.shape[0]}"
        raise InputError(f"the mask is {came} pixels; expected {expected}, the photograph's size; save the mask at that size")
    if mask.max() <= UNSEEN:
        raise InputError("the mask is black everywhere; expected white where the pasted object is; invert or redraw it")
    if mask.min() >= 255 - UNSEEN:
        raise InputError("the mask is white everywhere; expected black where the background is: there is nothing to harmonize with")


def squared(image: np.ndarray, size_px: int) -> np.ndarray:
    """A photograph or a mask at ``size_px`` squared: means of pixels where it shrinks along both sides, linear otherwise."""
    shrinks = min(image.shape[:2]) >= size_px
    return cv2.resize(image, (size_px, size_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
