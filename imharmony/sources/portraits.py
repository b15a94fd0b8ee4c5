"""Portraits with alpha mattes, as a source: from an archive in AISegment's layout into shards, and the chosen ones out of them.

Each portrait is decoded once; what is wrong is left out with its reason. A shard holds portraits that are consecutive by name; its
bytes depend on the archive alone. What is finished lies in the work folder and is not made again, as long as the archive is the same.
"""

import hashlib
import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.images import encode_patch
from imharmony.pictures.masks import instance_of
from imharmony.pictures.pairs import INSIDE
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.sources.archives import Archive, open_archive
from imharmony.sources.matting_human import LICENCE, Pair, Portrait, Rejected, pair_up, read_pair
from imharmony.sources.photographs import File, pack
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.files import atomic_folder, link_or_copy
from imharmony.storage.seals import is_sound, seal
from imharmony.storage.shards import Row, ShardReader, shard_path, write_shard
from imharmony.storage.tables import read_parts, read_table, write_rows, write_table

SHARD_BYTES = 128 << 20  # of the files that a shard is made from
CATEGORY_ID, CATEGORY = 1, "person"  # as in COCO
_WORK = "portraits-2-"  # the number changes with what a shard and its tables hold

PORTRAIT_SHARD = pa.schema(
    [
        ("portrait_id", pa.int64()),
        ("photograph", pa.binary()),  # upright 8-bit JPEG, or PNG where it was converted
        ("matte", pa.binary()),  # grey PNG of the alpha, 255 = foreground
    ]
)
# One row per portrait, by name.
PORTRAITS = pa.schema(
    [
        ("portrait_id", pa.int64()),
        ("name", pa.string()),  # <batch>/<part>/<stem>
        ("group", pa.string()),  # the batch of its delivery
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("foreground_ratio", pa.float64()),  # mean alpha
        ("licence", pa.string()),
        ("converted", pa.string()),  # what the photograph was converted from; null where its bytes are the published ones
        ("sha256", pa.string()),  # of the photograph's bytes in the shard
        ("shard", pa.int32()),
        ("row", pa.int32()),
    ]
)
# One row per file that belongs to no stored portrait, by name; reasons are `matting_human.REASONS`.
REJECTED = pa.schema([("name", pa.string()), ("reason", pa.string()), ("detail", pa.string())])

log = logging.getLogger(__name__)


class Order(NamedTuple):
    """What all shards have in common."""

    archive: Path
    work: Path
    content: str  # a hash of what the archive lists
    licence: str

    def part(self, name: str, shard: int) -> Path:
        """The file of a shard's part of a table."""
        return self.work / f"{name}-{shard:05d}.parquet"

    def done(self, shard: int) -> Path:
        """The seal with which a shard and its parts of the tables are done."""
        return self.work / f"{shard:05d}.seal"


class ShardJob(NamedTuple):
    """The pairs of one shard."""

    order: Order
    shard: int
    pairs: list[Pair]


def store_portraits(
    archive: Path,
    out: Path,
    *,
    work: Path,
    workers: int,
    cluster_address: str | None = None,
    licence: str = LICENCE,
    least: int = 1,
) -> None:
    """Writes ``out``: shards, ``portraits.parquet`` with their addresses, ``rejected.parquet``, and the tables of every source.

    Fewer than ``least`` portraits are an ``InputError``.
    """
    pairs, rejected, content = _listed(archive)
    order = Order(archive.resolve(), work.resolve() / f"{_WORK}{content}", content, licence)
    shards = list(_shards(pairs))
    todo = [number for number in range(len(shards)) if not is_sound(order.done(number))]
    done = len(pairs) - sum(len(shards[number]) for number in todo)
    jobs = (ShardJob(order, number, shards[number]) for number in todo)
    progress = bar(total=len(pairs), initial=done, what="portraits", unit="portraits")
    with progress, engine(cluster_address, workers=min(workers, len(shards))) as run:
        for count in run(store_shard, jobs):
            progress.update(count)
    _opened.cache_clear()
    _publish(order, len(shards), rejected, out, least=least)
    for finished in work.glob(f"{_WORK}*"):
        shutil.rmtree(finished)


def fetch_portraits(
    photographs: pa.Table,
    *,
    listed: Mapping[str, int],  # noqa: ARG001
    source: Path,
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
) -> None:
    """Packs the portraits (rows of ``photographs.parquet``) with their mattes, out of the shards of the source's folder."""
    addresses = read_table(source / "portraits.parquet", ["portrait_id", "shard", "row"]).to_pylist()
    address_of = {row["portrait_id"]: (row["shard"], row["row"]) for row in addresses}
    reader, rows = ShardReader(source), photographs.sort_by("image_id").to_pylist()

    def file_of(row: Row) -> File:
        return File(*(reader.value(*address_of[row["image_id"]], column) for column in ("photograph", "matte")))

    with atomic_folder(out) as temporary:
        pack(((row, file_of(row)) for row in rows), len(rows), temporary)


