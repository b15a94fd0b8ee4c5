"""Composites that scores of any origin are tried on."""

from pathlib import Path

import pytest

from imharmony.composing.packed_split import PackedSplit, pack_split
from tests.datasets import made

SIZE = 32  # pixels a side that are scored


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def packed(composites, tmp_path_factory) -> PackedSplit:
    return pack_split(composites, tmp_path_factory.mktemp("cache"), split="test", size_px=SIZE)
