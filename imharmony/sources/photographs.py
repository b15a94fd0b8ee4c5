"""Photographs from a mirror into shards: brought side by side, verified one by one, packed in the order of their ids."""

import logging
import zipfile
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.pictures.images import size_of_whole
from imharmony.pictures.jpeg_warnings import JpegJudge
from imharmony.running.progress import bar, track
from imharmony.running.threads import in_threads
from imharmony.sources.mirror import Checksum, Mirror, WebMirror
from imharmony.sources.tables import PHOTOGRAPH_SHARD, STORED_PHOTOGRAPHS
from imharmony.sources.zips import BROKEN_ZIP, zip_directory_problem
from imharmony.storage.fetch import AbsentError
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows

SHARD_BYTES = 128 << 20
MOST_BYTES = 1 << 28  # of a photograph whose size its source does not tell
WHOLE_ARCHIVE = 0.5  # share of a split from which on its archive is fetched instead of single photographs

Archives = dict[str, zipfile.ZipFile]
log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """Rows of ``tables.PHOTOGRAPHS``: the wanted ones, and all of the source."""

    photographs: pa.Table
    listing: pa.Table


def store_photographs(mirror: Mirror, wanted: Wanted, *, out: Path, work: Path, parallel: int) -> None:
    """Writes shards and ``photographs.parquet`` into ``out``; what was fetched and verified stays in ``work``."""
    rows = wanted.photographs.sort_by("image_id").to_pylist()
    unverified = sum(row["crc32"] is None for row in rows)
    if unverified:
        log.warning(
            "%d of %d photographs have no checksum from their source: only what their decoder objects to is found to be damaged",
            unverified,
            len(rows),
        )
    archives = _archives(mirror, wanted, work)
    try:
        with JpegJudge() as judge:
            paths = _bring(Bringing(mirror, archives, work, judge), rows, parallel)
        contents = ((row, File(_content(row, paths[row["image_id"]], archives))) for row in rows)
        with atomic_folder(out) as folder:
            pack(contents, len(rows), folder)
    finally:
        for archive in archives.values():
            archive.close()


class File(NamedTuple):
    """A photograph's file, and its matte's if it has one."""

    jpeg: bytes  # or PNG
    matte: bytes | None = None


def pack(contents: Iterator[tuple[Row, File]], total: int, folder: Path) -> None:
    """Writes photographs into shards of about 128 MiB, and the table of where each lies."""
    stored: list[Row] = []
    shard: list[Row] = []
    number = size = 0
    for row, file in track(contents, total=total, what="pack", unit="photographs"):
        size_bytes = len(file.jpeg) + len(file.matte or b"")
        if shard and size + size_bytes > SHARD_BYTES:
            write_shard(folder, number, shard, PHOTOGRAPH_SHARD)
            shard, number, size = [], number + 1, 0
        facts = {name: row[name] for name in ("image_id", "file_name", "width", "height", "licence")}
        stored.append({**facts, "sha256": sha256(file.jpeg).hexdigest(), "shard": number, "row": len(shard)})
        shard.append({"image_id": row["image_id"], **file._asdict()})
        size += size_bytes
    write_shard(folder, number, shard, PHOTOGRAPH_SHARD)
    write_rows(folder / "photographs.parquet", stored, STORED_PHOTOGRAPHS)


class Bringing(NamedTuple):
    """What all photographs have in common while they are brought."""

    mirror: Mirror
    archives: Archives
    work: Path
    judge: JpegJudge


def problem_with(data: bytes, row: Row, judge: JpegJudge) -> str | None:
    """What is wrong with a photograph's file, by its checksum if one is known, its decoding and its dimensions; None if nothing.

    Without a checksum, what libjpeg warns about is damage.
    """
    if row["crc32"] is not None and (found := Checksum(row["size_bytes"], row["crc32"]).problem(data)):
        return found
    try:
        size = size_of_whole(data, name=row["file_name"])
    except InputError as error:
        return str(error)
    expected = (row["width"], row["height"])
    if size != expected:
        return f"{size[0]}x{size[1]} pixels; the json says {expected[0]}x{expected[1]}"
    return judge.warning(data) if row["crc32"] is None else None


