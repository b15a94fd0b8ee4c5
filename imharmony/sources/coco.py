"""COCO 2017 (Lin et al. 2014, arXiv:1405.0312) from its own server or any mirror: what it lists, and its photographs."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa

from imharmony.sources.annotations import Json, write_instances
from imharmony.sources.image_lists import read_image_list
from imharmony.sources.mirror import Checksum, FolderMirror, MirrorAddress, WebMirror, open_mirror
from imharmony.sources.photographs import store_photographs
from imharmony.sources.wanted import Wanted
from imharmony.sources.zips import MOST_UNPACKED, read_member, zip_problem
from imharmony.storage.fetch import AbsentError

ANNOTATIONS = "annotations/annotations_trainval2017.zip"

log = logging.getLogger(__name__)


def list_coco(
    *,
    out: Path,
    work: Path,
    mirror: str,
    splits: list[str],
    parallel: int,
    attempts: int,
    timeout_seconds: float,
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
    images: str | None = None,
) -> None:
    """Writes ``photographs.parquet`` and ``instances.parquet`` of the splits into ``out``; downloads go to ``work``.

    ``images`` is a CSV file with a column ``image_id``: of all photographs only these have instances then, so that no other one is fetched.
    """
    wanted = None if images is None else read_image_list(Path(images))
    with open_mirror(mirror, attempts=attempts, timeout_seconds=timeout_seconds, parallel=parallel) as opened:
        list_mirror(opened, out=out, work=work, splits=splits, images=wanted)


def list_mirror(
    mirror: FolderMirror | WebMirror, *, out: Path, work: Path, splits: list[str], images: frozenset[int] | None = None
) -> None:
    """``list_coco`` of an open mirror."""
    members = {split: f"annotations/instances_{split}.json" for split in splits}
    parts = [_instances_json(mirror, work, split, members) for split in splits]
    write_instances(parts, out=out, checksums=lambda table, split: _with_checksums(table, mirror, split), images=images)


def fetch_coco(
    photographs: pa.Table,
    *,
    listed: Mapping[str, int],
    source: Path,  # noqa: ARG001
    out: Path,
    work: Path,
    mirror: str,
    parallel: int,
    attempts: int,
    timeout_seconds: float,
    workers: int,
    cluster_address: str | None = None,
) -> None:
    """Brings the photographs (rows of the source's table) into shards in ``out``."""
    store_photographs(
        MirrorAddress(mirror, attempts, timeout_seconds),
        Wanted(photographs, listed),
        out=out,
        work=work,
        parallel=parallel,
        workers=workers,
        cluster_address=cluster_address,
    )


def _instances_json(mirror: FolderMirror | WebMirror, work: Path, split: str, members: dict[str, str]) -> Json:
    """A split's json: from the official archive, or unzipped in a folder."""
    member = members[split]
    try:
        path = mirror.file(ANNOTATIONS, work, verdict=partial(zip_problem, names=members.values()))
    except AbsentError:
        if not mirror.is_local:
            raise
        path = mirror.file(member, work, verdict=_size_problem)
        return path.read_bytes, str(path), split
    return partial(read_member, path, member), f"{path}, {member}", split


def _size_problem(path: Path) -> str | None:
    size = path.stat().st_size
    return f"{size} bytes; expected at most {MOST_UNPACKED}" if size > MOST_UNPACKED else None


def _with_checksums(listed: pa.Table, mirror: FolderMirror | WebMirror, split: str) -> pa.Table:
    """The table with the size and CRC-32 that the split's archive has of each photograph, where there is one."""
    directory = mirror.directory(f"zips/{split}.zip")
    if directory is None:
        log.info("%s: the mirror has no zips/%s.zip; photographs are verified by decoding and their dimensions alone", split, split)
        return listed
    checksums = [directory.get(f"{split}/{name}") for name in listed.column("file_name").to_pylist()]
    for column in Checksum._fields:
        position = listed.schema.get_field_index(column)
        values = pa.array([getattr(checksum, column, None) for checksum in checksums], pa.int64())
        listed = listed.set_column(position, column, values)
    return listed
