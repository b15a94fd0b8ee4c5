"""A process and all that it started."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from imharmony.errors import InputError

EVERY_SECONDS = 0.2
ROOT = Path(__file__).resolve().parent.parent
HELPER = "multiprocessing.resource_tracker"  # of Python's, which does no job


class Watched(NamedTuple):
    """What a command printed last, and what it took with all that it started."""

    printed: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int  # the most that its processes held at one time: what several share is shared out among them
    processes: int  # the most at one time


def tree_of(pid: int) -> list[psutil.Process]:
    """The process and all below it; none where it has ended. Those that are given may end at any time (``psutil.Error``)."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def watched(command: list[str], home: Path = Path(), *, is_quiet: bool = False) -> Watched:
    """Runs a command, ``python -m MODULE ...``, to its end; an ``InputError`` where it ends otherwise than well.

    Modules are found where this process was begun. A quiet command's errors and bars are not shown.
    """
    begin, most, count, before = time.perf_counter(), 0, 0, os.times()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]), "TQDM_DISABLE": "1"}
    errors = subprocess.DEVNULL if is_quiet else None
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
    while process.poll() is None:
        held = list(_held(process.pid))
        most, count = max(most, sum(held)), max(count, len(held))
        time.sleep(EVERY_SECONDS)
    after = os.times()
    if process.returncode or process.stdout is None:
        raise InputError(f"{' '.join(command)} ended with {process.returncode}; expected 0; run it by itself to see what it says")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Watched(process.stdout.read().rstrip().rpartition("\n")[2], time.perf_counter() - begin, spent, most, count)


def _held(pid: int) -> Iterator[int]:
    """The proportional set of each process of a tree, in bytes."""
    for member in tree_of(pid):
        try:
            if not any(HELPER in part for part in member.cmdline()):
                yield member.memory_full_info().pss
        except psutil.Error:  # it has ended
            continue
