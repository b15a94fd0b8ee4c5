"""Files over HTTP: resumed by byte range, retried with back-off, verified, and in place only when whole."""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event, Lock
from typing import BinaryIO, Self, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from tenacity.nap import sleep_using_event

from imharmony.errors import InputError

ABSENT = {403, 404, 410}  # S3 answers 403 for a key that does not exist
BUSY = {408, 425, 429}
LONGEST_BACKOFF_SECONDS = 30
LONGEST_WAIT_SECONDS = 600  # that a server may ask for

T = TypeVar("T")
Problem = Callable[[Path], str | None]  # what is wrong with a file, or None


class TransientError(Exception):
    """A failure that another attempt may mend; ``wait_seconds`` is what the server asked for."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class AbsentError(InputError):
    """The mirror does not have the file, or does not give it."""


class Fetcher:
    """A pool of connections with patience. Setting ``stop`` ends every wait and transfer.

    ``auth`` signs what is asked of the first address; where that redirects, httpx leaves the signature out. ``on_response`` sees
    every answer first.
    """

    def __init__(
        self,
        *,
        attempts: int,
        timeout_seconds: float,
        parallel: int = 1,
        backoff_seconds: float = 0.25,
        auth: httpx.Auth | None = None,
        on_response: Callable[[httpx.Response], None] | None = None,
    ) -> None:
        limits = httpx.Limits(max_connections=parallel + 1, max_keepalive_connections=parallel + 1)
        # Compressed on the way, a file would have another length and no byte ranges.
        identity = {"Accept-Encoding": "identity"}
        hooks = {"response": [on_response]} if on_response else {}
        self._client = httpx.Client(
            timeout=timeout_seconds, follow_redirects=True, limits=limits, headers=identity, auth=auth, event_hooks=hooks
        )
        self._attempts = attempts
        self._backoff = wait_exponential_jitter(multiplier=backoff_seconds, max=LONGEST_BACKOFF_SECONDS, jitter=backoff_seconds)
        self._lock = Lock()
        self.stop = Event()
        self.repeated = 0  # attempts beyond the first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, url: str, path: Path, *, problem: Problem, on_bytes: Callable[[int], object] = int) -> None:
        """Brings a file to ``path``, unless one is there that has no problem.

        ``problem`` judges the whole file; a bad one is thrown away and counts as an attempt. ``on_bytes`` hears how many bytes came.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked_part(path) as part:
            if path.exists() and problem(path) is None:
                part.truncate(0)
                return
            self.patiently(url, _Transfer(self._client, url, part, problem=problem, on_bytes=on_bytes, stop=self.stop))
            os.fsync(part.fileno())
            Path(part.name).replace(path)

    def read(self, url: str, start: int, stop: int) -> bytes:
        """Bytes ``start`` to ``stop`` (exclusive) of a file."""
        return self.patiently(url, lambda: _read_range(self._client, url, start, stop))

    def size(self, url: str) -> int | None:
        """The length of a file whose parts can be asked for, else None; ``AbsentError`` if there is no such file."""
        return self.patiently(url, lambda: _ranged_size(self._client, url))

    def patiently(self, url: str, attempt: Callable[[], T]) -> T:
        """Calls ``attempt`` until it succeeds; the last failure becomes an ``InputError`` that names the file."""
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception_type(TransientError),
            before_sleep=self._count,
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except TransientError as error:
            kept = "check the mirror and the network, and run again: what came is kept"
            raise InputError(f"{url}: {error} after {self._attempts} attempts; {kept}") from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError) and error.wait_seconds is not None:
            return min(error.wait_seconds, LONGEST_WAIT_SECONDS)
        return self._backoff(state)

    def _count(self, _: RetryCallState) -> None:
        with self._lock:
            self.repeated += 1


