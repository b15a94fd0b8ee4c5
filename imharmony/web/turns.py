"""One picture at a time: what needs the processor and memory waits for its turn, and is sent away where too many wait."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

Result = TypeVar("Result")


class BusyError(RuntimeError):
    """Too many wait already."""


class Turns:
    """Runs functions in a thread, one after the other."""

    def __init__(self, *, most: int) -> None:
        self._most, self._count = most, 0
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """What ``work`` returns; raises ``BusyError`` where ``most`` are at it or wait."""
        if self._count >= self._most:
            raise BusyError
        self._count += 1
        try:
            async with self._lock:
                return await run_in_threadpool(work)  # to its end, even where the visitor has left
        finally:
            self._count -= 1
