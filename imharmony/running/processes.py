"""Jobs side by side in processes of their own, with an end to all of them at once."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.queues import SimpleQueue
from typing import Any, Protocol

import cv2

WAITING_PER_WORKER = 2


class Run(Protocol):
    """Calls the function with every job; the results come in the order of the jobs."""

    def __call__(self, function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]: ...


@contextmanager
def processes(workers: int, *, gpus: Sequence[str] = ()) -> Iterator[Run]:
    """A ``Run`` over this many processes; over this one, if one is enough.

    Jobs are taken from their iterable as they are needed. An error or Ctrl-C in the block ends the processes where they are. Of ``gpus``,
    as many as processes or more, each process sees one alone.
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
    context = multiprocessing.get_context("spawn")
    own = context.SimpleQueue()
    for gpu in gpus:
        own.put(gpu)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(own if gpus else None,))
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
    running: deque[Future[Any]] = deque()
    for job in jobs:
        running.append(executor.submit(function, job))
        if len(running) == most:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _start(gpus: SimpleQueue | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    if gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus.get()  # read when CUDA is first used, which is in a job
    cv2.setNumThreads(1)
