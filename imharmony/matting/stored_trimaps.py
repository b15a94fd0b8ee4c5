"""The trimaps that a data set of portraits is tested on, made once and kept: ``trimaps.parquet``, shards of PNGs, ``margin.json``.

A portrait has one trimap, at its own size, however many composites are made of it. Alpha is that of the stored composites.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.composites import pixels_sha256, read_composite
from imharmony.composing.manifest import read_manifest
from imharmony.errors import InputError
from imharmony.matting.trimaps import Margin, checked_trimap, choose_margin, fixed_trimap, unknown_shares
from imharmony.pictures.images import decode_png, encode_patch
from imharmony.pictures.trimaps import FOREGROUND, UNKNOWN
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.storage.files import atomic_folder, link_or_copy, write_text
from imharmony.storage.seals import is_sound, seal
from imharmony.storage.shards import Row, ShardReader, shard_path, write_shard
from imharmony.storage.streams import join_tables
from imharmony.storage.tables import read_typed, write_rows

TABLE, MARGIN = "trimaps.parquet", "margin.json"
PER_SHARD = 256
OWN = ("image_id", "annotation_id", "split", "width", "height", "sha256_mask")  # what a trimap's row has of its composite's
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


@dataclass(frozen=True)
class _Part:
    """Some portraits, and what is made of them at a margin: a shard of trimaps, or the shares alone that are unknown."""

    composites: Path
    work: Path
    number: int
    portraits: pa.Table  # of ``portraits_of``
    at_600: float

    @property
    def table(self) -> Path:
        """Its rows of ``TRIMAPS``."""
        return self.work / f"trimaps-{self.number:05d}.parquet"

    @property
    def shares(self) -> Path:
        """The unknown share of each portrait, float64."""
        return self.work / f"shares-{self.at_600}-{self.number:05d}.npy"

    def mattes(self) -> Iterator[tuple[Row, np.ndarray]]:
        """Each portrait with its matte, uint8 (H, W)."""
        reader = ShardReader(self.composites)
        for row in self.portraits.to_pylist():
            yield row, read_composite(reader, row["shard"], row["row"])[2]


def make_trimaps(
    composites: Path,
    out: Path,
    *,
    work: Path,
    unknown: float,
    chosen_on: str = "val",
    splits: Sequence[str] = ("val", "test"),
    run: Run | None = None,
) -> Margin:
    """Writes the trimaps of these splits of a folder of composites into a new ``out``; returns the margin they all have.

    It is the one that leaves a share of ``unknown`` unknown on average over the split ``chosen_on``, which is never the test's. Some
    portraits at a time are looked at by ``run``; None: here. Finished parts stay in ``work``, which is removed at the end.
    """
    if chosen_on == "test":
        raise InputError("trimaps chosen on test; expected train or val: what is tested on decides nothing; change `chosen_on`")
    run, where = run or Run(1), (composites.resolve(), work.resolve())
    judged, wanted = portraits_of(composites, chosen_on), pa.concat_tables([portraits_of(composites, split) for split in splits])
    work.mkdir(parents=True, exist_ok=True)

    def share_at(at_600: float) -> float:
        parts = [_Part(*where, number, portraits, at_600) for number, portraits in enumerate(_parts_of(judged))]
        _work(run, _look, parts, [part.shares for part in parts], what=f"mattes of {chosen_on}, margin {at_600}")
        return float(np.mean(np.concatenate([np.load(part.shares) for part in parts])))

    margin = choose_margin(share_at, unknown=unknown)
    parts = [_Part(*where, number, portraits, margin.at_600) for number, portraits in enumerate(_parts_of(wanted))]
    _work(run, _make, parts, [part.table for part in parts], what=f"trimaps of {' and '.join(splits)}")
    with atomic_folder(out) as folder:
        for part in parts:
            link_or_copy(shard_path(work, part.number), shard_path(folder, part.number))
        join_tables(folder / TABLE, [part.table for part in parts], TRIMAPS)
        write_text(folder / MARGIN, json.dumps({"wanted": unknown, "chosen_on": chosen_on, **margin._asdict()}, indent=1, sort_keys=True))
    shutil.rmtree(work)
    return margin


def portraits_of(composites: Path, split: str) -> pa.Table:
    """The first composite of each portrait of a split, in the order of the manifest: columns ``OWN``, ``shard`` and ``row`` of it."""
    manifest = read_manifest(composites).select([*OWN, "shard", "row"])
    rows = manifest.filter(pc.field("split") == split)
    if not rows.num_rows:
        raise InputError(f"{composites}: no composites in split {split!r}; expected some; widen the selection or the split")
    first: dict[tuple[int, int], int] = {}
    for place, portrait in enumerate(zip(*(rows[name].to_pylist() for name in ("image_id", "annotation_id")), strict=True)):
        first.setdefault(portrait, place)
    return rows.take(pa.array(list(first.values())))


def _parts_of(portraits: pa.Table) -> Iterator[pa.Table]:
    """As many at a time as a shard has. They are copied: a slice would take the whole table along."""
    for start in range(0, portraits.num_rows, PER_SHARD):
        yield portraits.take(pa.array(range(start, min(start + PER_SHARD, portraits.num_rows))))


def _work(run: Run, make: Callable[[_Part], int], parts: Sequence[_Part], made: Sequence[Path], *, what: str) -> None:
    """Makes the parts whose files are not sealed yet."""
    todo = [part for part, file in zip(parts, made, strict=True) if not is_sound(_seal_of(file))]
    total, left = (sum(part.portraits.num_rows for part in some) for some in (parts, todo))
    with bar(total=total, initial=total - left, what=what, unit="portraits") as progress:
        for count in run(make, todo):
            progress.update(count)


def _look(part: _Part) -> int:
    """Writes the unknown shares at the part's margin; returns how many there are."""
    shares = unknown_shares((matte / 255 for _, matte in part.mattes()), part.at_600)
    np.save(part.shares, shares)
    seal(_seal_of(part.shares), [part.shares])
    return len(shares)


def _make(part: _Part) -> int:
    """Writes a shard and its rows; returns how many there are."""
    rows: list[Row] = []
    cells: list[Row] = []
    for place, (portrait, matte) in enumerate(part.mattes()):
        size, name = matte.shape[::-1], f"{part.composites}, portrait {portrait['image_id']}, trimap"
        made = checked_trimap(fixed_trimap(matte / 255, part.at_600), size=size, name=name)
        shares = {"unknown": float((made == UNKNOWN).mean()), "foreground": float((made == FOREGROUND).mean())}
        own = {name: portrait[name] for name in OWN}
        rows.append(own | shares | {"sha256_trimap": pixels_sha256(made), "shard": part.number, "row": place})
        cells.append({name: own[name] for name in ("image_id", "annotation_id")} | {"trimap": encode_patch(made)})
    shard = write_shard(part.work, part.number, cells, TRIMAP_SHARD)
    write_rows(part.table, rows, TRIMAPS)
    seal(_seal_of(part.table), [shard, part.table])
    return len(rows)


def _seal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.seal")


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
