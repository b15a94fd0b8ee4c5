"""Workspaces that several test files disturb."""

import shutil
from pathlib import Path

import pytest

from tests.pipeline.run.small_graph import make_workspace


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Path:
    """A workspace in which everything is up to date."""
    return make_workspace(tmp_path_factory.mktemp("made"))


@pytest.fixture
def workspace(made, tmp_path) -> Path:
    """A copy of it, to be disturbed."""
    return Path(shutil.copytree(made, tmp_path / "workspace", symlinks=True))
