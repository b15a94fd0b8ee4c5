"""Jobs in processes: all results, and an end when the caller stops."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import psutil
import pytest

from imharmony.running.processes import EndedProcessError, processes

SECONDS = 30  # at most, for what takes far less


def square(number: int) -> int:
    return number * number


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def kill_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def tell_and_sleep(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(SECONDS)


def sleep_in_processes(folder: Path) -> None:
    with processes(2) as run:
        list(run(tell_and_sleep, [folder] * 2))


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


def test_a_process_that_is_killed_ends_all_with_one_line():
    with (
        pytest.raises(EndedProcessError, match=r"^one of 2 processes was ended from outside.*; start again, with fewer"),
        processes(2) as run,
    ):
        list(run(kill_at_three, range(9)))
    assert multiprocessing.active_children() == []


def test_processes_end_with_the_one_that_started_them(tmp_path):
    code = f"from pathlib import Path; from {__name__} import *; sleep_in_processes(Path({str(tmp_path)!r}))"
    parent = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + SECONDS
    while len(told := list(tmp_path.iterdir())) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    workers = [psutil.Process(int(path.name)) for path in told]
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=SECONDS / 3)
    assert (len(workers), alive) == (2, [])


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
