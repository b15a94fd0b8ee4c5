"""Where what is sharded runs: in processes on this machine, or on the machines of a Dask cluster.

Jobs and functions travel: functions have a place in a module, jobs name files by absolute paths, and a shard is sealed by whoever made it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from imharmony.running.processes import Run, processes


def engine(cluster_address: str | None, *, workers: int, worth: int | None = None, gpus: Sequence[str] = ()) -> AbstractContextManager[Run]:
    """A ``Run`` over the cluster at this address (``cluster.cluster``); without one over ``workers`` processes, here if one is enough.

    ``worth`` is how many processes the work is worth, as another takes seconds to begin; work that is not worth one is done here, whatever
    is named.
    ``gpus`` are names as in ``CUDA_VISIBLE_DEVICES``, where jobs need one each: each process here then owns one of them. A worker of a
    cluster owns what it was started with, one each where ``dask cuda worker`` started it.
    """
    if cluster_address is None or worth == 0:
        limits = (workers, len(gpus) or workers, workers if worth is None else max(worth, 1))
        return processes(min(limits), gpus=gpus)
    from imharmony.running.cluster import cluster  # its package is an extra

    return cluster(cluster_address, workers=workers)
