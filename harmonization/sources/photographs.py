"""Photographs from a mirror into shards: fetched side by side, verified one by one, packed in the order of their ids."""

import logging
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from harmonization.errors import InputError
from harmonization.fetch import AbsentError
from harmonization.files import atomic_folder
from harmonization.images import size_of_whole
from harmonization.progress import bar, track
from harmonization.shards import Row, write_shard
from harmonization.sources.mirror import Checksum, FolderMirror, WebMirror, zip_directory_problem
from harmonization.tables import PHOTOGRAPH_SHARD, STORED_PHOTOGRAPHS, write_rows

SHARD_BYTES = 128 << 20
WHOLE_ARCHIVE = 0.5  # share of a split from which on its archive is fetched instead of single photographs

log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """Rows of ``tables.PHOTOGRAPHS``: the wanted ones, and all of the source."""

    photographs: pa.Table
    listing: pa.Table


def store_photographs(mirror: FolderMirror | WebMirror, wanted: Wanted, *, out: Path, work: Path, parallel: int) -> None:
    """Writes shards and ``photographs.parquet`` into ``out``; what was fetched and verified stays in ``work``."""
    rows = wanted.photographs.sort_by("image_id").to_pylist()
    with ExitStack() as stack:
        archives = {split: stack.enter_context(zipfile.ZipFile(path)) for split, path in _archives(mirror, wanted, work).items()}
        if isinstance(mirror, WebMirror):
            _fetch_all(mirror, [row for row in rows if _member(row, archives) is None], work, parallel)
        with atomic_folder(out) as folder:
            _pack(((row, _content(mirror, row, archives, work)) for row in rows), len(rows), folder)


def problem_with(data: bytes, row: Row) -> str | None:
    """What is wrong with a photograph's file, by its checksum if one is known, its decoding and its dimensions; None if nothing."""
    if row["crc32"] is not None and (found := Checksum(row["size_bytes"], row["crc32"]).problem(data)):
        return found
    try:
        size = size_of_whole(data, name=row["file_name"])
    except InputError as error:
        return str(error)
    expected = (row["width"], row["height"])
    return None if size == expected else f"{size[0]}x{size[1]} pixels; the json says {expected[0]}x{expected[1]}"


def _archives(mirror: FolderMirror | WebMirror, wanted: Wanted, work: Path) -> dict[str, Path]:
    """The archives of the splits of which a folder has one, or of which more than half is wanted."""
    archives = {}
    for split in sorted(set(wanted.photographs.column("official_split").to_pylist())):
        photographs, listing = (table.filter(pc.field("official_split") == split) for table in wanted)
        share = len(photographs) / len(listing)
        has_checksums = photographs.column("crc32").null_count == 0
        if has_checksums and (mirror.is_local or share > WHOLE_ARCHIVE):
            log.info("%s: %.0f %% of the photographs are wanted: reading zips/%s.zip", split, 100 * share, split)
            archives[split] = mirror.file(f"zips/{split}.zip", work, verdict=zip_directory_problem)
    return archives


def _member(row: Row, archives: dict[str, zipfile.ZipFile]) -> bytes | None:
    """The photograph from its split's archive, if it has its CRC-32 there."""
    archive = archives.get(row["official_split"])
    if archive is None:
        return None
    try:
        return archive.read(_name(row))
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError):
        return None


def _fetch_all(mirror: WebMirror, rows: list[Row], work: Path, parallel: int) -> None:
    """Fetches what is not in ``work`` yet. The first failure ends it; what came before stays."""
    missing = [row for row in rows if not (work / _name(row)).exists()]
    if rows:
        log.info("photographs: %d here already, %d to fetch from %s", len(rows) - len(missing), len(missing), mirror.address)
    executor = ThreadPoolExecutor(parallel)
    try:
        with bar(total=len(missing), what="download", unit="photographs", initial=0) as progress:
            received = 0

            def advance(done: Future[int]) -> None:
                nonlocal received
                if not done.cancelled() and done.exception() is None:
                    received += done.result()
                    progress.set_postfix_str(f"{received / 2**20:.1f} MiB", refresh=False)
                    progress.update()

            jobs = [executor.submit(_fetch_one, mirror, row, work) for row in missing]
            for job in jobs:
                job.add_done_callback(advance)
            for job in wait(jobs, return_when=FIRST_EXCEPTION).done:
                job.result()
    finally:
        mirror.fetcher.stop.set()
        executor.shutdown(cancel_futures=True)
        mirror.fetcher.stop.clear()


def _fetch_one(mirror: WebMirror, row: Row, work: Path) -> int:
    path = mirror.file(_name(row), work, verdict=lambda part: problem_with(part.read_bytes(), row))
    return path.stat().st_size


def _content(mirror: FolderMirror | WebMirror, row: Row, archives: dict[str, zipfile.ZipFile], work: Path) -> bytes:
    """A verified photograph's bytes."""
    if (data := _member(row, archives)) and not problem_with(data, row):
        return data

    def verdict(path: Path) -> str | None:
        return problem_with(path.read_bytes(), row)

    try:
        return mirror.file(_name(row), work, verdict=verdict).read_bytes()
    except AbsentError:
        if not mirror.is_local:
            raise
        return mirror.file(f"images/{_name(row)}", work, verdict=verdict).read_bytes()  # a folder as many people keep it


def _name(row: Row) -> str:
    return f"{row['official_split']}/{row['file_name']}"


def _pack(contents: Iterator[tuple[Row, bytes]], total: int, folder: Path) -> None:
    stored: list[Row] = []
    shard: list[Row] = []
    number = size = 0
    for row, data in track(contents, total=total, what="pack", unit="photographs"):
        if shard and size + len(data) > SHARD_BYTES:
            write_shard(folder, number, shard, PHOTOGRAPH_SHARD)
            shard, number, size = [], number + 1, 0
        names = {name: row[name] for name in ("image_id", "file_name", "width", "height", "licence")}
        stored.append({**names, "sha256": sha256(data).hexdigest(), "shard": number, "row": len(shard)})
        shard.append({"image_id": row["image_id"], "jpeg": data})
        size += len(data)
    write_shard(folder, number, shard, PHOTOGRAPH_SHARD)
    write_rows(folder / "photographs.parquet", stored, STORED_PHOTOGRAPHS)
