"""A picture of where a photograph looks wrong."""

import cv2
import numpy as np

LONGEST_PX = 2048  # it is looked at, and not worked with
COVER = 0.75  # of the colour where something is surely wrong: what lies below must be seen


def heat_map(photo: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The photograph uint8 (H, W, 3) greyed, with probabilities (3, h, w) on it: red too dark, green too bright, blue another colour.

    uint8 (H, W, 3), of a larger photograph than ``LONGEST_PX`` smaller.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, LONGEST_PX / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    grey = grey if scale == 1 else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    heat = cv2.resize(np.ascontiguousarray(probabilities.transpose(1, 2, 0)), size, interpolation=cv2.INTER_LINEAR) * np.float32(COVER)
    rest = 1 - heat.max(axis=2, keepdims=True)
    return np.rint(grey[..., None] * rest + 255 * heat).clip(0, 255).astype(np.uint8)
