"""Where what is sharded runs: in processes on this machine, or on the machines of a Dask cluster.

Jobs and functions travel: functions have a place in a module, jobs name files by absolute paths, and a shard is sealed by whoever made it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from imharmony.running.processes import Run, processes


def engine(cluster_address: str | None, *, workers: int, gpus: Sequence[str] = ()) -> AbstractContextManager[Run]:
    """A ``Run`` over the cluster at this address (``cluster.cluster``); without one over ``workers`` processes, here if one is enough.

    ``gpus`` are names as in ``CUDA_VISIBLE_DEVICES``, where jobs need one each: each process here then owns one of them. A worker of a
    cluster owns what it was started with, one each where ``dask cuda worker`` started it.
    """
    if cluster_address is None:
        return processes(min(workers, len(gpus)) if gpus else workers, gpus=gpus)
    from imharmony.running.cluster import cluster  # its package is an extra

    return cluster(cluster_address, workers=workers)


def is_here(cluster_address: str | None, *, workers: int, gpus: Sequence[str] = ()) -> bool:
    """Whether such an engine runs its jobs in this process, where they can tell of every picture that is done."""
    return cluster_address is None and 1 in {workers, len(gpus)}
