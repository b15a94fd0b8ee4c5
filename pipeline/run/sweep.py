"""``python -m pipeline sweep NAME``: the experiments of one preset of ``sweeps.yaml``, queued with DVC and run side by side."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field

from imharmony.errors import InputError
from pipeline.params.blind import NO_HARMONIZER
from pipeline.params.file import Params, load_params
from pipeline.params.section import EachOnce, Name, Section, Text
from pipeline.params.yaml_files import read_yaml
from pipeline.run.workspace import expect_workspace
from pipeline.steps.git import has_repository

SWEEPS_FILE = Path("sweeps.yaml")


class Sweep(Section):
    """What is tried and why; ``set`` as ``dvc exp run --set-param`` takes it."""

    about: Text
    variants: Annotated[list[Name], Field(min_length=1), EachOnce]  # that are trained, in place of those that params.yaml lists
    set: Annotated[list[Annotated[Text, Field(pattern=r"^[A-Za-z_+~][^=\s]*=\S+$")]], Field(min_length=1), EachOnce]


def load_sweeps(path: Path = SWEEPS_FILE) -> dict[Name, Sweep]:
    """Reads and checks the file."""
    return read_yaml(path, dict[Name, Sweep])


def sweep(name: str, *, jobs: int = 1, say: Callable[[str], None] = lambda _line: None) -> int:
    """Queues the experiments NAME-1, NAME-2, ... of a preset and starts ``jobs`` workers, which go on after this has ended.

    Each experiment runs in a copy of the workspace of its own, which links to DVC's cache; only what its parameters change runs.
    """
    sweeps = load_sweeps()
    if name not in sweeps:
        raise InputError(f"sweep is {name!r}; expected one of {sorted(sweeps)}, which {SWEEPS_FILE} describes")
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: expected 1 or more")
    expect_workspace(say=say)
    if not has_repository():
        raise InputError(
            f"{Path.cwd()}: no git repository; expected one, which experiments are kept in; git init && git add -A && git commit"
        )
    params = load_params()  # says what is wrong with it once, not in each experiment's log
    chosen = [f"variants=[{','.join(trained_in(sweeps[name], params))}]", *sweeps[name].set]
    settings = [argument for setting in chosen for argument in ("--set-param", setting)]
    queued = _dvc("exp", "run", "--queue", "--name", name, *settings)
    return queued or _dvc("queue", "start", "--jobs", str(jobs))


def trained_in(preset: Sweep, params: Params) -> list[str]:
    """The variants of a preset and, behind them, those that systems are made of, which are there since the last run."""
    systems = [*params.blind.values(), *params.joint.values(), *params.videos.values()]
    needed = (system.harmonizer for system in systems if system.harmonizer != NO_HARMONIZER)
    return list(dict.fromkeys([*preset.variants, *needed]))


def _dvc(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "dvc", *arguments]).returncode
