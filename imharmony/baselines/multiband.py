"""Burt & Adelson 1983, "A multiresolution spline with application to image mosaics": blended band by band.

Coarse bands pass into each other over a wide zone, fine ones over a narrow one. Pictures are float64 (H, W, 3) in [0, 255].
"""

import math

import cv2
import numpy as np

from imharmony.baselines.region import foreground_of, opacity_of


def multiband(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground blended into the background in Laplacian pyramids, float32 (H, W, 3) in [0, 255].

    The paper joins two whole pictures, here each is known on its own side only: beyond, it is made up of the nearest colours.
    And since the background must stay, the zones lie inside the mask: weights rise from 0 at its edge instead of from 1/2. The
    pyramid has as many levels as the foreground has room for, so that its innermost part keeps colours of its own; one of a
    single pixel stays as it is.
    """
    opacity = opacity_of(mask)
    touched = opacity > 0
    levels = composite.astype(np.float64)
    front, back = _filled(levels, touched), _filled(levels, ~touched)
    room_px = cv2.distanceTransform(foreground_of(mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max()
    levels[touched] = np.clip(back + _faded(front - back, opacity, depth=int(math.log2(room_px))), 0, 255)[touched]
    return levels.astype(np.float32)


def _faded(difference: np.ndarray, opacity: np.ndarray, *, depth: int) -> np.ndarray:
    """The difference between two pictures, each of its bands weighed by the opacity that is blurred as much."""
    weight = np.maximum(2 * opacity - 1, 0)[..., None]
    if depth == 0:
        return weight * difference
    coarse = cv2.pyrDown(difference)
    band = difference - _enlarged(coarse, like=difference)
    return weight * band + _enlarged(_faded(coarse, cv2.pyrDown(opacity), depth=depth - 1), like=difference)


def _filled(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The picture with what is not known (H, W) pulled from coarser levels (Gortler, Grzeszczuk, Szeliski & Cohen 1996)."""
    if known.all():
        return picture
    share = cv2.pyrDown(known.astype(np.float64))
    coarse = cv2.pyrDown(picture * known[..., None]) / np.where(share > 0, share, 1)[..., None]
    return np.where(known[..., None], picture, _enlarged(_filled(coarse, share > 0), like=picture))


def _enlarged(picture: np.ndarray, *, like: np.ndarray) -> np.ndarray:
    """The picture expanded to another's size, mirrored at all borders: OpenCV does so on the left and at the top alone."""
    height, width = like.shape[:2]
    return cv2.pyrUp(cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REFLECT_101))[2 : 2 + height, 2 : 2 + width]
