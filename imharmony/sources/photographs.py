"""Photographs from a mirror into shards: brought side by side, verified one by one, packed in the order of their ids."""

import logging
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache, partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.pictures.images import size_of_whole
from imharmony.pictures.jpeg_warnings import JpegJudge
from imharmony.running.engine import engine
from imharmony.running.processes import Run
from imharmony.running.progress import bar, track
from imharmony.running.threads import in_threads
from imharmony.sources.mirror import Checksum, Mirror, MirrorAddress, WebMirror
from imharmony.sources.tables import PHOTOGRAPH_SHARD, STORED_PHOTOGRAPHS
from imharmony.sources.wanted import Wanted
from imharmony.sources.zips import BROKEN_ZIP, zip_directory_problem
from imharmony.storage.fetch import AbsentError
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row, write_shard
from imharmony.storage.tables import write_rows

SHARD_BYTES = 128 << 20
MOST_BYTES = 1 << 28  # of a photograph whose size its source does not tell
WHOLE_ARCHIVE = 0.5  # share of a split from which on its archive is fetched instead of single photographs

PHOTOGRAPHS_PER_JOB = 512
WORTH_A_PROCESS = 8192  # photographs: threads of one process bring fewer as fast

Archives = dict[str, Path]  # by split
log = logging.getLogger(__name__)


