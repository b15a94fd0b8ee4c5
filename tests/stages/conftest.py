"""What tests of the report share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reports import reported


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory) -> Iterator[Path]:
    """A folder in which a small run was scored and reported; the current one meanwhile."""
    with reported(tmp_path_factory.mktemp("workspace")) as folder:
        yield folder


@pytest.fixture
def inside(report_folder, monkeypatch) -> Path:
    """The same, the current one in this test."""
    monkeypatch.chdir(report_folder)
    return report_folder
