"""Jobs of an engine that are noted as they are begun and done, and one of which kills the process that does it.

It is imported by the processes, which take seconds for what the stages need; so it imports little itself.
"""

import hashlib
import io
import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from imharmony.running.processes import Run


class Job(NamedTuple):
    """A job as it is noted, and whether the process that does it is killed."""

    name: str
    own: Any
    is_deadly: bool


@dataclass(frozen=True)
class Noting:
    """Does the jobs of a stage and notes when each is begun and done.

    A job that is begun and not done may have been finished all the same: its process was ended before it could say so. Of the one that
    is killed it is known that it was not.
    """

    log: Path
    function: Callable[[Any], Any]

    def __call__(self, job: Job) -> Any:
        self.note("begun", job)
        is_deadly = job.is_deadly and multiprocessing.parent_process() is not None
        if is_deadly:
            self.note("killed", job)
            sys.addaudithook(_die_at_a_rename)
        found = self.function(job.own)
        if is_deadly:
            _die()
        self.note("done", job)
        return found

    def note(self, what: str, job: Job) -> None:
        with self.log.open("a") as file:
            file.write(f"{what} {job.name}\n")


def _die_at_a_rename(event: str, _: tuple) -> None:
    """In the midst of a job: what it wrote is there, under another name."""
    if event == "os.rename":
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Content(pickle.Pickler):
    """Equal jobs give equal bytes: a tensor is what it holds, and not where it lies."""

    def reducer_override(self, thing: Any) -> Any:
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(thing, torch.Tensor):
            return NotImplemented
        return bytes, (thing.detach().cpu().contiguous().numpy().tobytes(),)


def _name_of(job: Any) -> str:
    content = io.BytesIO()
    _Content(content).dump(job)
    return hashlib.sha256(content.getvalue()).hexdigest()


class Log:
    """Which jobs of a stage were begun, killed and done."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch, *, deadly: int | None) -> None:
        self.path, calls, count = path, Run.__call__, iter(range(10**6))
        path.touch()

        def noted(run: Run, function: Callable[[Any], Any], jobs: Iterable[Any], *, most: int | None = None) -> Iterator[Any]:
            name = getattr(function, "func", function).__name__
            named = (Job(f"{name} {_name_of(job)}", job, next(count) == deadly) for job in jobs)
            return calls(run, Noting(path, function), named, most=most)

        patch.setattr(Run, "__call__", noted)

    def jobs(self, what: str) -> set[str]:
        return {line.removeprefix(f"{what} ") for line in self.path.read_text().splitlines() if line.startswith(what)}
