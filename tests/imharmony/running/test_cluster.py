"""Jobs on a Dask cluster: the same results, and one clear line when there is none."""

import os
import signal
import sys

import pytest
from distributed import LocalCluster

from imharmony.errors import InputError
from imharmony.running.cluster import cluster


def square(number: int) -> int:
    return number * number


def test_results_come_in_the_order_of_the_jobs_from_a_scheduler_by_address():
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as there:
        with cluster(there.scheduler_address, workers=1) as run:
            assert list(run(square, range(9))) == [number * number for number in range(9)]
        with pytest.raises(ZeroDivisionError), cluster(there.scheduler_address, workers=1) as run:
            list(run(lambda number: 1 // number, [1, 0]))


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(tmp_path):
    marker = tmp_path / "killed"

    def square_or_die(number: int) -> int:  # within the test: sent by value, for workers do not know this module
        if number == 3 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    with cluster("local", workers=2) as run:
        assert list(run(square_or_die, range(9))) == [number * number for number in range(9)]
    assert marker.exists()


def opened(address: str) -> None:
    with cluster(address, workers=1):
        pass


def test_a_cluster_without_workers_is_named():
    there = LocalCluster(n_workers=0, processes=False, dashboard_address=None)
    with there, pytest.raises(InputError, match="has no workers; start some with `dask worker"):
        opened(there.scheduler_address)


def test_an_address_where_nobody_answers_is_named(monkeypatch):
    monkeypatch.setattr("imharmony.running.cluster.ANSWER_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"cluster 'tcp://127\.0\.0\.1:1': nobody answers .* or `local`"):
        opened("tcp://127.0.0.1:1")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'imharmony\[cluster\]'"):
        opened("local")
