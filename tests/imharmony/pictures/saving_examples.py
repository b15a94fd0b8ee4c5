"""A photograph's file through the reader and the writer, as the tests of both need it."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.pictures.saving import encode_photograph

REGION = np.zeros((20, 30), bool)
REGION[5:15, 8:20] = True
ALPHA = np.full((20, 30), 255, np.uint8)
ALPHA[:, 14:24] = 0
ALPHA[2] = 100


def brighter(seen: np.ndarray, region: np.ndarray) -> np.ndarray:
    return np.where(region[..., None], np.clip(seen.astype(np.int16) + 20, 0, 255), seen).astype(np.uint8)


def harmonized(data: bytes, ending: str, folder: Path, *, change=brighter, name: str = "photo") -> Image.Image:
    """The picture that is written of a file, its region changed, as Pillow opens it."""
    image = Image.open(BytesIO(written(data, ending, folder, change=change, name=name)))
    image.load()
    return image


def written(data: bytes, ending: str, folder: Path, *, change=brighter, name: str = "photo") -> bytes:
    path = folder / name
    path.write_bytes(data)
    photograph = read_photograph(path)
    seen = srgb_of(photograph, name=name)
    region = REGION if seen.shape[:2] == REGION.shape else REGION.T
    return encode_photograph(photograph, seen, change(seen, region), folder / f"out{ending}")
