"""Files that appear whole or not at all."""

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from imharmony.errors import InputError

LONGEST_STEM = 100  # of the target's name in a temporary one, which must not become too long for the disk
OLD_SECONDS = 60.0  # a younger one may be of a process that is about to hold it
TEMPORARY = re.compile(r"\..*\.[0-9a-f]{16}\.part", re.DOTALL)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its name when the block ends without an error.

    The replaced file may be a hard link into DVC's cache, so it is never opened for writing. What is neither a file nor absent (a
    folder, a pipe, a device) is an ``InputError``: the new file would take its place.
    """
    _expect_file_or_nothing(path)
    with _temporary_beside(path) as temporary, _named(temporary, path):
        # Exclusively: whoever else may write here cannot have put a link in its place.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            _hold(descriptor)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            os.close(descriptor)


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Writes a file atomically."""
    with atomic_path(path) as temporary:
        try:
            temporary.write_bytes(data)
        except OSError as error:
            error.filename = error.filename or str(temporary)  # of a full disk the system does not say which file had no place
            raise


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 text file atomically."""
    write_bytes(path, text.encode())


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A new folder beside ``path`` that replaces it when the block ends without an error."""
    with _temporary_beside(path) as temporary, _named(temporary, path):
        temporary.mkdir()
        descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _hold(descriptor)
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            temporary.rename(path)
        finally:
            os.close(descriptor)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the disk cannot give it one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    """A name that nobody can guess, of what is gone when the block has ended; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent.resolve())
    temporary = path.with_name(f".{path.name[:LONGEST_STEM]}.{secrets.token_hex(8)}.part")
    try:
        yield temporary
    finally:
        _remove(temporary)


@contextmanager
def _named(temporary: Path, path: Path) -> Iterator[None]:
    """What the system refuses of the temporary name is said of the one that the user knows."""
    try:
        yield
    except OSError as error:
        if error.filename == str(temporary):
            error.filename = str(path)
        raise


def _expect_file_or_nothing(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # of the latter, the system says more when it is written
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise InputError(f"{path}: {kind}; expected the name of a file to write; give another one")


@cache  # once for each folder and process: there may be very many files in it
def _sweep(folder: Path) -> None:
    """Removes what killed processes left: it is not new, and nobody holds it any longer."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            with suppress(OSError):
                if TEMPORARY.fullmatch(entry.name) and time.time() - entry.stat(follow_symlinks=False).st_mtime > OLD_SECONDS:
                    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        _remove(Path(entry.path))
                    finally:
                        os.close(descriptor)


def _hold(descriptor: int) -> None:
    with suppress(OSError):  # a disk that knows no locks: there a leftover stays
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
