"""``python -m pipeline.follower FOLDER COMMAND``: tells a Prefect server of the stages of one plain ``dvc repro``.

``pipeline.steps.spool`` starts it. It reads along what the stages write into the folder and ends with the ``dvc`` that the folder is named
after. Nobody waits for it.
"""

import os
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dvc.exceptions import DvcException

from imharmony.errors import INTERRUPTED, InputError
from pipeline.dashboard.client import Dashboard, results, run_name
from pipeline.dashboard.server import trouble_at, unanswered
from pipeline.params.file import load_params
from pipeline.run.child_processes import LOGS, pieces_of
from pipeline.run.graph import Step, read_steps
from pipeline.run.scheduler import Outcome
from pipeline.steps.provenance import code_commit
from pipeline.steps.spool import ENDED, MIRROR, UNHEARD, started

LOOK_SECONDS = 0.3  # between two looks at what stages said


@dataclass
class Told:
    """A stage, what it says, and what of that is no whole line yet."""

    step: Step
    file: BinaryIO
    rest: bytes = b""
    code: int | None = None


@dataclass
class Follower:
    """Follows the files of one folder."""

    folder: Path
    steps: dict[str, Step]
    dashboard: Dashboard
    stages: dict[str, Told] = field(default_factory=dict)

    def look(self) -> None:
        """Tells what has come since the last look."""
        with suppress(FileNotFoundError):  # the folder goes with the workspace of an experiment
            for path in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns):
                if path.suffix not in (ENDED, ".part") and path.name not in self.stages:
                    step = self.steps.get(path.name) or Step(path.name, "cpu", 0, frozenset())
                    self.stages[path.name] = Told(step, path.open("rb"))
                    self.dashboard.step(step, None)
        for name, told in self.stages.items():
            if told.code is None:
                self._follow(told, self.folder / f"{name}{ENDED}")

    def _follow(self, told: Told, ended: Path) -> None:
        is_over = ended.exists()  # asked first: then all that the stage said is there
        pieces, told.rest = pieces_of(told.rest + told.file.read())
        for text, is_line in pieces:
            (self.dashboard.line if is_line else self.dashboard.progress)(told.step, text)
        if is_over:
            if text := told.rest.decode(errors="replace").strip():
                self.dashboard.line(told.step, text)
            told.code = int(ended.read_text(encoding="utf-8"))
            self.dashboard.step(told.step, Outcome("failed" if told.code else "ran"))

    def end(self) -> None:
        """DVC has ended: a stage of which nobody said how it ended was killed."""
        self.look()
        for told in self.stages.values():
            if told.code is None:
                self.dashboard.step(told.step, Outcome("failed"))
        codes = {told.code for told in self.stages.values()}
        state = "cancelled" if INTERRUPTED in codes else "completed" if codes <= {0} else "failed"
        has_report = any(told.step.name == "report" and told.code == 0 for told in self.stages.values())
        self.dashboard.end(state, artifacts=results() if has_report else [])


def main(folder: Path, command: str) -> None:
    """Follows one run to its end, or to that of the server."""
    url, root = os.environ["PREFECT_API_URL"], int(folder.name.partition("-")[0])
    _sweep()
    if why := trouble_at(url):
        (folder / UNHEARD).touch()
        sys.stderr.write(f"{unanswered(url, why)}\n")
        return
    _write_to_log()
    parameters = {"command": command, "profile": _profile(), "commit": code_commit()}
    name = os.environ.get("DVC_EXP_NAME") or run_name(parameters["profile"])
    steps = _steps()
    dashboard = Dashboard(url, name=name, parameters=parameters, say=lambda line: _lost(folder, line), steps=steps.values())
    follower = Follower(folder, steps, dashboard)
    while folder.name == f"{root}-{started(root)}" and not (folder / UNHEARD).exists():
        follower.look()
        time.sleep(LOOK_SECONDS)
    follower.end()
    if not (folder / UNHEARD).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _write_to_log() -> None:
    """Gives back the terminal, or the pipe, of the stage that started this: who reads it would wait for its end."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / "follower.log").open("ab") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())


def _sweep() -> None:
    """Removes the folders of runs that have ended and of which no server was told to the end."""
    for unheard in MIRROR.glob(f"*/{UNHEARD}"):
        folder = unheard.parent
        pid, _, ticks = folder.name.partition("-")
        if started(int(pid)) != ticks:
            shutil.rmtree(folder, ignore_errors=True)


def _lost(folder: Path, line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    with suppress(FileNotFoundError):
        (folder / UNHEARD).touch()


def _profile() -> str:
    try:
        return load_params().profile
    except InputError:
        return "unknown"


def _steps() -> dict[str, Step]:
    try:
        return read_steps()
    except (DvcException, InputError) as error:
        sys.stderr.write(f"the dashboard shows no order of stages: {' '.join(str(error).split())}\n")
        return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
