"""What tests of studies share: composites, the methods' pictures, and a study of each mode."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.datasets import made
from tests.opinion_study.small import PLAN, make, write_outputs


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    """Composites of 16 photographs, 4 of them in the split test."""
    return made(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def outputs(composites, tmp_path_factory) -> dict[str, Path]:
    """The methods' folders of pictures."""
    return write_outputs(tmp_path_factory.mktemp("outputs"), composites)


@pytest.fixture
def rating(composites, outputs, tmp_path) -> Path:
    """A new study of ratings."""
    return make(composites, outputs, tmp_path / "opinions")


@pytest.fixture
def pairs(composites, outputs, tmp_path) -> Path:
    """A new study of choices between two."""
    return make(composites, outputs, tmp_path / "preferences", replace(PLAN, mode="pairs"))
