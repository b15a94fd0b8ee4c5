"""Jobs side by side in processes of their own, with an end to all of them at once."""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Protocol

import cv2

WAITING_PER_WORKER = 2


class Run(Protocol):
    """Calls the function with every job; the results come in the order in which they are done."""

    def __call__(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]: ...


@contextmanager
def processes(workers: int) -> Iterator[Run]:
    """A ``Run`` over this many processes; over this one, if one is enough.

    Jobs are taken from their iterable as they are needed. An error or Ctrl-C in the block ends the processes where they are.
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield _run_here
        finally:
            cv2.setNumThreads(threads)
        return
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start)
    try:
        yield lambda function, jobs: _results(executor, function, jobs, workers * WAITING_PER_WORKER)
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _run_here(function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]:
    return map(function, jobs)


def _results(executor: ProcessPoolExecutor, function: Callable[[Any], Any], jobs: Iterable[Any], most: int) -> Iterator[Any]:
    running: set[Future[Any]] = set()
    for job in jobs:
        running.add(executor.submit(function, job))
        if len(running) == most:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    cv2.setNumThreads(1)
