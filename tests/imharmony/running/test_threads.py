"""Threads that nobody has to wait for."""

import threading
import time

import pytest

from imharmony.running.threads import in_threads


def test_every_job_comes_back_with_its_result():
    assert dict(in_threads(lambda n: n * n, range(50), threads=7)) == {n: n * n for n in range(50)}


def test_no_job_is_no_result():
    assert list(in_threads(str, [], threads=3)) == []


def test_jobs_run_side_by_side():
    barrier = threading.Barrier(4, timeout=5)
    assert len(list(in_threads(lambda _: barrier.wait(), range(4), threads=4))) == 4


def test_an_error_is_raised_at_once_and_begins_no_further_job():
    begun, release = [], threading.Event()

    def job(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("first")
        release.wait(5)

    start = time.monotonic()
    with pytest.raises(ValueError, match="first"):
        list(in_threads(job, range(100), threads=2))
    release.set()
    assert time.monotonic() - start < 2
    assert len(begun) < 5


def test_leaving_early_waits_for_no_one():
    release = threading.Event()
    results = in_threads(lambda number: number if number == 0 else release.wait(5), range(3), threads=3)
    start = time.monotonic()
    assert next(results) == (0, 0)
    results.close()
    assert time.monotonic() - start < 2
    release.set()
