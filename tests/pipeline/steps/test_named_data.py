"""A training's dependency: the file of the name that its variant says, which changes when what it reads there does."""

import json

import pytest

from imharmony.errors import InputError
from pipeline.steps.named_data import write_names
from pipeline.steps.paths import Places
from pipeline.steps.preprocessed import PREPROCESSING

PLACES = Places("p")
NAMED = {"objects": "objects", "people": "people", "hcoco": "objects"}


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for dataset in ("objects", "people"):
        make(dataset, "1")


def make(dataset, text, given="composites"):
    folder = PLACES.given(given, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.parquet").write_text(text)


def names(given="composites"):
    return {path.name: path.read_text() for path in PLACES.named(given).iterdir()}


def test_a_name_says_which_data_set_it_is_and_changes_with_that_one_alone():
    write_names(PLACES, "composites", NAMED)
    before = names()
    assert {name: json.loads(text)["dataset"] for name, text in before.items()} == NAMED
    make("objects", "2")
    write_names(PLACES, "composites", NAMED)
    assert {name for name, text in names().items() if text != before[name]} == {"objects", "hcoco"}


def test_another_stand_in_changes_the_name_that_it_stands_in_for_even_where_the_pictures_are_equal():
    write_names(PLACES, "composites", NAMED)
    before = names()
    write_names(PLACES, "composites", NAMED | {"hcoco": "people"})
    assert {name for name, text in names().items() if text != before[name]} == {"hcoco"}


def test_how_pictures_were_semi_harmonized_counts():
    make("objects", "1", "intrinsic")
    found = []
    for strength in ("0.5", "0.6"):
        (PLACES.intrinsic("objects") / PREPROCESSING).write_text(strength)
        write_names(PLACES, "intrinsic", {"objects": "objects"})
        found.append(names("intrinsic")["objects"])
    assert len(set(found)) == 2


def test_without_pictures_of_a_kind_there_is_a_file_of_no_name():
    write_names(PLACES, "intrinsic", {})
    assert names("intrinsic") == {"none": ""}


def test_pictures_that_are_not_there_are_said():
    with pytest.raises(InputError, match="no such table; run the stage that writes it"):
        write_names(PLACES, "composites", {"things": "things"})
