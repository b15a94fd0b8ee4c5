"""Clips of one split in memory-mapped arrays, made once of a folder of clips.

A folder of clips has ``manifest.parquet``, a row for each clip, and shards with three PNG of each: its frames, one below the other, of the
composite, the truth and the mask.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.packed_split import SHAPES, PackedSplit, Piece, pack_arrays, pieces_of
from imharmony.errors import InputError
from imharmony.pictures.images import decode_png
from imharmony.storage.files import atomic_folder
from imharmony.storage.locks import alone
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_typed

# One row for each clip.
CLIPS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),  # below 0 of a scene that was drawn for the clip
        ("annotation_id", pa.int64()),
        ("dataset", pa.string()),
        ("split", pa.string()),
        ("category", pa.string()),
        ("kind", pa.string()),  # fixed or drifting: how much of the colour change each frame has; lit: the scene's light moves
        ("composite_id", pa.string()),  # of the still whose foreground moves; null of a scene that was drawn for the clip
        ("transfer", pa.string()),
        ("frames", pa.int32()),
        ("size_px", pa.int32()),
        ("shares", pa.list_(pa.float64())),  # how much of the colour change each frame has
        ("backward", pa.list_(pa.float64())),  # six numbers a frame, ``motion.frames.Clip``'s row by row; of the first NaN
        ("seed", pa.int64()),
        ("licence", pa.string()),
        ("sha256_composite", pa.string()),
        ("sha256_real", pa.string()),
        ("sha256_mask", pa.string()),
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
CLIP_SHARD = pa.schema([("sample_id", pa.string()), *((name, pa.binary()) for name in SHAPES)])


@dataclass(frozen=True)
class PackedClips(PackedSplit):
    """The clips of a split: arrays have a row for each frame, clip after clip; ``rows`` too, with the clip's name as ``clip_id``."""

    length: int = 1  # frames of each clip
    backward: np.ndarray = field(default_factory=lambda: np.empty((0, 2, 3)))  # (N, 2, 3), each frame's motion to the one before

    @property
    def clips(self) -> int:
        """How many there are."""
        return len(self.composite) // self.length


def pack_clips(folder: Path, cache: Path, *, split: str, workers: int = 1, cluster_address: str | None = None) -> PackedClips:
    """The split of a folder of clips, from ``cache`` or packed into it now, by an engine (``running.engine``)."""
    manifest = read_typed(
        folder / "manifest.parquet", CLIPS, filled=("sample_id", "split", "frames", "size_px", "backward", "shard", "row")
    )
    rows = manifest.filter(pc.field("split") == split)
    if rows.num_rows == 0:
        found = sorted(set(manifest["split"].to_pylist()))
        raise InputError(f"{folder}: no clips in split {split!r}; expected some, as in {found}; widen `clips` in params.yaml")
    length, size_px = rows["frames"][0].as_py(), rows["size_px"][0].as_py()
    packed = cache / split
    cache.mkdir(parents=True, exist_ok=True)
    with alone(packed.with_name(f".{packed.name}.lock")):
        if not is_sound_folder(packed):
            pieces = pieces_of(rows.select(["shard", "row", "sample_id"]).to_pylist())
            machines = {"workers": workers, "cluster_address": cluster_address}
            with atomic_folder(packed) as temporary:
                squared = partial(_strips, folder.resolve(), length, size_px)
                pack_arrays(temporary, pieces, squared, SHAPES, size_px=size_px, what="packing clips", pictures_per_row=length, **machines)
                seal_folder(temporary)
        arrays = {name: np.load(packed / f"{name}.npy", mmap_mode="r") for name in SHAPES}
    backward = np.array(rows["backward"].to_pylist(), np.float64).reshape(-1, 2, 3)
    return PackedClips(_of_frames(rows, length), **arrays, length=length, backward=backward)


def _of_frames(rows: pa.Table, length: int) -> pa.Table:
    """A row for each frame, whose ``sample_id`` is the clip's with the frame's number."""
    frames = rows.take(np.repeat(np.arange(rows.num_rows), length))
    clips = frames["sample_id"]
    names = [f"{clip}_{number % length}" for number, clip in enumerate(clips.to_pylist())]
    return frames.set_column(0, "sample_id", pa.array(names)).append_column("clip_id", clips)


def read_strips(folder: Path, rows: Iterable[Row]) -> Iterator[dict[str, np.ndarray]]:
    """The three strips of each clip (rows of ``CLIPS``): uint8 (T * S, S, 3), of the mask (T * S, S)."""
    reader = ShardReader(folder, CLIP_SHARD)
    for row in rows:
        name = f"{folder}: {row['sample_id']}"
        yield {part: decode_png(reader.value(row["shard"], row["row"], part), name=name) for part in SHAPES}


def _strips(folder: Path, length: int, size_px: int, piece: Piece) -> Iterator[dict[str, np.ndarray]]:
    for strips in read_strips(folder, piece.rows):
        for name, channels in SHAPES.items():
            if strips[name].shape != (length * size_px, size_px, *channels):
                came = f"a strip of {strips[name].shape}"
                raise InputError(f"{folder}: {came}; expected {length} frames of {size_px} px; delete it and run its stage again")
        yield strips