def store_photographs(
    source: MirrorAddress,
    wanted: Wanted,
    *,
    out: Path,
    work: Path,
    parallel: int,
    workers: int = 1,
    cluster_address: str | None = None,
) -> None:
    """Writes shards and ``photographs.parquet`` into ``out``; what was fetched and verified stays in ``work``.

    Photographs are brought and shards are written by an engine (``running.engine``). All its workers together have ``parallel`` connections
    to the mirror: each job an equal share of them and one at least, so that no more than ``parallel`` jobs are begun at a time.
    """
    rows = wanted.photographs.sort_by("image_id").to_pylist()
    unverified = sum(row["crc32"] is None for row in rows)
    if unverified:
        log.warning(
            "%d of %d photographs have no checksum from their source: only what their decoder objects to is found to be damaged",
            unverified,
            len(rows),
        )
    with source.opened(parallel) as mirror:
        archives = _archives(mirror, wanted, work)
    machines = engine(cluster_address, workers=min(workers, parallel), worth=len(rows) // WORTH_A_PROCESS)
    with ExitStack() as last, machines as run, atomic_folder(out) as folder:
        last.callback(_opened.cache_clear)
        files = _bring(run, Bringing(source, archives, work.resolve(), max(parallel // run.workers, 1)), rows, parallel)
        shards = list(_shards(rows, [file.size_bytes for file in files]))
        jobs = (Packing(folder.resolve(), number, rows[part], files[part], archives) for number, part in enumerate(shards))
        packed = track(run(pack_shard, jobs), total=len(shards), what="pack", unit="shards")
        write_rows(folder / "photographs.parquet", list(chain.from_iterable(packed)), STORED_PHOTOGRAPHS)


class File(NamedTuple):
    """A photograph's file, and its matte's if it has one."""

    jpeg: bytes  # or PNG
    matte: bytes | None = None


def pack(contents: Iterator[tuple[Row, File]], total: int, folder: Path) -> None:
    """Writes photographs into shards of about 128 MiB, and the table of where each lies."""
    stored: list[Row] = []
    shard: list[tuple[Row, File]] = []
    number = size = 0
    for row, file in track(contents, total=total, what="pack", unit="photographs"):
        size_bytes = len(file.jpeg) + len(file.matte or b"")
        if shard and size + size_bytes > SHARD_BYTES:
            stored += _stored(folder, number, shard)
            shard, number, size = [], number + 1, 0
        shard.append((row, file))
        size += size_bytes
    stored += _stored(folder, number, shard)
    write_rows(folder / "photographs.parquet", stored, STORED_PHOTOGRAPHS)


def _stored(folder: Path, shard: int, contents: list[tuple[Row, File]]) -> list[Row]:
    """Writes a shard; returns its rows of ``photographs.parquet``."""
    write_shard(folder, shard, [{"image_id": row["image_id"], **file._asdict()} for row, file in contents], PHOTOGRAPH_SHARD)
    names = ("image_id", "file_name", "width", "height", "licence")
    return [
        {name: row[name] for name in names} | {"sha256": sha256(file.jpeg).hexdigest(), "shard": shard, "row": place}
        for place, (row, file) in enumerate(contents)
    ]


class Brought(NamedTuple):
    """Where a photograph lies, whole and verified: in a file, or where that is None in its split's archive."""

    path: Path | None
    size_bytes: int


class Bringing(NamedTuple):
    """What all photographs have in common while they are brought."""

    source: MirrorAddress
    archives: Archives
    work: Path
    connections: int  # of a job


class Packing(NamedTuple):
    """One shard: its rows, and where their files lie."""

    folder: Path
    shard: int
    rows: list[Row]
    files: list[Brought]
    archives: Archives


def pack_shard(job: Packing) -> list[Row]:
    """Writes a shard; returns its rows of ``photographs.parquet``."""
    return _stored(
        job.folder, job.shard, [(row, File(_content(row, file, job.archives))) for row, file in zip(job.rows, job.files, strict=True)]
    )


def _shards(rows: list[Row], sizes: list[int]) -> Iterator[slice]:
    start = size = 0
    for place, size_bytes in enumerate(sizes):
        if place > start and size + size_bytes > SHARD_BYTES:
            yield slice(start, place)
            start, size = place, 0
        size += size_bytes
    yield slice(start, len(rows))


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
    """The archives of the splits of which a folder has one, or of which more than half is wanted and not yet here."""
    found: Archives = {}
    for split in sorted(set(wanted.photographs.column("official_split").to_pylist())):
        rows = wanted.photographs.filter(pc.field("official_split") == split)
        if rows.column("crc32").null_count == len(rows):
            continue  # the listing found no archive of this split
        name = f"zips/{split}.zip"
        if not isinstance(mirror, WebMirror):
            found[split] = mirror.file(name, work, verdict=zip_directory_problem).resolve()
            continue
        missing = sum(not (work / split / file_name).exists() for file_name in rows.column("file_name").to_pylist())
        share = missing / wanted.listed[split]
        if share > WHOLE_ARCHIVE or (work / name).exists():
            log.info("%s: %.0f %% of its photographs are missing: using its whole archive", split, 100 * share)
            found[split] = mirror.archive(name, work, verdict=zip_directory_problem).resolve()
    return found


@lru_cache(maxsize=2)  # reading the directory of one takes a second
def _opened(archive: Path, stamp: int) -> zipfile.ZipFile:  # noqa: ARG001  # an archive that changed is opened anew
    return zipfile.ZipFile(archive)


def _bring(run: Run, bringing: Bringing, rows: list[Row], parallel: int) -> list[Brought]:
    """Where each photograph lies. The first failure ends it."""
    each = len(rows) if run.is_here else PHOTOGRAPHS_PER_JOB
    jobs = (rows[start : start + each] for start in range(0, len(rows), each))
    files: list[Brought] = []
    received = repeated = 0
    with bar(total=len(rows), what="photographs", unit="photographs") as progress:

        def count(sizes: list[int]) -> None:
            nonlocal received
            received += sum(sizes)
            rate = received / 2**20 / max(progress.format_dict["elapsed"], 1e-3)
            progress.set_postfix_str(f"{rate:.1f} MiB/s", refresh=False)
            progress.update(len(sizes))

        job = partial(bring_photographs, bringing, done=count if run.is_here else None)
        for brought, again in run(job, jobs, most=parallel):
            files += brought
            repeated += again
            if not run.is_here:
                count([file.size_bytes for file in brought])
    log.info("%d photographs, %.1f MiB, all verified; %d attempts were repeated", len(rows), received / 2**20, repeated)
    return files


def bring_photographs(bringing: Bringing, rows: list[Row], done: Callable[[list[int]], None] | None = None) -> tuple[list[Brought], int]:
    """Where each of some photographs lies, and how many attempts were repeated; ``done`` hears of the bytes of each that is here."""
    found: dict[int, Brought] = {}
    with bringing.source.opened(bringing.connections) as mirror, JpegJudge() as judge:
        job = partial(_bring_one, bringing=bringing, mirror=mirror, judge=judge)
        try:
            for row, brought in in_threads(job, rows, threads=bringing.connections):
                found[row["image_id"]] = brought
                if done:
                    done([brought.size_bytes])
        except BaseException:
            if isinstance(mirror, WebMirror):
                mirror.fetcher.stop.set()
            raise
        repeated = mirror.fetcher.repeated if isinstance(mirror, WebMirror) else 0
    return [found[row["image_id"]] for row in rows], repeated


def _bring_one(row: Row, *, bringing: Bringing, mirror: Mirror, judge: JpegJudge) -> Brought:
    """One photograph; a member that is damaged in its archive is looked for as a single file."""
    archive = bringing.archives.get(row["official_split"])
    if archive is not None and (data := _member(_opened(archive, archive.stat().st_mtime_ns), row, judge)) is not None:
        return Brought(None, len(data))
    path = _single(mirror, bringing.work, row, judge)
    return Brought(path.resolve(), path.stat().st_size)


def _member(archive: zipfile.ZipFile, row: Row, judge: JpegJudge) -> bytes | None:
    try:
        member = archive.getinfo(_name(row))
        if member.file_size > MOST_BYTES:
            return None
        data = archive.read(member)
    except (KeyError, *BROKEN_ZIP):
        return None
    return None if problem_with(data, row, judge) else data


def _single(mirror: Mirror, work: Path, row: Row, judge: JpegJudge) -> Path:
    name, verdict = _name(row), partial(_file_problem, row, judge)
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


def _content(row: Row, file: Brought, archives: Archives) -> bytes:
    if file.path:
        return file.path.read_bytes()
    archive = archives[row["official_split"]]
    return _opened(archive, archive.stat().st_mtime_ns).read(_name(row))


def _name(row: Row) -> str:
    return f"{row['official_split']}/{row['file_name']}"
