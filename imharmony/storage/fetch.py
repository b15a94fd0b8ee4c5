"""Files over HTTP: resumed by byte range, retried with back-off, verified, and in place only when whole."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock
from typing import BinaryIO, Self, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter
from tenacity.nap import sleep_using_event

from imharmony.errors import InputError
from imharmony.storage.allowances import Allowance, SpentError, allowing, hold_to_allowances
from imharmony.storage.answers import asked_wait, published_md5, starts_at, total_of, version_of, whole_number

ABSENT = {403, 404, 410}  # S3 answers 403 for a key that does not exist
BUSY = {408, 425, 429}
PACKED = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress"}  # how a server may send what it was asked to send as it is
LONGEST_BACKOFF_SECONDS = 30
MOST_BYTES = 1 << 35  # of a file of which nobody says how large it is
SMALL_ANSWER = 1 << 16

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

    A file may take ``attempts`` times ``timeout_seconds`` in all, with what a server asks to wait, and longer only while its bytes come
    steadily (``imharmony.storage.allowances``).

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
        hold_to_allowances(self._client)
        self._attempts = attempts
        self._seconds = attempts * timeout_seconds
        self._backoff = wait_exponential_jitter(multiplier=backoff_seconds, max=LONGEST_BACKOFF_SECONDS, jitter=backoff_seconds)
        self._lock = Lock()
        self.stop = Event()
        self.repeated = 0  # attempts beyond the first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(
        self, url: str, path: Path, *, problem: Problem, on_bytes: Callable[[int], object] = int, most_bytes: int = MOST_BYTES
    ) -> None:
        """Brings a file to ``path``, unless one is there that has no problem.

        ``problem`` judges the whole file; a bad one is thrown away and counts as an attempt, as does one of more than ``most_bytes``.
        ``on_bytes`` hears how many bytes came.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked_part(path) as part:
            if path.exists() and problem(path) is None:
                part.truncate(0)
                return
            transfer = _Transfer(self._client, url, part, problem=problem, on_bytes=on_bytes, stop=self.stop, most_bytes=most_bytes)
            self.patiently(url, transfer, most_bytes=most_bytes)
            os.fsync(part.fileno())
            Path(part.name).replace(path)

    def read(self, url: str, start: int, stop: int) -> bytes:
        """Bytes ``start`` to ``stop`` (exclusive) of a file."""
        return self.patiently(url, lambda: _read_range(self._client, url, start, stop), most_bytes=stop - start)

    def size(self, url: str) -> int | None:
        """The length of a file whose parts can be asked for, else None; ``AbsentError`` if there is no such file."""
        return self.patiently(url, lambda: _ranged_size(self._client, url))

    def patiently(self, url: str, attempt: Callable[[], T], *, most_bytes: int = SMALL_ANSWER) -> T:
        """Calls ``attempt`` until it succeeds; the last failure becomes an ``InputError`` that names the file."""
        allowance = Allowance(seconds=self._seconds, most_bytes=most_bytes)
        retrying = Retrying(
            stop=lambda state: state.attempt_number >= self._attempts or state.upcoming_sleep > allowance.left(),
            wait=self._wait,
            retry=retry_if_exception_type(TransientError),
            before_sleep=self._count,
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )

        def begin() -> T:
            allowance.begin_attempt()
            return attempt()

        kept = "check the mirror and the network, and run again: what came is kept"
        try:
            with allowing(allowance):
                return retrying(begin)
        except SpentError as error:
            raise InputError(f"{url}: {error}; {kept}") from error
        except TransientError as error:
            tried = retrying.statistics.get("attempt_number", 1)
            after = f"{tried} attempt{'s' * (tried != 1)}"
            if tried < self._attempts:
                asked = f", which asks to wait {error.wait_seconds:.0f} seconds" if error.wait_seconds else ""
                after += f"{asked}, and there is no time for another in the {self._seconds:g} seconds that a file may take"
            raise InputError(f"{url}: {error} after {after}; {kept}") from error

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TransientError) and error.wait_seconds is not None:
            return error.wait_seconds
        return self._backoff(state)

    def _count(self, _: RetryCallState) -> None:
        with self._lock:
            self.repeated += 1


