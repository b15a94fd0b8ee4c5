"""A small world of photographs with soft mattes, and composites of it, as the data stages leave them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.composing.regions import RegionRules
from imharmony.composing.synthesis import synthesize
from imharmony.storage.shards import Row
from tests.photographs import instance, soft_matte, write_world

SPLITS = ("train", "train", "train", "val", "test")


class World(NamedTuple):
    """Its folders and the rules that its composites were made by."""

    composites: Path
    images: Path
    regions: RegionRules


def rows_of(count: int) -> list[Row]:
    """One person in each photograph; the splits go round."""
    return [instance(image_id, 0, category="person", split=SPLITS[image_id % len(SPLITS)]) for image_id in range(1, count + 1)]


def write_portraits(folder: Path, *, count: int = 15, regions: RegionRules | None = None, **changes: object) -> World:
    """``count`` portraits with mattes of 0 to 255; two composites of each in ``train``, one elsewhere."""
    rows, rules = rows_of(count), regions or RegionRules("background")
    mattes: dict[int, np.ndarray] = {int(str(row["image_id"])): soft_matte(int(str(row["image_id"]))) for row in rows}
    selected, images = write_world(folder, rows, mattes=mattes)
    options: dict[str, object] = {"transfers": ("reinhard_lab", "illumination", "msrcr", "mkl", "idt"), "seed": 0}
    synthesize(
        selected=selected,
        images=images,
        out=folder / "composites",
        work=folder / "work",
        dataset="portraits",
        composites_per_foreground={"train": 2, "val": 1, "test": 1},
        regions=rules,
        workers=1,
        **(options | changes),  # pyright: ignore[reportArgumentType]
    )
    return World(folder / "composites", images, rules)
