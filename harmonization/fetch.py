"""Files over HTTP: resumed by byte range, retried with back-off, verified, and in place only when whole."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Self, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from tenacity.nap import sleep_using_event

from harmonization.errors import InputError

FINAL = {400, 401, 403, 404, 405, 410}  # asking again would not help
LONGEST_WAIT_SECONDS = 60

T = TypeVar("T")
Problem = Callable[[Path], str | None]  # what is wrong with a file, or None


class TransientError(Exception):
    """A failure that another attempt may mend."""

    def __init__(self, reason: str, wait_seconds: float = 0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class AbsentError(InputError):
    """The server says that it does not have or does not give the file."""


class Fetcher:
    """A connection pool with patience. ``stop`` ends every wait and transfer at once."""

    def __init__(self, *, attempts: int, timeout_seconds: float, parallel: int = 1, backoff_seconds: float = 0.25) -> None:
        limits = httpx.Limits(max_connections=parallel + 1, max_keepalive_connections=parallel + 1)
        headers = {"Accept-Encoding": "identity"}  # ranges are of the file, not of a compressed form of it
        self.client = httpx.Client(headers=headers, timeout=timeout_seconds, follow_redirects=True, limits=limits)
        self.attempts = attempts
        self.stop = Event()
        self._backoff = wait_exponential_jitter(multiplier=backoff_seconds, max=LONGEST_WAIT_SECONDS, jitter=backoff_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def fetch(self, url: str, path: Path, *, problem: Problem) -> None:
        """Brings a file to ``path``. ``problem`` judges the whole file; a bad one is thrown away and counts as an attempt."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        self.patiently(url, lambda: self._attempt(url, part, problem))
        part.replace(path)

    def read(self, url: str, start: int, stop: int) -> bytes:
        """Bytes ``start`` to ``stop`` (exclusive) of a file."""
        return self.patiently(url, lambda: self._range(url, start, stop))

    def size(self, url: str) -> int | None:
        """The length of a file whose parts can be asked for, else None."""
        try:
            return self.patiently(url, lambda: self._size(url))
        except AbsentError:
            return None

    def patiently(self, url: str, attempt: Callable[[], T]) -> T:
        """Calls ``attempt`` until it succeeds; the last failure becomes an ``InputError`` that names the file."""
        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=retry_if_exception_type(TransientError),
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except TransientError as error:
            raise InputError(f"{url}: {error} after {self.attempts} attempts; check the mirror and run again: what came is kept") from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_seconds if isinstance(error, TransientError) else 0
        return max(self._backoff(state), min(asked, LONGEST_WAIT_SECONDS))

    def _attempt(self, url: str, part: Path, problem: Problem) -> None:
        done = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={done}-"} if done else {}
        with _transient(), self.client.stream("GET", url, headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                etag = ""  # all of it is here, or it is not this file: the verdict below says which
            else:
                _check_status(response, url)
                etag = response.headers.get("ETag", "")
                self._receive(response, part, append=response.status_code == httpx.codes.PARTIAL_CONTENT and _starts_at(response, done))
        if verdict := problem(part) or _etag_problem(part, etag):
            part.unlink()
            raise TransientError(verdict)

    def _receive(self, response: httpx.Response, part: Path, *, append: bool) -> None:
        with part.open("ab" if append else "wb") as file:
            for block in response.iter_raw():  # as it comes: what is buffered when a connection breaks would be lost
                if self.stop.is_set():
                    raise KeyboardInterrupt
                file.write(block)

    def _range(self, url: str, start: int, stop: int) -> bytes:
        with _transient():
            response = self.client.get(url, headers={"Range": f"bytes={start}-{stop - 1}"})
        _check_status(response, url)
        if response.status_code != httpx.codes.PARTIAL_CONTENT or len(response.content) != stop - start:
            raise TransientError(f"asked for {stop - start} bytes, got {len(response.content)}")
        return response.content

    def _size(self, url: str) -> int | None:
        with _transient(), self.client.stream("GET", url, headers={"Range": "bytes=0-0"}) as response:
            _check_status(response, url)
            found = re.fullmatch(r"bytes 0-0/(\d+)", response.headers.get("Content-Range", ""))
        return int(found[1]) if found else None


class _transient:  # noqa: N801  # reads as a statement
    """Turns what a connection may suffer into ``TransientError``."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, httpx.TransportError):
            raise TransientError(f"{type(error).__name__}: {error}") from error


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if status in FINAL:
        raise AbsentError(f"{url}: the server answered {status} {response.reason_phrase}; expected the file; check the mirror's address")
    if not response.is_success:
        wait = response.headers.get("Retry-After", "0")
        raise TransientError(f"the server answered {status} {response.reason_phrase}", float(wait) if wait.isdigit() else 0)


def _starts_at(response: httpx.Response, done: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {done}-")


def _etag_problem(part: Path, etag: str) -> str | None:
    """S3 names an object that was uploaded in one piece by its MD5."""
    found = re.fullmatch(r'"?([0-9a-f]{32})"?', etag)
    if not found:
        return None
    with part.open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    return None if md5 == found[1] else f"MD5 {md5}, the server's ETag says {found[1]}"