def _archives(mirror: Mirror, wanted: Wanted, work: Path) -> Archives:
    """Open archives of the splits of which a folder has one, or of which more than half is wanted and not yet here."""
    opened = {}
    for split in sorted(set(wanted.photographs.column("official_split").to_pylist())):
        rows, listed = (table.filter(pc.field("official_split") == split) for table in wanted)
        if rows.column("crc32").null_count == len(rows):
            continue  # the listing found no archive of this split
        name = f"zips/{split}.zip"
        if not isinstance(mirror, WebMirror):
            opened[split] = zipfile.ZipFile(mirror.file(name, work, verdict=zip_directory_problem))
            continue
        missing = sum(not (work / split / file_name).exists() for file_name in rows.column("file_name").to_pylist())
        share = missing / len(listed)
        if share > WHOLE_ARCHIVE or (work / name).exists():
            log.info("%s: %.0f %% of its photographs are missing: using its whole archive", split, 100 * share)
            opened[split] = zipfile.ZipFile(mirror.archive(name, work, verdict=zip_directory_problem))
    return opened


def _bring(bringing: Bringing, rows: list[Row], parallel: int) -> dict[int, Path | None]:
    """Where each photograph lies, whole and verified: a file, or None for its split's archive. The first failure ends it."""
    paths: dict[int, Path | None] = {}
    received, mirror = 0, bringing.mirror
    job = partial(_bring_one, bringing=bringing)
    try:
        with bar(total=len(rows), what="photographs", unit="photographs") as progress:
            for row, (path, size_bytes) in in_threads(job, rows, threads=parallel):
                paths[row["image_id"]] = path
                received += size_bytes
                rate = received / 2**20 / max(progress.format_dict["elapsed"], 1e-3)
                progress.set_postfix_str(f"{rate:.1f} MiB/s", refresh=False)
                progress.update()
    except BaseException:
        if isinstance(mirror, WebMirror):
            mirror.fetcher.stop.set()
        raise
    repeated = mirror.fetcher.repeated if isinstance(mirror, WebMirror) else 0
    log.info("%d photographs, %.1f MiB, all verified; %d attempts were repeated", len(rows), received / 2**20, repeated)
    return paths


def _bring_one(row: Row, *, bringing: Bringing) -> tuple[Path | None, int]:
    """Where one photograph lies (None: in its archive) and its size; a member that is damaged there is looked for as a single file."""
    archive = bringing.archives.get(row["official_split"])
    if archive is not None and (data := _member(archive, row, bringing.judge)) is not None:
        return None, len(data)
    path = _single(bringing, row)
    return path, path.stat().st_size


def _member(archive: zipfile.ZipFile, row: Row, judge: JpegJudge) -> bytes | None:
    try:
        member = archive.getinfo(_name(row))
        if member.file_size > MOST_BYTES:
            return None
        data = archive.read(member)
    except (KeyError, *BROKEN_ZIP):
        return None
    return None if problem_with(data, row, judge) else data


def _single(bringing: Bringing, row: Row) -> Path:
    name = _name(row)
    mirror, work, verdict = bringing.mirror, bringing.work, partial(_file_problem, row, bringing.judge)
    if isinstance(mirror, WebMirror):
        return mirror.file(name, work, verdict=verdict, most_bytes=row["size_bytes"] or MOST_BYTES)
    try:
        return mirror.file(f"images/{name}", work, verdict=verdict)
    except AbsentError:
        return mirror.file(name, work, verdict=verdict)


def _file_problem(row: Row, judge: JpegJudge, path: Path) -> str | None:
    if (size := path.stat().st_size) > MOST_BYTES:
        return f"{size} bytes; expected at most {MOST_BYTES} of a photograph"
    return problem_with(path.read_bytes(), row, judge)


def _content(row: Row, path: Path | None, archives: Archives) -> bytes:
    return path.read_bytes() if path else archives[row["official_split"]].read(_name(row))


def _name(row: Row) -> str:
    return f"{row['official_split']}/{row['file_name']}"
