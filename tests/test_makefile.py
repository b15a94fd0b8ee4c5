"""The Makefile, in folders whose names a shell would take apart."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

NAMES = ["with some blanks", "it's", 'a "quoted" one', "$HOME and $(id)", "ünïcödé 写真", "a;b & c", "a#b", "-n", "back`tick"]
GOALS = ("env", "repro", "sweep", "dashboard", "test", "smoke", "check", "docs", "format", "lock", "clean")
PROGRAMS = ("prefect", "python", "ruff", "basedpyright", "lint-imports", "mkdocs", "uv")


@pytest.fixture(params=NAMES)
def project(request, tmp_path) -> Path:
    """The Makefile over an environment of which nothing is installed but commands that say how they are called."""
    folder = tmp_path / request.param
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / ".ready").touch()
    for name in PROGRAMS:
        program = folder / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} in $(pwd): $PREFECT_HOME: $*"\n')
        program.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str) -> list[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # the tests may run below a make
    done = subprocess.run(["make", "--no-print-directory", *arguments], cwd=folder, env=own, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_dashboards_database_lies_in_the_projects_folder(project):
    assert make(project, "dashboard")[-1] == f"prefect in {project}: {project}/.work/prefect: server start"
    assert (project / ".work" / "prefect").is_dir()


@pytest.mark.parametrize("goal", GOALS)
def test_every_goal_calls_the_environments_own_programs(goal, project):
    lines = make(project, goal, *(["NAME=a b"] if goal == "sweep" else []))
    called = [line for line in lines if " in /" in line]
    assert all(line.partition(" in ")[2].startswith(f"{project}: ") for line in called)
    assert bool(called) == (goal not in ("env", "clean"))


def test_no_command_has_the_folder_in_its_text(project):
    for line in make(project, "--dry-run", "--always-make", *GOALS):
        assert str(project) not in line


def test_clean_says_what_it_keeps_and_how_to_drop_it(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    kept = [tmp_path / ".work" / "a", tmp_path / ".dvc" / "cache" / "b"]
    for path in (*kept, tmp_path / "data" / "c"):
        path.parent.mkdir(parents=True)
        path.touch()
    said = "\n".join(make(tmp_path, "clean"))
    assert all(path.exists() for path in kept)
    assert not (tmp_path / "data").exists()
    for word in ("DVC's cache", "dvc gc", ".work", "python -m pipeline work", "--prune"):
        assert word in said
