"""A process and all that it started."""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from imharmony.errors import InputError

EVERY_SECONDS = 0.5
MEGABYTE = 1e6


def tree_of(pid: int) -> list[psutil.Process]:
    """The process and all below it; none where it has ended. Those that are given may end at any time (``psutil.Error``)."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def measured(command: list[str], home: Path) -> tuple[str, float, float, float]:
    """What a command, ``python -m MODULE ...``, prints last, its seconds, those of processors, and the most memory, in MB.

    Memory is that of the command and of all that it started, at one time.
    """
    begin, most, before = time.perf_counter(), 0.0, os.times()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]), "TQDM_DISABLE": "1"}
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True, env=environment)
    while process.poll() is None:
        most = max(most, _memory(each.pid for each in tree_of(process.pid)))
        time.sleep(EVERY_SECONDS)
    after = os.times()
    if process.returncode or process.stdout is None:
        raise InputError(f"{command[2]} ended with {process.returncode}; what it said is above")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return process.stdout.read().rstrip().rpartition("\n")[2], time.perf_counter() - begin, spent, most


def _memory(processes: Iterable[int]) -> float:
    """What processes hold together, in MB: all of their own pages, and the pages of files, which they share, of the one that has most."""
    own, shared = 0, 0
    for process in processes:
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:  # ended meanwhile
            continue
        held = {line.partition(":")[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Rss")}
        own += held.get("RssAnon", 0) + held.get("RssShmem", 0)
        shared = max(shared, held.get("RssFile", 0))
    return (own + shared) * 1024 / MEGABYTE
