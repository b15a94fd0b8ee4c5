"""A coarse alpha made as fine as its photograph: the fast guided filter (He & Sun 2015, arXiv:1505.00996), with colours as the guide.

Around each pixel alpha is taken for a linear function of red, green and blue. Its coefficients are fitted where alpha was predicted, and
applied to the photograph at its own size: so outlines come to lie where the photograph has them.
"""

import cv2
import numpy as np

STRIP_PX = 1 << 20  # pixels that are made at once, so that memory is the photograph's


def guided_alpha(alpha: np.ndarray, photo: np.ndarray, *, radius_px: int, smoothness: float) -> np.ndarray:
    """The alpha float32 (H, W) in [0, 1] of a photograph uint8 (H, W, 3), of a coarse one (h, w) in [0, 1].

    ``radius_px`` is that of the box in pixels of the coarse alpha, ``smoothness`` the paper's epsilon for colours in [0, 1]: edges of less
    contrast than its root are smoothed over.
    """
    height, width = photo.shape[:2]
    slopes = _slopes(alpha.astype(np.float32), _shrunk(photo, alpha.shape), 2 * radius_px + 1, smoothness)
    made = np.empty((height, width), np.float32)
    rows = max(STRIP_PX // width, 1)
    step_x, step_y = alpha.shape[1] / width, alpha.shape[0] / height
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        matrix = np.array([[step_x, 0, 0.5 * step_x - 0.5], [0, step_y, (top + 0.5) * step_y - 0.5]])
        way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        here = cv2.warpAffine(slopes, matrix, (width, bottom - top), flags=way, borderMode=cv2.BORDER_REPLICATE)
        colours = photo[top:bottom].astype(np.float32) / 255
        made[top:bottom] = (here[..., :3] * colours).sum(axis=2) + here[..., 3]
    return np.clip(made, 0, 1, out=made)


def _slopes(alpha: np.ndarray, guide: np.ndarray, side: int, smoothness: float) -> np.ndarray:
    """The means of all fits over each pixel, float32 (h, w, 4): of the three colours, and the offset (the paper's algorithm 2)."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)

    colours, level = mean(guide), mean(alpha)
    pairs = [(first, second) for first in range(3) for second in range(first, 3)]
    covariance = np.empty((*alpha.shape, 3, 3), np.float32)
    for first, second in pairs:
        value = mean(guide[..., first] * guide[..., second]) - colours[..., first] * colours[..., second]
        covariance[..., first, second] = covariance[..., second, first] = value
    covariance += np.float32(smoothness) * np.eye(3, dtype=np.float32)
    shared = mean(guide * alpha[..., None]) - colours * level[..., None]
    slope = np.linalg.solve(covariance, shared[..., None])[..., 0]
    offset = level - (slope * colours).sum(axis=2)
    return mean(np.dstack([slope, offset]).astype(np.float32))


def _shrunk(photo: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A photograph at the size (h, w) of an alpha, float32 in [0, 1]."""
    shrinks = photo.shape[0] >= shape[0] and photo.shape[1] >= shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(photo, (shape[1], shape[0]), interpolation=way).astype(np.float32) / 255
