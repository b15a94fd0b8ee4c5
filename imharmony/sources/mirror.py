"""A mirror of COCO: a server (``http://``, ``https://``) or a folder (a path or ``file://``) in COCO's own layout.

COCO publishes no checksums of its photographs, but the directory at the end of each zip archive holds the CRC-32 and the size
of every member, and byte ranges read it without the gigabytes before it.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast
from urllib.parse import quote, unquote, urlsplit

from imharmony.errors import InputError
from imharmony.running.progress import bar
from imharmony.sources.zips import BROKEN_ZIP, zip_directory_problem
from imharmony.storage.fetch import AbsentError, Fetcher, TransientError

AGREEMENT = 2  # readings of an archive's directory that must be equal, because it has no checksum of its own
MOST_READINGS = 6
WINDOW = 1 << 16  # an archive's last record and, of a small one, the directory come in one request
MOST_DIRECTORY = 1 << 28  # bytes of one request for it; that of train2017 has 12 MB
MOST_DOWNLOAD = 1 << 35  # bytes of an archive whose size its server does not tell

Verdict = Callable[[Path], str | None]  # what is wrong with a file, or None


class Checksum(NamedTuple):
    """What an archive's directory says of a member."""

    size_bytes: int
    crc32: int

    def problem(self, data: bytes) -> str | None:
        """What disagrees with the data, or None."""
        if len(data) != self.size_bytes:
            return f"{len(data)} bytes; expected {self.size_bytes}"
        found = zlib.crc32(data)
        return None if found == self.crc32 else f"CRC-32 {found:08x}; expected {self.crc32:08x}"


class FolderMirror:
    """A folder. Its files are read where they lie."""

    is_local = True

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            came = "a file" if root.exists() else "no such folder"
            raise InputError(f"{root}: {came}; expected the folder of a mirror of COCO (annotations/, zips/, train2017/, ...)")
        self.root = root

    def file(self, name: str, work: Path, *, verdict: Verdict, most_bytes: int = MOST_DOWNLOAD) -> Path:  # noqa: ARG002  # the web's needs them
        """The file itself; a damaged one is an ``InputError``."""
        path = self.root / name
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: {'a folder' if path.is_dir() else 'no regular file'}; expected a file; replace it")
        if not path.is_file():
            raise AbsentError(f"{path}: no such file; expected it in a mirror of COCO; complete the mirror")
        if problem := verdict(path):
            raise InputError(f"{path}: {problem}; replace the file")
        return path

    def directory(self, name: str) -> dict[str, Checksum] | None:
        """Read from the archive if there is one."""
        path = self.root / name
        if not path.exists():
            return None
        if not path.is_file():
            raise InputError(f"{path}: {'a folder' if path.is_dir() else 'no regular file'}; expected a zip archive; replace or remove it")
        if problem := zip_directory_problem(path):
            raise InputError(f"{path}: {problem}; replace the file")
        return _members(path)


class WebMirror:
    """A server."""

    is_local = False

    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self.address = address.rstrip("/")
        self.fetcher = fetcher

    def file(self, name: str, work: Path, *, verdict: Verdict, most_bytes: int = MOST_DOWNLOAD) -> Path:
        """Fetched into ``work`` unless it is there; a transfer ends at ``most_bytes``."""
        self.fetcher.fetch(self._url(name), work / name, problem=verdict, most_bytes=most_bytes)
        return work / name

    def archive(self, name: str, work: Path, *, verdict: Verdict) -> Path:
        """``file`` for gigabytes: with a bar."""
        path, part = work / name, work / f"{name}.part"
        here = next((known.stat().st_size for known in (path, part) if known.exists()), 0)
        size = self.fetcher.size(self._url(name))
        with bar(total=size or 0, what=name, unit="B", unit_scale=True, initial=here) as progress:
            most = MOST_DOWNLOAD if size is None else size
            self.fetcher.fetch(self._url(name), path, problem=verdict, on_bytes=progress.update, most_bytes=most)
        return path

    def directory(self, name: str) -> dict[str, Checksum] | None:
        """Read by byte ranges until two readings agree; None where there is no such archive or no byte ranges."""
        try:
            size = self.fetcher.size(self._url(name))
        except AbsentError:
            return None
        if size is None:
            return None
        readings: list[dict[str, Checksum]] = []
        for _ in range(MOST_READINGS):
            reading = self.fetcher.patiently(self._url(name), lambda: self._reading(name, size))
            readings.append(reading)
            if readings.count(reading) == AGREEMENT:
                return reading
        raise InputError(f"{self._url(name)}: {MOST_READINGS} readings of its directory all differ; use another mirror")

    def _url(self, name: str) -> str:
        return f"{self.address}/{quote(name)}"

    def _reading(self, name: str, size: int) -> dict[str, Checksum]:
        ranges = _Ranges(self.fetcher, self._url(name), size)
        try:
            return _members(cast(IO[bytes], io.BufferedReader(ranges, buffer_size=WINDOW)))
        except InputError:
            raise
        except BROKEN_ZIP as error:
            raise TransientError(f"its directory is not readable ({error})") from error


Mirror = FolderMirror | WebMirror


class MirrorAddress(NamedTuple):
    """A mirror that a job can take along: where it is, and how patient one is with it (``Fetcher``)."""

    address: str
    attempts: int = 1
    timeout_seconds: float = 1.0

    def opened(self, parallel: int) -> AbstractContextManager[Mirror]:
        """The mirror, with as many connections as ``parallel``."""
        return open_mirror(self.address, attempts=self.attempts, timeout_seconds=self.timeout_seconds, parallel=parallel)


@contextmanager
def open_mirror(address: str, *, attempts: int, timeout_seconds: float, parallel: int) -> Iterator[Mirror]:
    """The mirror at an address: ``http(s)://``, ``file://`` or a folder."""
    parts = urlsplit(address)
    if parts.scheme in {"http", "https"}:
        with Fetcher(attempts=attempts, timeout_seconds=timeout_seconds, parallel=parallel) as fetcher:
            yield WebMirror(address, fetcher)
    elif parts.scheme == "file":
        yield FolderMirror(Path(unquote(parts.path)))
    elif "://" in address:
        raise InputError(f"mirror {address!r}: {parts.scheme}:// is not known; expected https://, http://, file:// or a folder")
    else:
        yield FolderMirror(Path(address).expanduser())


def _members(archive: Path | IO[bytes]) -> dict[str, Checksum]:
    with zipfile.ZipFile(archive) as opened:
        return {member.filename: Checksum(member.file_size, member.CRC) for member in opened.infolist() if not member.is_dir()}


class _Ranges(io.RawIOBase):
    """A remote file as a seekable stream of byte ranges."""

    def __init__(self, fetcher: Fetcher, url: str, size: int) -> None:
        self._fetcher, self._url, self._size, self._at = fetcher, url, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        if at < 0:
            raise ValueError(f"position {at} is before the archive's start")
        self._at = at
        return at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        stop = min(self._at + len(buffer), self._size)
        if stop - self._at > MOST_DIRECTORY:
            raise zipfile.BadZipFile(f"a directory of {stop - self._at} bytes")
        data = self._fetcher.read(self._url, self._at, stop) if stop > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
