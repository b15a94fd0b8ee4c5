"""A small world of selected instances and stored photographs, as the stages before the synthesis leave them."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.instances import SELECTED
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.sources.tables import PHOTOGRAPH_SHARD, STORED_PHOTOGRAPHS
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows, write_table

WIDTH, HEIGHT = 56, 40
CATEGORIES = ("person", "dog")
SPLITS = ("train", "train", "val", "test")


def photo(image_id: int) -> np.ndarray:
    """A smooth picture with some noise, uint8 (HEIGHT, WIDTH, 3), that depends on its id alone."""
    rng = np.random.default_rng(image_id)
    down, across = np.mgrid[:HEIGHT, :WIDTH] / WIDTH
    slopes = rng.uniform(-70, 70, (2, 3))
    picture = rng.uniform(70, 180, 3) + across[..., None] * slopes[0] + down[..., None] * slopes[1] + rng.normal(0, 6, (HEIGHT, WIDTH, 3))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def instance(image_id: int, number: int, *, category: str, split: str) -> Row:
    """A row of ``instances.SELECTED``: a five-cornered polygon."""
    x, y = 4 + 26 * number, 6 + image_id % 5
    corners = [x, y, x + 20, y + 3, x + 18, y + 24, x + 9, y + 27, x + 1, y + 20]
    return {
        "annotation_id": image_id * 100 + number,
        "image_id": image_id,
        "category_id": 1 + CATEGORIES.index(category),
        "category": category,
        "iscrowd": False,
        "area_px": 400.0,
        "bbox_x": float(x),
        "bbox_y": float(y),
        "bbox_width": 20.0,
        "bbox_height": 27.0,
        "width": WIDTH,
        "height": HEIGHT,
        "segmentation": json.dumps([corners]).encode(),
        "foreground_ratio": 0.2,
        "split": split,
    }


def rows_of(photographs: Sequence[int] = range(1, 17), *, categories: Sequence[str] = CATEGORIES) -> list[Row]:
    """One instance of each category in each photograph; the splits go round."""
    return [
        instance(image_id, CATEGORIES.index(category), category=category, split=SPLITS[image_id % len(SPLITS)])
        for image_id in photographs
        for category in categories
    ]


def soft_matte(image_id: int) -> np.ndarray:
    """A soft ellipse, uint8 (HEIGHT, WIDTH), opaque in the middle."""
    down, across = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot((across - WIDTH / 2 - image_id % 5) / 14, (down - HEIGHT / 2) / 12)
    return np.clip(255 * (4 - 3 * distance), 0, 255).astype(np.uint8)


def write_world(folder: Path, rows: Sequence[Row], *, mattes: Mapping[int, np.ndarray] | None = None) -> tuple[Path, Path]:
    """The folders ``selected`` and ``images`` of these instances, in the order given; photographs may have mattes."""
    selected, images = folder / "selected", folder / "images"
    write_table(selected / "instances.parquet", pa.Table.from_pylist(list(rows), schema=SELECTED))
    files = {int(str(row["image_id"])): b"" for row in rows}
    files = {image_id: encode_jpeg(photo(image_id), quality=95) for image_id in files}
    stored: list[Row] = [
        {
            "image_id": image_id,
            "file_name": f"{image_id:012d}.jpg",
            "width": WIDTH,
            "height": HEIGHT,
            "licence": "none",
            "sha256": sha256(file).hexdigest(),
            "shard": 0,
            "row": row,
        }
        for row, (image_id, file) in enumerate(files.items())
    ]
    write_rows(images / "photographs.parquet", stored, STORED_PHOTOGRAPHS)
    encoded = {image_id: encode_png(matte) for image_id, matte in (mattes or {}).items()}
    cells = [{"image_id": image_id, "jpeg": file, "matte": encoded.get(image_id)} for image_id, file in files.items()]
    write_shard(images, 0, cells, PHOTOGRAPH_SHARD)
    return selected, images
