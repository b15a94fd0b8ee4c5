"""Jobs on the machines of a Dask cluster, behind the same interface as processes on this one.

The machines see the same folders under the same names (a network file system), and run the same version of this package. Which worker
takes a job, what happens when one is lost and who watches is Dask's: a job of a worker that died is given to another.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2

from imharmony.errors import InputError
from imharmony.running.processes import Run

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"  # a cluster of processes on this machine, for trying it out
LOOPBACK = "127.0.0.1:0"  # any free port: with none named, two clusters here would want the same
ANSWER_SECONDS = 20
RETRIES = 2  # of a job that failed by what may be its machine's fault

log = logging.getLogger(__name__)


@contextmanager
def cluster(address: str, *, workers: int) -> Iterator[Run]:
    """A ``Run`` over the cluster whose scheduler has this address, ``tcp://host:port``; or over ``local`` processes, then ``workers``."""
    try:
        import dask.config
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(f"cluster {address!r}: needs the package distributed; run pip install 'imharmony[cluster]'") from error
    if address == LOCAL:
        options: Any = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": LOOPBACK}
        # Or jobs could start no process, as who judges photographs does.
        with dask.config.set({"distributed.worker.daemon": False}), LocalCluster(**options) as where, Client(where) as client:
            yield from _runs_on(client, address)
        return
    try:
        client = Client(address, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        expected = "expected a Dask scheduler, as `dask scheduler` prints it, or `local`"
        raise InputError(f"cluster {address!r}: nobody answers ({error}); {expected}") from error
    with client:
        yield from _runs_on(client, address)


def _runs_on(client: "Client", address: str) -> Iterator[Run]:
    from distributed import KilledWorker

    counts: Any = client.nthreads()  # typed as the asynchronous client's
    if not counts:
        raise InputError(f"cluster {address!r}: has no workers; start some with `dask worker {address}`")
    _tell_dashboard(client)
    try:
        yield Run(sum(counts.values()), lambda function, job: client.submit(_attempted, function, job, pure=False, retries=RETRIES))
    except KilledWorker as error:
        raise InputError(f"cluster {address!r}: {error}; expected workers that live; give each more memory") from error


def _tell_dashboard(client: "Client") -> None:
    try:
        link = client.dashboard_link
    except KeyError:  # a scheduler without one
        return
    if link:
        _say(link)


@cache  # once, however often a stage comes to the cluster
def _say(link: str) -> None:
    log.info("the cluster's dashboard: %s", link)


def _attempted(function: Callable[[Any], Any], job: Any) -> Any:
    cv2.setNumThreads(1)
    try:
        return function(job)
    except InputError as error:  # a result: another attempt would come to the same
        return error
