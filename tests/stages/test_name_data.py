"""The stage writes a file for each name by which variants ask for a data set, and refuses a kind of pictures that there is not."""

import json
import shutil

import pytest

from imharmony.errors import InputError
from pipeline.steps.paths import Places
from stages import name_data
from tests.conftest import ROOT
from tests.workspace import shrink

PLACES = Places("sample")


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shrink(tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    for kind in ("composites", "intrinsic"):
        PLACES.given(kind, "people").mkdir(parents=True)
        (PLACES.given(kind, "people") / "manifest.parquet").write_text(kind)


@pytest.mark.parametrize("kind", ["composites", "intrinsic"])
def test_a_file_for_each_data_set_and_for_each_that_another_stands_in_for(kind):
    name_data.main(kind)
    found = {path.name: json.loads(path.read_text()) for path in PLACES.named(kind).iterdir()}
    assert {name: tree["dataset"] for name, tree in found.items()} == dict.fromkeys(("people", "hcoco", "hflickr"), "people")
    assert len({tree["data_hash"] for tree in found.values()}) == 1


def test_another_kind_of_pictures_is_refused():
    with pytest.raises(InputError, match=r"input is 'photographs'; expected one of \['composites', 'intrinsic'\]"):
        name_data.main("photographs")