def store_shard(job: ShardJob) -> int:
    """Writes a shard and its parts of the tables; returns how many pairs were read."""
    archive = _opened(job.order.archive, job.order.content)
    rows: list[Row] = []
    portraits: list[Row] = []
    instances: list[Row] = []
    rejected: list[Row] = []
    for pair in job.pairs:
        found = read_pair(archive, pair)
        if isinstance(found, Rejected):
            rejected.append(found._asdict())
            continue
        portraits.append(_facts(found) | {"licence": job.order.licence, "shard": job.shard, "row": len(rows)})
        rows.append({"portrait_id": found.portrait_id, "photograph": found.photograph, "matte": encode_patch(found.alpha)})
        names = {"annotation_id": found.portrait_id, "image_id": found.portrait_id}
        instances.append(names | instance_of(found.alpha >= INSIDE, category_id=CATEGORY_ID, category=CATEGORY))
    shard = write_shard(job.order.work, job.shard, rows, PORTRAIT_SHARD)
    tables = [job.order.part(name, job.shard) for name in ("rejected", "instances", "portraits")]
    for path, found, schema in zip(tables, (rejected, instances, portraits), (REJECTED, INSTANCES, PORTRAITS), strict=True):
        write_rows(path, found, schema)
    seal(job.order.done(job.shard), [shard, *tables])
    return len(job.pairs)


def _facts(portrait: Portrait) -> Row:
    height, width = portrait.alpha.shape
    return {
        "portrait_id": portrait.portrait_id,
        "name": portrait.name,
        "group": portrait.group,
        "width": width,
        "height": height,
        "foreground_ratio": float(portrait.alpha.mean()) / 255,
        "converted": portrait.converted,
        "sha256": hashlib.sha256(portrait.photograph).hexdigest(),
    }


def _listed(path: Path) -> tuple[list[Pair], list[Rejected], str]:
    """The archive's pairs, what it has beside them, and a hash of names, sizes and stamps."""
    archive = open_archive(path)
    try:
        members = archive.members()
    finally:
        archive.close()
    pairs, rejected = pair_up(members)
    if not pairs:
        expected = "expected clip_img/<batch>/clip_<part>/*.jpg and matting/<batch>/matting_<part>/*.png"
        raise InputError(f"{path}: no portrait among {len(members)} files; {expected}; name the archive or the folder above these two")
    digest = hashlib.sha256()
    for member in members:
        digest.update(repr(member).encode())
    return pairs, rejected, digest.hexdigest()[:16]


def _shards(pairs: list[Pair]) -> Iterator[list[Pair]]:
    shard: list[Pair] = []
    size = 0
    for pair in pairs:
        if shard and size + pair.size_bytes > SHARD_BYTES:
            yield shard
            shard, size = [], 0
        shard.append(pair)
        size += pair.size_bytes
    yield shard


@lru_cache(1)  # a zip's directory of 140,000 members takes a second to read
def _opened(archive: Path, content: str) -> Archive:  # noqa: ARG001  # an archive that changed is opened anew
    return open_archive(archive)


def _publish(order: Order, shards: int, unpaired: list[Rejected], out: Path, *, least: int) -> None:
    """Puts the finished shards into ``out``, with the joined tables, and what every source lists: photographs and instances."""
    rejected = [row._asdict() for row in unpaired] + _joined(order, "rejected", shards).to_pylist()
    portraits, repeated = _without_repeated(_joined(order, "portraits", shards))
    rejected = sorted(rejected + repeated, key=lambda row: (row["name"], row["reason"]))
    counts = ", ".join(f"{count} {reason}" for reason, count in Counter(row["reason"] for row in rejected).most_common())
    if portraits.num_rows < least:
        write_rows(order.work / "rejected.parquet", rejected, REJECTED)
        came = f"{portraits.num_rows} whole portraits; expected at least {least}; left out: {counts or 'nothing'}"
        raise InputError(f"{order.archive}: {came}, see {order.work / 'rejected.parquet'}; download the archive again")
    converted = portraits.num_rows - portraits["converted"].null_count
    log.info("%d portraits, %d of them converted; left out: %s, see %s", portraits.num_rows, converted, counts or "nothing", out)
    with atomic_folder(out) as temporary:
        for shard in range(shards):
            link_or_copy(shard_path(order.work, shard), shard_path(temporary, shard))
        write_rows(temporary / "rejected.parquet", rejected, REJECTED)
        write_table(temporary / "portraits.parquet", portraits)
        write_rows(temporary / "photographs.parquet", [_listing(row) for row in portraits.to_pylist()], PHOTOGRAPHS)
        instances = _joined(order, "instances", shards)
        write_table(temporary / "instances.parquet", instances.filter(pc.field("image_id").isin(portraits["portrait_id"])))


def _listing(portrait: Row) -> Row:
    """A row of ``PORTRAITS`` as one of ``tables.PHOTOGRAPHS``."""
    names = {"image_id": portrait["portrait_id"], "file_name": f"{portrait['name']}.jpg", "url": "", "official_split": "", "licence_id": 0}
    return names | {name: portrait[name] for name in ("width", "height", "licence")}


def _without_repeated(portraits: pa.Table) -> tuple[pa.Table, list[Row]]:
    """The portraits but for those whose photograph an earlier one has, and these as rejected."""
    first: dict[str, str] = {}
    is_first, repeated = [], []
    for row in portraits.select(["name", "sha256"]).to_pylist():
        known = first.setdefault(row["sha256"], row["name"])
        is_first.append(known == row["name"])
        if known != row["name"]:
            repeated.append({"name": row["name"], "reason": "same_photograph", "detail": f"of {known}"})
    return portraits.filter(pa.array(is_first, pa.bool_())), repeated


def _joined(order: Order, part: str, shards: int) -> pa.Table:
    return read_parts(order.part(part, shard) for shard in range(shards))
