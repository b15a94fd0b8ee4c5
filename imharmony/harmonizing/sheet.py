"""A small picture of before and after, side by side."""

import cv2
import numpy as np

from imharmony.pictures.images import encode_jpeg

HEIGHT_PX = 480
GAP_PX = 8
QUALITY = 90


def before_after(before: np.ndarray, after: np.ndarray, region: np.ndarray) -> bytes:
    """A JPEG of two pictures uint8 (H, W, 3), the second beside the first, cut to what is around the region (H, W) and made small."""
    rows, columns = _around(region)
    pictures = [_small(picture[rows, columns]) for picture in (before, after)]
    gap = np.full((pictures[0].shape[0], GAP_PX, 3), 255, np.uint8)
    return encode_jpeg(np.hstack([pictures[0], gap, pictures[1]]), quality=QUALITY)


def _around(region: np.ndarray) -> tuple[slice, slice]:
    """The region's box and as much again on each side, so that there is something to compare with."""
    left, top, width, height = cv2.boundingRect((region > 0).astype(np.uint8))
    rows = slice(max(top - height // 2, 0), top + height + height // 2)
    return rows, slice(max(left - width // 2, 0), left + width + width // 2)


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    if height <= HEIGHT_PX:
        return np.ascontiguousarray(picture)
    return cv2.resize(picture, (max(round(width * HEIGHT_PX / height), 1), HEIGHT_PX), interpolation=cv2.INTER_AREA)
