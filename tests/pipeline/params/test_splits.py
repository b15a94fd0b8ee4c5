"""Data sets to learn from or to be scored on alone."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.steps.cells import cells_of
from tests.pipeline.params.edits import SHORT, replaced

FREE = {"Attribution License", "Attribution-ShareAlike License", "No known copyright restrictions", "United States Government Work"}
UNSEEN = ("      objects: {}\n", "      objects: {source: more, split: {val: 0.0, test: 1.0}}\n")
SOURCE = ("      mirrored:", "      more: {kind: studio, scenes: 8, width_px: 96, height_px: 72, seed: 1}\n      mirrored:")
LISTED = ("sources: [photographs]", "sources: [photographs, more]")
ON_PEOPLE = ("dataset: objects\n", "dataset: people\n")


@pytest.fixture
def load(tmp_path):
    def load(*changes: tuple[str, str]):
        (tmp_path / "params.yaml").write_text(replaced(SHORT, *changes))
        return load_params(tmp_path / "params.yaml")

    return load


def test_only_data_sets_with_test_photographs_are_scored(load):
    assert load().scored == ["people", "objects"]
    assert load(UNSEEN, SOURCE, LISTED, ON_PEOPLE, ("people: {}", "people: {split: {test: 0.0}}")).scored == ["objects"]


def test_nothing_learns_from_what_is_scored_alone(load):
    with pytest.raises(InputError, match=r"catalogue\.codes\.dataset is 'objects', all of which is scored on"):
        load(UNSEEN, SOURCE, LISTED)


def test_something_has_to_be_scored(load):
    with pytest.raises(InputError, match=r"datasets has \['people', 'objects'\], none with test photographs"):
        load(("split: {by: hash, val: 0.1, test: 0.2}", "split: {by: hash, val: 0.1, test: 0.0}"))


def test_a_change_of_the_list_of_images_is_another_source(load, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = [("sources: [photographs]", "sources: [mirrored, photographs]"), ("splits: [val2017]", "splits: [val2017], images: some.csv")]

    def told(text: str):
        (tmp_path / "some.csv").write_text(text)
        return next(dict(cell.values) for cell in cells_of(load(*changes)) if cell.address == "download_annotations@mirrored")

    assert told("image_id\n1\n") == told("image_id\n1\n") != told("image_id\n2\n")


def test_the_starter_learns_from_free_photographs_and_is_scored_on_others(root):
    params = load_params(root / "starter" / "params.yaml")
    learned_from = {variant.dataset for variant in params.drawn.values()}
    licences = {name: set(params.active.datasets[name].selection.licences or ()) for name in params.datasets}
    assert learned_from & set(params.scored) == set()
    assert all(licences[name] and licences[name] <= FREE for name in learned_from)
    assert all(licences[name] and not licences[name] & FREE for name in params.scored)
