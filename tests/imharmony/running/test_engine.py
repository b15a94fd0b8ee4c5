"""One way to run jobs: where they run, what each process owns, and what is tried again."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from imharmony.errors import InputError
from imharmony.running.engine import engine


def gpu_beside_another(folder: Path, number: int) -> str:
    """The GPU of the process that does this job while another process does the other one."""
    (folder / f"{number}").touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_process_owns_another_gpu(tmp_path):
    with engine(None, workers=5, gpus=["3", "GPU-7"]) as run:
        assert run.workers == 2
        assert sorted(run(partial(gpu_beside_another, tmp_path), range(2))) == ["3", "GPU-7"]


@pytest.mark.parametrize(
    ("options", "workers"),
    [({}, 3), ({"worth": 0}, 1), ({"worth": 2}, 2), ({"worth": 9}, 3), ({"gpus": ["0"]}, 1), ({"gpus": ["0", "1"], "worth": 9}, 2)],
)
def test_little_work_and_few_gpus_take_few_processes(options, workers):
    with engine(None, workers=3, **options) as run:
        assert (run.workers, run.is_here) == (workers, workers == 1)


def test_work_that_is_not_worth_a_process_goes_to_no_cluster():
    with engine("tcp://127.0.0.1:1", workers=3, worth=0) as run:
        assert run.is_here


def test_jobs_are_taken_as_they_are_needed():
    taken = []
    with engine(None, workers=2) as run:
        next(run(str, (taken.append(number) or number for number in range(100)), most=3))
        assert taken == [0, 1, 2]
        next(run(str, (taken.append(number) or number for number in range(100))))
        assert taken[3:] == [0, 1, 2, 3]


def test_a_cluster_tries_again_what_its_machine_is_to_blame_for_and_not_what_the_input_is(tmp_path):
    def attempted(error: Exception) -> int:  # within the test: sent by value, for workers do not know this module
        marker = tmp_path / type(error).__name__
        with marker.open("a") as file:
            file.write("x")
        if marker.stat().st_size < 3:
            raise error
        return marker.stat().st_size

    with engine("local", workers=1) as run:
        assert list(run(attempted, [OSError("disk"), MemoryError("full")])) == [3, 3]
        with pytest.raises(InputError, match=r"^wrong$"):
            list(run(attempted, [InputError("wrong")]))
    assert (tmp_path / "InputError").read_text() == "x"
