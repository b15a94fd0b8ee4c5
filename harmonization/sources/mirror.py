"""A mirror of COCO: a server (``http://``, ``https://``) or a folder (a path or ``file://``) in COCO's own layout.

COCO publishes no checksums of its photographs, but the directory at the end of each zip archive holds the CRC-32 and the size
of every member, and byte ranges read it without the gigabytes before it.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from harmonization.errors import InputError
from harmonization.fetch import AbsentError, Fetcher, TransientError

AGREEMENT = 2  # readings of an archive's directory that must be equal, because it has no checksum of its own
MOST_READINGS = 6

Verdict = Callable[[Path], str | None]  # what is wrong with a file, or None


class Checksum(NamedTuple):
    """What an archive's directory says of a member; None where it does not have it."""

    size_bytes: int | None
    crc32: int | None

    def problem(self, data: bytes) -> str | None:
        """What disagrees with the data, or None."""
        if len(data) != self.size_bytes:
            return f"{len(data)} bytes; expected {self.size_bytes}"
        found = zlib.crc32(data)
        return None if found == self.crc32 else f"CRC-32 {found}; expected {self.crc32}"


class FolderMirror:
    """A folder. Names are relative, such as ``zips/val2017.zip``."""

    is_local = True

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise InputError(f"{root}: no such folder; expected a mirror of COCO (annotations/, train2017/, ...)")
        self.root = root

    def file(self, name: str, work: Path, *, verdict: Verdict) -> Path:  # noqa: ARG002
        """The file itself; ``AbsentError`` if there is none, another ``InputError`` if it is damaged."""
        path = self.root / name
        if not path.is_file():
            raise AbsentError(f"{path}: no such file; expected it in a mirror of COCO")
        if problem := verdict(path):
            raise InputError(f"{path}: {problem}; replace the file")
        return path

    def directory(self, name: str) -> dict[str, Checksum] | None:
        """The members of an archive; None where there is no such archive."""
        path = self.root / name
        return _members(path) if path.is_file() else None


class WebMirror:
    """A server."""

    is_local = False

    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self.address = address.rstrip("/")
        self.fetcher = fetcher

    def file(self, name: str, work: Path, *, verdict: Verdict) -> Path:
        """The file, fetched into ``work`` unless it is there; ``AbsentError`` if the server has none."""
        path = work / name
        if not path.exists():
            self.fetcher.fetch(self.url(name), path, problem=verdict)
        return path

    def directory(self, name: str) -> dict[str, Checksum] | None:
        """The members of an archive, read by ranges until two readings agree; None where the server gives no parts of it."""
        size = self.fetcher.size(self.url(name))
        if size is None:
            return None
        readings: list[dict[str, Checksum]] = []
        for _ in range(MOST_READINGS):
            reading = self.fetcher.patiently(self.url(name), lambda: self._reading(name, size))
            if readings.count(reading) + 1 >= AGREEMENT:
                return reading
            readings.append(reading)
        raise InputError(f"{self.url(name)}: {MOST_READINGS} readings of its directory all differ; use another mirror")

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"{self.address}/{name}"

    def _reading(self, name: str, size: int) -> dict[str, Checksum]:
        window = io.BufferedReader(_Ranges(self.fetcher, self.url(name), size), buffer_size=1 << 16)
        try:
            return _members(cast(IO[bytes], window))
        except (zipfile.BadZipFile, UnicodeDecodeError) as error:
            raise TransientError(f"its directory is not readable ({error})") from error


class _Ranges(io.RawIOBase):
    """A remote file as a seekable stream of byte ranges."""

    def __init__(self, fetcher: Fetcher, url: str, size: int) -> None:
        self._fetcher, self._url, self._size, self._at = fetcher, url, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        stop = min(self._at + len(buffer), self._size)
        data = self._fetcher.read(self._url, self._at, stop) if stop > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def open_mirror(address: str, *, attempts: int, timeout_seconds: float, parallel: int) -> Iterator[FolderMirror | WebMirror]:
    """The mirror at an address; anything but ``http(s)://`` is a folder."""
    parts = urlsplit(address)
    if parts.scheme in {"http", "https"}:
        with Fetcher(attempts=attempts, timeout_seconds=timeout_seconds, parallel=parallel) as fetcher:
            yield WebMirror(address, fetcher)
    elif parts.scheme in {"", "file"}:
        yield FolderMirror(Path(unquote(parts.path)))
    else:
        raise InputError(f"mirror {address!r}: expected https://, http://, file:// or a folder")


def zip_problem(path: Path) -> str | None:
    """What is wrong with a zip archive: its directory or a member's CRC-32; None if it is whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        return f"not a whole zip archive ({error})"
    return f"member {broken} does not have its CRC-32" if broken else None


def zip_directory_problem(path: Path) -> str | None:
    """Like ``zip_problem``, but of the directory alone: members are judged when they are read."""
    try:
        _members(path)
    except (zipfile.BadZipFile, UnicodeDecodeError) as error:
        return f"not a whole zip archive ({error})"
    return None


def _members(archive: Path | IO[bytes]) -> dict[str, Checksum]:
    with zipfile.ZipFile(archive) as opened:
        return {member.filename: Checksum(member.file_size, member.CRC) for member in opened.infolist()}
