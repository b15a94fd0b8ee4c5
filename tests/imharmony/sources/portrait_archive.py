"""A little archive in AISegment's layout, as a dictionary of files that tests spoil and write as a folder or zip."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 30, 40
BATCHES = {"1803151818": 3, "1803201916": 2}

Files = dict[str, bytes]


def encoded(pixels: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    """An image's file."""
    buffer = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(key: int) -> np.ndarray:
    """A smooth photograph that differs from every other."""
    rng = np.random.default_rng(key)
    return np.kron(rng.integers(20, 235, (4, 3, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8))


def alpha() -> np.ndarray:
    """A soft blob."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.clip(255 * (1.4 - np.hypot((x - 15) / 10, (y - 22) / 16)), 0, 255).astype(np.uint8)


def photograph_name(batch: str, number: int) -> str:
    return f"clip_img/{batch}/clip_00000000/{batch}-{number:08d}.jpg"


def matte_name(batch: str, number: int) -> str:
    return f"matting/{batch}/matting_00000000/{batch}-{number:08d}.png"


FIRST = photograph_name("1803151818", 0)
FIRST_MATTE = matte_name("1803151818", 0)


def archive_files() -> Files:
    """Five portraits in two batches."""
    files = {}
    for batch, count in BATCHES.items():
        for number in range(count):
            photograph = pixels(int(batch) + number)
            files[photograph_name(batch, number)] = encoded(photograph, "JPEG", quality=90)
            files[matte_name(batch, number)] = encoded(np.dstack([photograph, alpha()]), "PNG")
    return files


def write_folder(root: Path, files: Files) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def write_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