class _Transfer:
    """One file on its way into its ``.part``; every call is an attempt and goes on where the last one was cut."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        part: BinaryIO,
        *,
        problem: Problem,
        on_bytes: Callable[[int], object],
        stop: Event,
        most_bytes: int,
    ) -> None:
        self._client, self._url, self._part = client, url, part
        self._problem, self._on_bytes, self._stop, self._most_bytes = problem, on_bytes, stop, most_bytes
        self._version = ""  # what the server called the version of which we have a part

    def __call__(self) -> None:
        done = self._part.seek(0, os.SEEK_END)
        headers = {"Range": f"bytes={done}-"} if done else {}
        if done and self._version:
            headers["If-Range"] = self._version
        with _troubles_of(self._url), self._client.stream("GET", self._url, headers=headers) as response:
            self._receive(response, done)
            md5, kind = published_md5(response.headers), response.headers.get("Content-Type", "")
        path = Path(self._part.name)
        if wrong := self._problem(path) or _md5_problem(path, md5):
            self._part.truncate(0)
            raise TransientError(f"{wrong}; the server calls it a web page" if "html" in kind else wrong)

    def _receive(self, response: httpx.Response, done: int) -> None:
        total = total_of(response)
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if total != done:
                self._part.truncate(0)
                raise TransientError(f"{done} bytes are here, but the server says that it has {total}")
            return  # killed between the last byte and the verdict
        _check_status(response, self._url)
        self._expect_size(total if total is not None else whole_number(response.headers.get("Content-Length")) or 0)
        if not (response.status_code == httpx.codes.PARTIAL_CONTENT and starts_at(response, done)):
            self._part.truncate(0)
        if response.status_code == httpx.codes.PARTIAL_CONTENT and not starts_at(response, done):
            raise TransientError(f"asked for the bytes from {done}, got {response.headers.get('Content-Range')}")
        self._version = version_of(response.headers)
        for block in response.iter_raw():  # as it comes: of a block that is cut short, httpx would give nothing
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._part.write(block)
            self._on_bytes(len(block))
            self._expect_size(self._part.tell())
        self._part.flush()
        if total is not None and (size := self._part.tell()) < total:
            raise TransientError(f"the answer ended after {size} of {total} bytes")

    def _expect_size(self, size_bytes: int) -> None:
        if size_bytes > self._most_bytes:
            self._part.truncate(0)
            raise TransientError(f"{size_bytes} bytes came or were promised; expected at most {self._most_bytes}")


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
    except httpx.HTTPError as error:
        raise TransientError(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def _read_range(client: httpx.Client, url: str, start: int, stop: int) -> bytes:
    data = bytearray()
    with _troubles_of(url), client.stream("GET", url, headers={"Range": f"bytes={start}-{stop - 1}"}) as response:
        _check_status(response, url)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            raise TransientError(f"asked for {stop - start} bytes, got the whole file")
        for block in response.iter_raw():
            data += block
            if len(data) > stop - start:
                break
    if len(data) != stop - start:
        raise TransientError(f"asked for {stop - start} bytes, got {'more' if len(data) > stop - start else len(data)}")
    return bytes(data)


def _ranged_size(client: httpx.Client, url: str) -> int | None:
    # Streamed: a server without byte ranges would send all of it.
    with _troubles_of(url), client.stream("GET", url, headers={"Range": "bytes=0-0"}) as response:
        _check_status(response, url)
        return total_of(response) if response.status_code == httpx.codes.PARTIAL_CONTENT else None


def _check_status(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if response.is_success:
        if (packed := response.headers.get("Content-Encoding", "").lower()) in PACKED:
            raise TransientError(f"the server sent it as {packed}, although it was asked not to")
        return
    came = f"the server answered {status} {response.reason_phrase}"
    if status in BUSY or status >= 500:
        raise TransientError(came, asked_wait(response.headers.get("Retry-After")))
    kind = AbsentError if status in ABSENT else InputError
    raise kind(f"{url}: {came}; expected the file; check the mirror's address and that it has this file")


def _md5_problem(path: Path, expected: str | None) -> str | None:
    if expected is None:
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    return None if found == expected else f"MD5 {found}; the server's ETag says {expected}"
