"""Files in a zip archive or in a folder, listed and read without trust in who made them. Nothing is unpacked."""

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imharmony.errors import InputError
from imharmony.sources.zips import BROKEN_ZIP, ENCRYPTED

MOST_BYTES = 1 << 26  # of one file, unpacked


class Member(NamedTuple):
    """One file, or what stands in a file's place."""

    name: str  # its path below the archive's top, with /
    size_bytes: int  # unpacked
    stamp: int  # what changes with its content: the CRC-32 in a zip, the time of the last change in a folder
    problem: str | None = None  # why it must not be read


class DamagedError(InputError):
    """A listed file that cannot be read; ``reason`` names neither the archive nor the file."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class FolderArchive:
    """A folder. Symbolic links in it are listed, never followed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def members(self) -> list[Member]:
        """All files, sorted by name."""
        return sorted(self._walk(), key=lambda member: member.name)

    def read(self, name: str) -> bytes:
        """A listed file; raises ``DamagedError`` where it cannot be read."""
        try:
            return (self.root / name).read_bytes()
        except OSError as error:
            reason = str(error.strerror)
            raise DamagedError(f"{self.root / name}: {reason}; expected a readable file", reason) from error

    def close(self) -> None:
        """Nothing is open."""

    def _walk(self) -> Iterator[Member]:
        waiting = [""]
        while waiting:
            prefix = waiting.pop()
            try:
                with os.scandir(self.root / prefix) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(f"{prefix}{entry.name}/")
                        else:
                            yield _of_entry(entry, prefix)
            except OSError as error:
                raise InputError(f"{self.root / prefix}: {error.strerror}; expected a readable folder") from error


class ZipArchive:
    """A zip archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except BROKEN_ZIP as error:
            again = "download it again: a transfer that was cut has no directory at its end"
            raise InputError(f"{path}: not a whole zip archive ({error}); {again}") from error
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            self._infos.setdefault(_name_of(info), info)

    def members(self) -> list[Member]:
        """All files, sorted by name; of two with one name the first is read."""
        return sorted(map(self._member, (info for info in self._zip.infolist() if not info.is_dir())), key=lambda member: member.name)

    def read(self, name: str) -> bytes:
        """A listed file; raises ``DamagedError`` where it is damaged."""
        try:
            return self._zip.read(self._infos[name])  # no more than its declared size, compared with its CRC-32
        except BROKEN_ZIP as error:
            raise DamagedError(f"{self.path}, {name}: damaged ({error}); download the archive again", str(error)) from error

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()

    def _member(self, info: zipfile.ZipInfo) -> Member:
        name = _name_of(info)
        problem = _size_problem(info.file_size)
        if name.startswith("/") or ".." in name.split("/") or ":" in name.partition("/")[0]:
            problem = "outside"
        elif stat.S_ISLNK(info.external_attr >> 16):
            problem = "symbolic_link"
        elif info.flag_bits & ENCRYPTED:
            problem = "encrypted"
        elif self._infos[name] is not info:
            problem = "repeated_name"
        return Member(name, info.file_size, info.CRC, problem)


Archive = FolderArchive | ZipArchive


def open_archive(path: Path) -> Archive:
    """The folder or zip archive at a path."""
    if path.is_dir():
        return FolderArchive(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder; expected a zip archive or the folder that it was unpacked to")
    return ZipArchive(path)


def _of_entry(entry: os.DirEntry[str], prefix: str) -> Member:
    facts = entry.stat(follow_symlinks=False)
    problem = _size_problem(facts.st_size)
    if stat.S_ISLNK(facts.st_mode):
        problem = "symbolic_link"
    elif not stat.S_ISREG(facts.st_mode):
        problem = "not_a_file"
    name = f"{prefix}{entry.name}"
    try:
        name.encode()
    except UnicodeEncodeError:
        name, problem = name.encode("utf-8", "backslashreplace").decode(), problem or "bad_name"
    return Member(name, facts.st_size, facts.st_mtime_ns, problem)


def _name_of(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/")


def _size_problem(size_bytes: int) -> str | None:
    return "too_large" if size_bytes > MOST_BYTES else None
