"""Where what is sharded runs: in processes on this machine, or on the machines of a Dask cluster."""

from contextlib import AbstractContextManager

from imharmony.running.processes import Run, processes


def engine(cluster_address: str | None, *, workers: int) -> AbstractContextManager[Run]:
    """A ``Run`` over the cluster at this address (``cluster.cluster``); without one over ``workers`` processes, here if one is enough."""
    if cluster_address is None:
        return processes(workers)
    from imharmony.running.cluster import cluster  # its package is an extra

    return cluster(cluster_address, workers=workers)
