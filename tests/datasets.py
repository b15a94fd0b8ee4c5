"""Small data sets, of ours and in iHarmony4's layout."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from imharmony.cli import main
from imharmony.composing.manifest import COMPOSITE_SHARD
from imharmony.composing.regions import RegionRules
from imharmony.composing.synthesis import FOREGROUNDS, synthesize
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.pictures.masks import decode_segmentation, foreground_ratio
from imharmony.pictures.pairs import INSIDE
from imharmony.storage.shards import Row, ShardReader, write_shard
from imharmony.storage.tables import read_table, write_rows
from imharmony.studio.scene import render_scene
from tests.photographs import HEIGHT, WIDTH, rows_of, write_world

COUNTS = {"train": 2, "val": 1, "test": 1}
SCENE_WIDTH, SCENE_HEIGHT = 96, 72


def made(folder: Path, *, mattes: Mapping[int, np.ndarray] | None = None, regions: RegionRules = FOREGROUNDS) -> Path:
    """A folder of composites of 16 photographs, made by the synthesis: 48, or with mattes those of one person each."""
    rows = rows_of() if mattes is None else rows_of(categories=["person"])
    for row in rows:
        mask = decode_segmentation(row["segmentation"], width=WIDTH, height=HEIGHT)
        row["foreground_ratio"] = foreground_ratio(mask if mattes is None else mattes[row["image_id"]] >= INSIDE)
    selected, images = write_world(folder, rows, mattes=mattes)
    options = {"dataset": "people", "composites_per_foreground": COUNTS, "seed": 0, "workers": 1, "regions": regions}
    transfers = ("photometric", "lut") if regions.direction == "photograph" else ("reinhard_lab", "luminance")
    synthesize(selected=selected, images=images, out=folder / "out", work=folder / "work", transfers=transfers, **options)
    return folder / "out"


def edit_row(composites: Path, position: int, change: Callable[[Row], Row]) -> None:
    """Changes a row of the first shard."""
    reader = ShardReader(composites)
    rows = [reader.row(0, row) for row in range(read_table(composites / "manifest.parquet").num_rows)]
    rows[position] |= change(rows[position])
    write_shard(composites, 0, rows, COMPOSITE_SHARD)


def edit_manifest(composites: Path, change: Callable[[list[Row]], None]) -> None:
    """Changes the rows of the manifest in place."""
    table = read_table(composites / "manifest.parquet")
    rows = table.to_pylist()
    change(rows)
    write_rows(composites / "manifest.parquet", rows, table.schema)


def scene(index: int) -> np.ndarray:
    """A picture with things in it, uint8 (SCENE_HEIGHT, SCENE_WIDTH, 3)."""
    return render_scene(purpose="photographs", seed=3, index=index, width_px=SCENE_WIDTH, height_px=SCENE_HEIGHT).image


def write_subset(folder: Path, subset: str, photographs: dict[str, dict[str, np.ndarray]]) -> Path:
    """A published subset: per split its photographs by name, each with one composite (``<name>_1_1.jpg``), brighter in a box."""
    root = folder / subset
    for split, pictures in photographs.items():
        for name, picture in pictures.items():
            mask = np.zeros(picture.shape[:2], np.uint8)
            mask[10:40, 20:60] = 255
            composite = np.where(mask[..., None] > 0, np.clip(picture * 1.3, 0, 255), picture).astype(np.uint8)
            write(root / "composite_images" / f"{name}_1_1.jpg", encode_jpeg(composite))
            write(root / "masks" / f"{name}_1.png", encode_png(mask))
            write(root / "real_images" / f"{name}.jpg", encode_jpeg(picture))
        (root / f"{subset}_{split}.txt").write_text("".join(f"{name}_1_1.jpg\n" for name in pictures))
    return root


def write(path: Path, data: bytes) -> None:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def called(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit code of ``harmonize dataset`` with these arguments."""
    monkeypatch.setattr(sys, "argv", ["harmonize", "dataset", *map(str, arguments)])
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0
