"""How long a file may take and how many bytes may come for it, whatever its server does.

A timeout of httpx is for one read: a server that sends a byte now and then, or headers without end, never meets it. What is allowed is
therefore kept where bytes are read from the network.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

SLOWEST = 16 << 10  # bytes a second that earn a transfer more time
BESIDE = 1 << 20  # bytes of headers and redirects beside a file's own


class SpentError(Exception):
    """What was allowed is used up."""


class Allowance:
    """Seconds for all attempts together, to which steady bytes add, and bytes for one attempt."""

    def __init__(self, *, seconds: float, most_bytes: int) -> None:
        self.seconds, self.most_bytes = seconds, most_bytes
        self._began = time.monotonic()
        self._received = self._of_attempt = 0

    def begin_attempt(self) -> None:
        """Bytes are counted anew, time goes on."""
        self._of_attempt = 0

    def left(self) -> float:
        """Seconds."""
        return self._began + self.seconds + self._received / SLOWEST - time.monotonic()

    def count(self, size_bytes: int) -> None:
        """Takes bytes that came into account."""
        self._received += size_bytes
        self._of_attempt += size_bytes
        if self._of_attempt > self.most_bytes + BESIDE:
            raise SpentError(f"more came than the {self.most_bytes} bytes that were expected")

    def expect_time(self) -> float:
        """Seconds that are left, of which there must be some."""
        left = self.left()
        if left <= 0:
            raise SpentError(f"it was not here after {self.seconds:g} seconds, all that a file may take that comes this slowly")
        return left


_CURRENT: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowing(allowance: Allowance) -> Iterator[Allowance]:
    """What is read from the network in the block, in this thread, is held against the allowance."""
    before = _CURRENT.set(allowance)
    try:
        yield allowance
    finally:
        _CURRENT.reset(before)


def hold_to_allowances(client: httpx.Client) -> None:
    """Lets every connection of a client keep to the allowance of whoever reads from it, those through proxies too."""
    # httpx has no public way to a network of one's own that keeps its proxies and its errors.
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            pool: Any = transport._pool
            pool._network_backend = _Network(pool._network_backend)


class _Network(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, _limited(timeout), local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(path, _limited(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = self._inner.read(max_bytes, _limited(timeout))
        except httpcore.ReadTimeout:
            _limited(timeout)  # perhaps it is all the time that is over
            raise
        if allowance := _CURRENT.get():
            allowance.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _limited(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _limited(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _limited(timeout: float | None) -> float | None:
    """The timeout, or what is left of the allowance if that is less."""
    allowance = _CURRENT.get()
    if allowance is None:
        return timeout
    left = allowance.expect_time()
    return left if timeout is None else min(timeout, left)
