"""Photographs with all their people: what teaches a network without a trimap what a person is.

Photographs are uint8 (H, W, 3), regions uint8 (H, W), 255 = inside. Outlines are drawn by hand, so alpha near them is not known.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.pictures.images import decode_trusted
from imharmony.pictures.masks import DegenerateSegmentationError, decode_segmentation
from imharmony.storage.shards import Row, ShardReader

PERSON = "person"
LEAST_SIDE_PX = 40  # of a person that a view is made of
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two lie outside


class Peopled(NamedTuple):
    """One photograph."""

    picture: np.ndarray
    people: np.ndarray
    unsure: np.ndarray  # crowds, and what cannot be drawn: some of it is people
    boxes: tuple[Box, ...]  # of people that are large enough to be looked at


def peopled_photographs(images: Path, stored: pa.Table, instances: pa.Table) -> list[Peopled]:
    """The photographs of a folder of shards that ``stored`` lists, by their ids, with the people among ``instances`` of their source."""
    wanted = set(stored["image_id"].to_pylist())
    found: dict[int, list[Row]] = {}
    for row in instances.to_pylist():
        if row["category"] == PERSON and row["image_id"] in wanted:
            found.setdefault(row["image_id"], []).append(row)
    reader = ShardReader(images)
    rows = sorted(stored.to_pylist(), key=lambda row: row["image_id"])
    return [
        peopled(decode_trusted(reader.value(row["shard"], row["row"], "jpeg"), name=row["file_name"]), found.get(row["image_id"], []))
        for row in rows
    ]


def peopled(picture: np.ndarray, people: Sequence[Mapping[str, object]]) -> Peopled:
    """A photograph with its rows of ``composing.instances.INSTANCES``."""
    inside, unsure = np.zeros(picture.shape[:2], np.uint8), np.zeros(picture.shape[:2], np.uint8)
    boxes = []
    for row in people:
        left, top, right, bottom = box = box_of(row, picture.shape[:2])
        try:
            mask = decode_segmentation(row["segmentation"], width=picture.shape[1], height=picture.shape[0])  # pyright: ignore[reportArgumentType]
        except DegenerateSegmentationError:
            unsure[top:bottom, left:right] = 255
            continue
        region = unsure if row["iscrowd"] else inside
        region[mask > 0] = 255
        if not row["iscrowd"] and min(right - left, bottom - top) >= LEAST_SIDE_PX:
            boxes.append(box)
    unsure[inside > 0] = 0
    return Peopled(picture, inside, unsure, tuple(boxes))


def box_of(row: Mapping[str, object], size: tuple[int, int]) -> Box:
    """The box of an instance, in whole pixels of a photograph of this height and width."""
    left, top, wide, high = (float(row[f"bbox_{name}"]) for name in ("x", "y", "width", "height"))  # pyright: ignore[reportArgumentType]
    height, width = size
    return (
        int(np.clip(np.floor(left), 0, width - 1)),
        int(np.clip(np.floor(top), 0, height - 1)),
        int(np.clip(np.ceil(left + wide), 1, width)),
        int(np.clip(np.ceil(top + high), 1, height)),
    )
