"""Partial results that are believed only as they were left: a seal beside them holds the size and the CRC-32 of each file.

What it covers is synced to disk before the seal is written, so after a cut of the power there is the whole or no seal. CRC-32 finds what
disks and memory do, at the speed of reading; it is no protection from people who may write here.
"""

import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterable
from pathlib import Path

from imharmony.storage.files import write_text

FOLDERS = ".seal"  # of a whole folder, in it
BLOCK_BYTES = 1 << 20

log = logging.getLogger(__name__)

Mark = list[int]  # of a file: its size in bytes and its CRC-32


def seal(own: Path, files: Iterable[Path]) -> None:
    """Syncs files that lie beside or below ``own`` to disk, and writes there what they are."""
    marks = {file.relative_to(own.parent).as_posix(): _synced_mark(file) for file in sorted(files)}
    write_text(own, json.dumps(marks))
    _sync_folder(own.parent)


def seal_folder(folder: Path) -> None:
    """Seals all files of a folder."""
    seal(folder / FOLDERS, [file for file in folder.rglob("*") if file.is_file()])


def is_sound(own: Path) -> bool:
    """Whether a seal is there and all that it covers is as it was. What is not is said, and the seal and it are removed."""
    if not own.exists():
        return False
    damaged = _damaged(own)
    if damaged is None:
        return True
    log.warning("%s: not as it was left, by its checksum; dropped, and made again", damaged)
    for path in (own, damaged):
        path.unlink(missing_ok=True)
    return False


def is_sound_folder(folder: Path) -> bool:
    """The same of a sealed folder, which is removed whole where it is not sound; one without a seal is not whole."""
    if is_sound(folder / FOLDERS):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def mark_of(path: Path) -> Mark:
    """The size and the CRC-32 of a file."""
    size, crc = 0, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return [size, crc]


def _damaged(own: Path) -> Path | None:
    """The first file that is not as the seal says, the seal itself if it is unreadable; None if all is well."""
    try:
        marks = dict(json.loads(own.read_bytes()))
        known = {own.parent / name: list(mark) for name, mark in marks.items()}
    except (ValueError, TypeError):
        return own
    for file, mark in known.items():
        try:
            if file.stat().st_size != mark[0] or mark_of(file) != mark:
                return file
        except (OSError, IndexError):
            return file
    return None if known else own


def _synced_mark(path: Path) -> Mark:
    mark = mark_of(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return mark


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
