"""The whole walk, photographs in and report out, made once a session."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.built_once import built_once
from tests.workspace import copy_project, dvc, environment

ALWAYS = {"fingerprint"}  # says what each cell depends on, every time


def walked(session_folder: Path) -> Path:
    """A copy of the project in which everything was run and committed, to be read only."""
    return built_once(session_folder / "walk", _walk)


def own_walk(session_folder: Path, folder: Path) -> Path:
    """A copy of it, to be disturbed."""
    return Path(shutil.copytree(walked(session_folder), folder / "walk", symlinks=True))


def ran(output: str) -> set[str]:
    """The stages that DVC said it ran."""
    return set(re.findall(r"Running stage '([^']+)'", output))


def _walk(folder: Path) -> None:
    copy_project(folder)
    dvc(folder, "repro")
    for command in (["add", "-A"], ["commit", "-q", "-m", "ran"]):
        subprocess.run(["git", *command], cwd=folder, env=environment(folder / ".home"), check=True)
