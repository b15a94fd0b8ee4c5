"""Jobs side by side in processes of their own, with an end to all of them at once."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.queues import SimpleQueue
from threading import Thread
from types import ModuleType
from typing import Any, Protocol

import cv2

from imharmony.errors import InputError

WAITING_PER_WORKER = 2


class EndedProcessError(InputError):
    """One of several processes was ended from outside, as the system does where memory is short."""


class Promise(Protocol):
    """A result that is to come, of whichever library."""

    def result(self) -> Any: ...

    def cancel(self) -> object: ...


@dataclass(frozen=True)
class Run:
    """Calls a function with every job; the results come in the order of the jobs, which are taken from their iterable as needed."""

    workers: int  # how many jobs are done at a time
    submit: Callable[[Callable[[Any], Any], Any], Promise] | None = None  # None: they are done in this process

    @property
    def is_here(self) -> bool:
        """Whether jobs can tell this process of every picture that is done."""
        return self.submit is None

    def __call__(self, function: Callable[[Any], Any], jobs: Iterable[Any], *, most: int | None = None) -> Iterator[Any]:
        """The results; no more than ``most`` jobs are begun and not ended, if that is less than the workers can take."""
        return map(function, jobs) if self.submit is None else self._results(self.submit, function, jobs, most)

    def _results(
        self, submit: Callable[..., Promise], function: Callable[[Any], Any], jobs: Iterable[Any], most: int | None
    ) -> Iterator[Any]:
        begun: deque[Promise] = deque()
        window = min(self.workers * WAITING_PER_WORKER, most or self.workers * WAITING_PER_WORKER)
        try:
            for job in jobs:
                begun.append(submit(function, job))
                if len(begun) == window:
                    yield _found(begun.popleft())
            while begun:
                yield _found(begun.popleft())
        finally:
            for promise in begun:
                promise.cancel()


@contextmanager
def processes(workers: int, *, gpus: Sequence[str] = ()) -> Iterator[Run]:
    """A ``Run`` over this many processes; over this one, if one is enough.

    An error or Ctrl-C in the block ends the processes where they are, and so does the end of this one, whatever ends it. If one of them is
    ended from outside, all are, with an ``EndedProcessError``. Of ``gpus``, as many as processes or more, each process sees one alone. They
    load the module of the function that is called, and the program that was started only if it is one of the program's.
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield Run(1)
        finally:
            cv2.setNumThreads(threads)
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    own = context.SimpleQueue()
    for gpu in gpus:
        own.put(gpu)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(own if gpus else None,))

    def submit(function: Callable[[Any], Any], job: Any) -> Promise:
        called = function
        while isinstance(called, partial):
            called = called.func
        with nullcontext() if getattr(called, "__module__", None) == "__main__" else _without_program():
            return executor.submit(function, job)

    try:
        yield Run(workers, submit)
    except BaseException as error:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        if isinstance(error, BrokenProcessPool):
            came = f"one of {workers} processes was ended from outside, as the system does where memory is short"
            raise EndedProcessError(
                f"{came}; expected all to live; start again, with fewer `workers` if it recurs: finished parts are kept"
            ) from error
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _without_program() -> Iterator[None]:
    """A process that is begun meanwhile does not load the program: that of a stage is hundreds of megabytes which its jobs do not use."""
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


def _found(promise: Promise) -> Any:
    found = promise.result()
    if isinstance(found, InputError):  # what a worker of a cluster makes of it
        raise found
    return found


def _start(gpus: SimpleQueue | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    if parent := multiprocessing.parent_process():  # which may be killed; left alone we would wait for ever
        Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
    if gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus.get()  # read when CUDA is first used, which is in a job
    cv2.setNumThreads(1)
