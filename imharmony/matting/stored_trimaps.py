"""The trimaps that a data set of portraits is tested on, made once and kept: ``trimaps.parquet``, shards of PNGs, ``margin.json``.

A portrait has one trimap, at its own size, however many composites are made of it. Alpha is that of the stored composites.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import pixels_sha256, read_composite
from imharmony.composing.manifest import read_manifest
from imharmony.errors import InputError
from imharmony.matting.trimaps import Margin, checked_trimap, choose_margin, fixed_trimap
from imharmony.pictures.images import decode_png, encode_patch
from imharmony.pictures.trimaps import FOREGROUND, UNKNOWN
from imharmony.running.progress import track
from imharmony.storage.files import atomic_folder, write_text
from imharmony.storage.shards import Row, ShardReader, write_shard
from imharmony.storage.tables import read_typed, write_rows

TABLE, MARGIN = "trimaps.parquet", "margin.json"
PER_SHARD = 256
AGAIN = "run make_trimaps again"

# One row per portrait.
TRIMAPS = pa.schema(
    [
        ("image_id", pa.int64()),
        ("annotation_id", pa.int64()),
        ("split", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("unknown", pa.float64()),  # share of its pixels
        ("foreground", pa.float64()),  # share that is certainly foreground
        ("sha256_mask", pa.string()),  # of the matte, as in the manifest of composites
        ("sha256_trimap", pa.string()),  # of its pixels, row by row
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
TRIMAP_SHARD = pa.schema([("image_id", pa.int64()), ("annotation_id", pa.int64()), ("trimap", pa.binary())])


class Matte(NamedTuple):
    """A portrait's matte, uint8 (H, W), and what the manifest says of it."""

    row: Mapping[str, object]
    pixels: np.ndarray


def make_trimaps(composites: Path, out: Path, *, unknown: float, chosen_on: str = "val", splits: Sequence[str] = ("val", "test")) -> Margin:
    """Writes the trimaps of these splits of a folder of composites into a new ``out``; returns the margin they all have.

    It is the one that leaves a share of ``unknown`` unknown on average over the split ``chosen_on``, which is never the test's.
    """
    if chosen_on == "test":
        raise InputError("trimaps chosen on test; expected train or val: what is tested on decides nothing; change `chosen_on`")
    margin = choose_margin([matte.pixels / 255 for matte in mattes_of(composites, chosen_on)], unknown=unknown)
    with atomic_folder(out) as folder:
        rows: list[Row] = []
        cells: list[Row] = []
        for matte in (matte for split in splits for matte in mattes_of(composites, split)):
            size, name = matte.pixels.shape[::-1], f"{composites}, portrait {matte.row['image_id']}, trimap"
            made = checked_trimap(fixed_trimap(matte.pixels / 255, margin.at_600), size=size, name=name)
            shard, row = divmod(len(rows), PER_SHARD)
            shares = {"unknown": float((made == UNKNOWN).mean()), "foreground": float((made == FOREGROUND).mean())}
            own = {name: matte.row[name] for name in ("image_id", "annotation_id", "split", "width", "height", "sha256_mask")}
            rows.append(own | shares | {"sha256_trimap": pixels_sha256(made), "shard": shard, "row": row})
            cells.append({name: own[name] for name in ("image_id", "annotation_id")} | {"trimap": encode_patch(made)})
        for start in range(0, len(cells), PER_SHARD):
            write_shard(folder, start // PER_SHARD, cells[start : start + PER_SHARD], TRIMAP_SHARD)
        write_rows(folder / TABLE, rows, TRIMAPS)
        write_text(folder / MARGIN, json.dumps({"wanted": unknown, "chosen_on": chosen_on, **margin._asdict()}, indent=1, sort_keys=True))
    return margin


def mattes_of(composites: Path, split: str) -> Iterator[Matte]:
    """The matte of each portrait of a split once, in the order of the manifest."""
    rows = [row for row in read_manifest(composites).to_pylist() if row["split"] == split]
    if not rows:
        raise InputError(f"{composites}: no composites in split {split!r}; expected some; widen the selection or the split")
    first = {(row["image_id"], row["annotation_id"]): row for row in reversed(rows)}
    reader = ShardReader(composites)
    chosen = [row for row in rows if first[row["image_id"], row["annotation_id"]] is row]
    for row in track(chosen, total=len(chosen), what=f"mattes of {split}", unit="portraits"):
        yield Matte(row, read_composite(reader, row["shard"], row["row"])[2])


class StoredTrimaps:
    """Trimaps of a folder of ``make_trimaps``, by portrait."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._reader = folder, ShardReader(folder, TRIMAP_SHARD)
        table = read_typed(folder / TABLE, TRIMAPS, filled=TRIMAPS.names)
        self._rows = {(row["image_id"], row["annotation_id"]): row for row in table.to_pylist()}

    def __reduce__(self) -> tuple[type, tuple[Path]]:
        """As for ``layers.LayerMaker``."""
        return StoredTrimaps, (self.folder.resolve(),)

    def of(self, row: Mapping[str, object]) -> np.ndarray:
        """That of a row of the manifest of composites, uint8 (H, W); another matte's than the row's is an ``InputError``."""
        place = row["image_id"], row["annotation_id"]
        name = f"{self.folder}, portrait {place[0]}"
        if place not in self._rows:
            raise InputError(f"{name}: no trimap; expected one for each portrait of val and test; {AGAIN}")
        own = self._rows[place]
        if own["sha256_mask"] != row["sha256_mask"]:
            raise InputError(f"{name}: a trimap of another matte; expected that of the present composites; {AGAIN}")
        found = decode_png(self._reader.value(own["shard"], own["row"], "trimap"), name=name)
        if pixels_sha256(found) != own["sha256_trimap"]:
            raise InputError(f"{name}: a trimap of other pixels than its table says; expected the stored ones; {AGAIN}")
        return checked_trimap(found, size=(own["width"], own["height"]), name=name)
