"""A person's own colours, also where the background shines through, without a compiler (Forte 2021, ICIP).

Approximate fast foreground colour estimation: means under a box, weighed by alpha, stand for the colours of both layers, and what the
mixture leaves unexplained goes to the foreground. Twice, under a large box and a small one.
"""

import cv2
import numpy as np

RADII = (90, 6)  # the paper's, in pixels
REFERENCE_PX = 1000  # of a longer photograph's side they grow in proportion, since its soft edges do


def own_colours(photo: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The foreground's colours of a photograph uint8 (H, W, 3) with alpha float32 (H, W) in [0, 1], uint8 (H, W, 3).

    Where alpha is 1 they are the photograph's, bit for bit.
    Deviation: of a photograph longer than ``REFERENCE_PX`` the boxes are larger; the paper's are the same for all.
    """
    if alpha.min() >= 1:
        return photo.copy()
    picture = photo.astype(np.float32)
    weight = alpha.astype(np.float32)[..., None]
    front = back = picture
    grown = max(1.0, max(photo.shape[:2]) / REFERENCE_PX)
    for radius in RADII:
        side = 2 * round(radius * grown) + 1
        front, back = _layers(picture, front, back, weight, side)
    return np.where(weight >= 1, photo, np.clip(np.rint(front), 0, 255).astype(np.uint8))


def _layers(picture: np.ndarray, front: np.ndarray, back: np.ndarray, weight: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Both layers of colours, each (H, W, 3), one step nearer (the paper's equations for F and B)."""
    front, back = _mean(front, weight, side), _mean(back, 1 - weight, side)
    left = picture - weight * front - (1 - weight) * back
    return np.clip(front + weight * left, 0, 255), back


def _mean(colours: np.ndarray, weight: np.ndarray, side: int) -> np.ndarray:
    """The mean of colours under a box, by their weights; where the box has none, by next to nothing."""
    weight = np.maximum(weight, np.float32(1e-5))
    box = (side, side)
    sums, counts = cv2.blur(colours * weight, box), cv2.blur(weight, box)
    return sums / counts[..., None]
