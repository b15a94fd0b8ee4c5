"""One process at a time."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a file's lock; where another process holds it, waits until that one gives it back or ends."""
    with FileLock(path):
        yield


@contextmanager
def held(path: Path, *, busy: Callable[[str], None]) -> Iterator[None]:
    """Holds a file's lock, which the system frees when the process ends, however that happens; a file beside it says whose it is.

    Where another process holds it, ``busy`` is told that one's number, and unless it raises, the other's end is waited for.
    """
    lock, owner = FileLock(path), path.with_name(f"{path.name}.process")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        busy(owner.read_text(encoding="utf-8").strip() if owner.is_file() else "?")
        lock.acquire()
    try:
        owner.write_text(f"{os.getpid()}\n", encoding="utf-8")
        yield
    finally:
        lock.release()
