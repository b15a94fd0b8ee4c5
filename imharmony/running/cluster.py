"""Jobs on the machines of a Dask cluster, behind the same interface as processes on this one.

The machines see the same folders under the same names (a network file system), and run the same version of this package.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import cv2

from imharmony.errors import InputError
from imharmony.running.processes import WAITING_PER_WORKER, Run

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"  # a cluster of processes on this machine, for trying it out
ANSWER_SECONDS = 20


@contextmanager
def cluster(address: str, *, workers: int) -> Iterator[Run]:
    """A ``Run`` over the cluster whose scheduler has this address, ``tcp://host:port``; or over ``local`` processes, then ``workers``."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(f"cluster {address!r}: needs the package distributed; run pip install 'imharmony[cluster]'") from error
    if address == LOCAL:
        where = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)  # pyright: ignore[reportArgumentType]  # None: no dashboard
        with where, Client(where) as client:
            yield _run_on(client)
        return
    try:
        client = Client(address, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        expected = "expected a Dask scheduler, as `dask scheduler` prints it, or `local`"
        raise InputError(f"cluster {address!r}: nobody answers ({error}); {expected}") from error
    with client:
        if not _threads(client):
            raise InputError(f"cluster {address!r}: has no workers; start some with `dask worker {address}`")
        yield _run_on(client)


def _run_on(client: "Client") -> Run:
    def run(function: Callable[[Any], Any], jobs: Iterable[Any]) -> Iterator[Any]:
        most = WAITING_PER_WORKER * _threads(client)
        running: deque[Future[Any]] = deque()
        try:
            for job in jobs:
                running.append(client.submit(_one_thread, function, job, pure=False))
                if len(running) == most:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            client.cancel(list(running))

    return run


def _threads(client: "Client") -> int:
    counts: Any = client.nthreads()  # typed as the asynchronous client's
    return sum(counts.values())


def _one_thread(function: Callable[[Any], Any], job: Any) -> Any:
    cv2.setNumThreads(1)
    return function(job)
