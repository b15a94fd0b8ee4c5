"""A page of composites to look at."""

from pathlib import Path

import cv2
import numpy as np

from imharmony.composing.composites import read_composite
from imharmony.composing.manifest import OWN_FILE_SHARD, read_manifest
from imharmony.errors import InputError
from imharmony.running.seeds import rendezvous_order
from imharmony.storage.shards import ShardReader

GREY = 128


def composite_sheet(composites: Path, *, rows: int, columns: int = 2, side_px: int = 240, transfer: str | None = None) -> np.ndarray:
    """A page, uint8 (H, W, 3), of composites of a folder drawn by hash: real, mask and composite side by side in squares.

    Of all composites, or of those of one transfer.
    """
    reader = ShardReader(composites, OWN_FILE_SHARD)
    table = read_manifest(composites)
    if not table.num_rows:
        raise InputError(f"{composites}: no composites; expected some; make the data set again")
    known = sorted(set(table["transfer"].to_pylist()))
    if transfer is not None and transfer not in known:
        raise InputError(f"{composites}: no composite of transfer {transfer!r}; expected one of {known}")
    chosen = [row for row in table.to_pylist() if transfer in (None, row["transfer"])]
    addresses = [{name: row[name] for name in ("shard", "row")} for row in chosen]
    drawn = sorted(rendezvous_order(np.arange(len(addresses)), "sheet")[: rows * columns].tolist())
    strips = [_strip(*read_composite(reader, **addresses[index]), side_px) for index in drawn]
    strips += [np.full_like(strips[0], GREY)] * (-len(strips) % columns)
    return np.vstack([np.hstack(strips[start : start + columns]) for start in range(0, len(strips), columns)])


def _strip(real: np.ndarray, composite: np.ndarray, mask: np.ndarray, side_px: int) -> np.ndarray:
    return np.hstack([_square(picture, side_px) for picture in (real, cv2.cvtColor(mask, cv2.COLOR_GRAY2RGB), composite)])


def _square(picture: np.ndarray, side_px: int) -> np.ndarray:
    """The whole picture in the middle of a grey square."""
    height, width = picture.shape[:2]
    scale = (side_px - 4) / max(height, width)
    small = cv2.resize(
        picture, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    square = np.full((side_px, side_px, 3), GREY, np.uint8)
    y, x = (side_px - small.shape[0]) // 2, (side_px - small.shape[1]) // 2
    square[y : y + small.shape[0], x : x + small.shape[1]] = small
    return square
