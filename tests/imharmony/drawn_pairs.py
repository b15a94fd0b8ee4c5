"""A drawn photograph with its mask, as arrays and as files, for the commands that take both."""

from pathlib import Path

import cv2
import numpy as np

from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes

HEIGHT, WIDTH = 60, 80
MASK = np.zeros((HEIGHT, WIDTH), np.uint8)
MASK[15:45, 20:50] = 255
PHOTO = np.clip(np.random.default_rng(0).normal(130, 25, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
PHOTO[MASK > 0] //= 2
CUT_OUT = np.dstack([PHOTO, MASK])


def write_png(path: Path, pixels: np.ndarray) -> Path:
    """Writes grey, colours or colours with alpha; returns the path."""
    data = encode_png(pixels) if pixels.shape[2:] != (4,) else cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    write_bytes(path, data)
    return path
