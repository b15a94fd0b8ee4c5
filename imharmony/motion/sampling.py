"""Pictures seen through an affine map, each pixel a bilinear mean of four, in double precision: the same bits on every machine.

Places are pixel indices, (0, 0) the middle of the first pixel. Pictures are float (H, W, C).
"""

import cv2
import numpy as np

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def composed(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The affine map (..., 2, 3) that does ``inner`` first, then ``outer``."""
    linear = outer[..., :2] @ inner[..., :2]
    return np.concatenate([linear, outer[..., :2] @ inner[..., 2:] + outer[..., 2:]], axis=-1)


def inverted(matrix: np.ndarray) -> np.ndarray:
    """The inverse of affine maps (..., 2, 3)."""
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def of_indices(matrix: np.ndarray) -> np.ndarray:
    """Maps (..., 2, 3) of lengths, which measure from the picture's corner, as maps of pixel indices."""
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    return composed(inverted(half), composed(matrix, half))


def sampled(picture: np.ndarray, matrix: np.ndarray, size: tuple[int, int], *, beyond: float | None = None) -> np.ndarray:
    """A picture of this size (width, height), float64, whose pixel p is the given picture's at ``inverted(matrix)`` p.

    What lies beyond the picture's edge is ``beyond`` or, with None, its nearest pixel. A map that shrinks would skip pixels: shrink the
    picture first (``shrunk``).
    """
    width, height = size
    back = inverted(matrix)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    x = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
    y = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
    left, top = np.floor(x), np.floor(y)
    total = np.zeros((height, width, picture.shape[2]))
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - right - (x - left)) * np.abs(1 - down - (y - top))
            total += weight[..., None] * _at(picture, (top + down).astype(np.int64), (left + right).astype(np.int64), beyond)
    return total


def shrunk(picture: np.ndarray, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its sides multiplied by ``factor`` as nearly as whole pixels allow, and the map of indices to it.

    A factor of 1 or more leaves it as it is. Pixels are means of those that they cover.
    """
    height, width = picture.shape[:2]
    if factor >= 1:
        return picture, IDENTITY.copy()
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    channels = [cv2.resize(channel, size, interpolation=cv2.INTER_AREA) for channel in cv2.split(picture)]  # together four at most
    return np.stack(channels, axis=2), of_indices(np.array([[size[0] / width, 0.0, 0.0], [0.0, size[1] / height, 0.0]]))


def _at(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray, beyond: float | None) -> np.ndarray:
    height, width = picture.shape[:2]
    values = picture[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    if beyond is None:
        return values
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return np.where(inside[..., None], values, beyond)
