"""Jobs in processes: all results, and an end when the caller stops."""

import multiprocessing
import subprocess
import sys
import time

import cv2
import pytest

from imharmony.running.processes import processes


def square(number: int) -> int:
    return number * number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def interrupt_after_the_first(results) -> None:
    next(results)
    raise KeyboardInterrupt


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_has_its_result(workers):
    with processes(workers) as run:
        assert sorted(run(square, range(9))) == [number * number for number in range(9)]


def test_an_error_of_a_job_reaches_the_caller_and_ends_the_processes():
    with pytest.raises(ValueError, match="three"), processes(2) as run:
        list(run(fail_at_three, range(9)))
    assert multiprocessing.active_children() == []


def test_an_interrupt_ends_the_processes_where_they_are():
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), processes(2) as run:
        interrupt_after_the_first(run(time.sleep, [0, 100, 100]))
    assert multiprocessing.active_children() == []
    assert time.monotonic() - started < 50


def test_one_worker_runs_here_and_gives_opencv_its_threads_back():
    before = cv2.getNumThreads()
    with processes(1) as run:
        assert list(run(lambda _: cv2.getNumThreads(), [0])) == [1]
    assert cv2.getNumThreads() == before


@pytest.mark.parametrize(("function", "is_loaded"), [("operator.neg", False), ("own", True)])
def test_processes_load_the_program_only_for_a_function_of_its_own(tmp_path, function, is_loaded):
    program = tmp_path / "program.py"
    program.write_text(
        "import operator, sys\n"
        "from imharmony.running.processes import processes\n"
        "def own(number): return -number\n"
        "if __name__ == '__main__':\n"
        f"    with processes(2) as run: assert list(run({function}, [1, 2])) == [-1, -2]\n"
        "else:\n"
        "    print('loaded again', file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert ("loaded again" in ended.stderr) == is_loaded
