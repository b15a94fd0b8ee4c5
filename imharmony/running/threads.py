"""Jobs that wait for the network, side by side in threads that nobody has to wait for."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_threads(function: Callable[[Job], Result], jobs: Iterable[Job], *, threads: int) -> Iterator[tuple[Job, Result]]:
    """Each job with its result, in the order in which they are done; the first error is raised here.

    Leaving early, by an error or Ctrl-C, begins no further job and waits for none: the threads are daemons, because one that
    sits in a read for a minute would keep an interrupted program alive for as long (``ThreadPoolExecutor`` joins its threads).
    """
    waiting = deque(jobs)
    total = len(waiting)
    done: SimpleQueue[tuple[Job, Result | None, BaseException | None]] = SimpleQueue()
    is_left = Event()

    def work() -> None:
        while waiting and not is_left.is_set():
            try:
                job = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                done.put((job, function(job), None))
            except BaseException as error:  # raised again by whoever consumes the results
                done.put((job, None, error))

    for _ in range(min(threads, total)):
        Thread(target=work, daemon=True).start()
    try:
        for _ in range(total):
            job, result, error = done.get()
            if error is not None:
                raise error
            yield job, result  # type: ignore[misc]  # the result is None only beside an error, or where function returns None
    finally:
        is_left.set()