class _Transfer:
    """One file on its way into its ``.part``; every call is an attempt and goes on where the last one was cut."""

    def __init__(
        self, client: httpx.Client, url: str, part: BinaryIO, *, problem: Problem, on_bytes: Callable[[int], object], stop: Event
    ) -> None:
        self._client, self._url, self._part = client, url, part
        self._problem, self._on_bytes, self._stop = problem, on_bytes, stop
        self._version = ""  # what the server called the version of which we have a part

    def __call__(self) -> None:
        done = self._part.seek(0, os.SEEK_END)
        headers = {"Range": f"bytes={done}-"} if done else {}
        if done and self._version:
            headers["If-Range"] = self._version
        with _troubles_of(self._url), self._client.stream("GET", self._url, headers=headers) as response:
            self._receive(response, done)
            md5 = published_md5(response.headers)
        path = Path(self._part.name)
        if wrong := self._problem(path) or _md5_problem(path, md5):
            self._part.truncate(0)
            raise TransientError(wrong)

    def _receive(self, response: httpx.Response, done: int) -> None:
        total = _total_of(response)
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if total != done:
                self._part.truncate(0)
                raise TransientError(f"{done} bytes are here, but the server says that it has {total}")
            return  # killed between the last byte and the verdict
        _check_status(response, self._url)
        if not (response.status_code == httpx.codes.PARTIAL_CONTENT and _starts_at(response, done)):
            self._part.truncate(0)
        if response.status_code == httpx.codes.PARTIAL_CONTENT and not _starts_at(response, done):
            raise TransientError(f"asked for the bytes from {done}, got {response.headers.get('Content-Range')}")
        self._version = _version_of(response.headers)
        for block in response.iter_raw():  # as it comes: of a block that is cut short, httpx would give nothing
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._part.write(block)
            self._on_bytes(len(block))
        self._part.flush()
        if total is not None and (size := self._part.tell()) < total:
            raise TransientError(f"the answer ended after {size} of {total} bytes")


@contextmanager
def _locked_part(path: Path) -> Iterator[BinaryIO]:
    """The file beside ``path`` that receives it, locked: two processes that want the same file fetch it once."""
    part = path.with_name(f"{path.name}.part")
    while True:
        file = part.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(part.stat(), os.fstat(file.fileno())):
                break
        file.close()  # while we waited, it became the file itself or was removed
    try:
        yield file
    finally:
        if os.fstat(file.fileno()).st_size == 0:
            part.unlink(missing_ok=True)
        file.close()


@contextmanager
def _troubles_of(url: str) -> Iterator[None]:
    """Turns what a connection may suffer into ``TransientError``, and an address that nobody can follow into ``InputError``."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise InputError(f"{url}: {error}; expected the http(s) address of a file; check the mirror's address") from error
    except httpx.TransportError as error:
        raise TransientError(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def _read_range(client: httpx.Client, url: str, start: int, stop: int) -> bytes:
    with _troubles_of(url):
        response = client.get(url, headers={"Range": f"bytes={start}-{stop - 1}"})
    _check_status(response, url)
    if response.status_code != httpx.codes.PARTIAL_CONTENT or len(response.content) != stop - start:
        raise TransientError(f"asked for {stop - start} bytes, got {len(response.content)}")
    return response.content


def _ranged_size(client: httpx.Client, url: str) -> int | None:
    # Streamed: a server without byte ranges would send all of it.
    with _troubles_of(url), client.stream("GET", url, headers={"Range": "bytes=0-0"}) as response:
        _check_status(response, url)
        return _total_of(response) if response.status_code == httpx.codes.PARTIAL_CONTENT else None


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if response.is_success:
        return
    came = f"the server answered {status} {response.reason_phrase}"
    if status in BUSY or status >= 500:
        raise TransientError(came, asked_wait(response.headers.get("Retry-After")))
    kind = AbsentError if status in ABSENT else InputError
    raise kind(f"{url}: {came}; expected the file; check the mirror's address and that it has this file")


def asked_wait(text: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for, as a number or as a date."""
    if text is None or text.strip().isdigit():
        return None if text is None else float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _starts_at(response: httpx.Response, done: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {done}-")


def _total_of(response: httpx.Response) -> int | None:
    found = re.fullmatch(r"bytes .*/(\d+)", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _version_of(headers: httpx.Headers) -> str:
    etag = headers.get("ETag", "")
    return etag if etag.startswith('"') else headers.get("Last-Modified", "")  # a weak ETag must not be used in If-Range


def published_md5(headers: httpx.Headers) -> str | None:
    """S3 names an object that was uploaded in one piece by its MD5, unless it is encrypted by a key of the owner's."""
    is_encrypted = headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
    found = re.fullmatch(r'"([0-9a-f]{32})"', headers.get("ETag", ""))
    return found[1] if found and not is_encrypted and "x-amz-server-side-encryption-customer-algorithm" not in headers else None


def _md5_problem(path: Path, expected: str | None) -> str | None:
    if expected is None:
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    return None if found == expected else f"MD5 {found}; the server's ETag says {expected}"
