"""One process at a time."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, *, busy: Callable[[str], None]) -> Iterator[None]:
    """Holds a file's lock, which the kernel frees when the process ends, however that happens; the file says whose it is.

    Where another process holds it, ``busy`` is told that one's number, and unless it raises, the other's end is waited for.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            busy(file.read().strip() or "?")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
