"""Jobs on a Dask cluster: the same results, and one clear line when there is none."""

import os
import signal
import sys

import dask.config
import httpx
import pytest
from distributed import LocalCluster

from imharmony.errors import InputError
from imharmony.running.cluster import cluster


def square(number: int) -> int:
    return number * number


def test_results_come_in_the_order_of_the_jobs_from_a_scheduler_by_address():
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0") as there:
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


def test_a_job_that_kills_every_worker_is_one_line():
    def die(_: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    once = dask.config.set({"distributed.scheduler.allowed-failures": 0})
    with once, pytest.raises(InputError, match=r"cluster 'local': .* workers died .* more memory"), cluster("local", workers=1) as run:
        list(run(die, [0]))


def test_the_dashboards_address_is_said_once_and_answers(caplog):
    with LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as there, caplog.at_level("INFO"):
        for _ in range(2):
            with cluster(there.scheduler_address, workers=1) as run:
                assert list(run(square, [3])) == [9]
        (said,) = [record.getMessage() for record in caplog.records if record.name == "imharmony.running.cluster"]
        answer = httpx.get(said.removeprefix("the cluster's dashboard: "), follow_redirects=True)
    assert answer.status_code == 200


def opened(address: str) -> None:
    with cluster(address, workers=1):
        pass


def test_a_cluster_without_workers_is_named():
    there = LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0")
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
