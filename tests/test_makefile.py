"""The Makefile, in a folder whose name has blanks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path) -> Path:
    """The Makefile over an environment of which nothing is installed but a command that stands for Prefect's."""
    folder = tmp_path / "with some blanks"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / ".ready").touch()
    prefect = folder / ".venv" / "bin" / "prefect"
    prefect.write_text('#!/bin/sh\necho "$PREFECT_HOME: $*"\n')
    prefect.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str) -> list[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # the tests may run below a make
    done = subprocess.run(["make", "--no-print-directory", *arguments], cwd=folder, env=own, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_dashboards_database_lies_in_the_projects_folder(project):
    assert make(project, "dashboard")[-1] == f"{project}/.work/prefect: server start"
    assert (project / ".work" / "prefect").is_dir()


def test_no_command_has_the_folder_without_quotes(project):
    goals = ("env", "repro", "sweep", "dashboard", "test", "check", "docs", "format", "lock", "clean")
    for line in make(project, "--dry-run", "--always-make", *goals):
        assert str(project) not in line.replace(f'"{project}', "")
