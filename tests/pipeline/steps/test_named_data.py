"""What a training and an evaluation depend on: a file that changes when what the variant reads does, and not else."""

import json

import pytest

from imharmony.errors import InputError
from pipeline.params.file import Params, parse_params
from pipeline.steps.named_data import write_names
from pipeline.steps.paths import Places
from pipeline.steps.preprocessed import PREPROCESSING
from tests.pipeline.params.edits import SHORT, replaced

PLACES = Places("small")
SEEING = (
    "    input: composites\n    backbone: none\n    generator: {name: idih",
    "    input: intrinsic\n    backbone: none\n    generator: {name: idih",
)
PREPROCESSED = (("preprocessed: []", "preprocessed: [people, objects]"), ("decomposers: []", "decomposers: [people]"))


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    """Of `gan` and `idih`, which learn from people, and `codes`, which learns from objects and looks through a classifier."""
    monkeypatch.chdir(tmp_path)
    for dataset in ("objects", "people"):
        for kind in ("composites", "intrinsic"):
            make(dataset, "1", kind)
    PLACES.backbone("profile").mkdir(parents=True)
    (PLACES.backbone("profile") / "model.safetensors").write_text("1")


def make(dataset, text, kind="composites"):
    folder = PLACES.given(kind, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.parquet").write_text(text)


def read(*changes: tuple[str, str]) -> Params:
    return parse_params(replaced(SHORT, *changes), "params.yaml")


def names(*changes: tuple[str, str]) -> dict[str, str]:
    write_names(read(*changes), PLACES)
    return {path.relative_to(PLACES.named()).as_posix(): path.read_text() for path in PLACES.named().glob("*/*")}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def of_all(stage: str) -> set[str]:
    return {f"{variant}/{stage}" for variant in ("gan", "idih", "codes")}


def test_another_data_set_changes_the_trainings_that_read_it_and_all_evaluations():
    before = names()
    make("objects", "2")
    assert differing(before, names()) == {"codes/train"} | of_all("evaluate")


@pytest.mark.parametrize("form", ["[people, objects]", "{people: 2, objects: 1}"])
@pytest.mark.parametrize("changed", ["people", "objects"])
def test_each_data_set_of_several_changes_the_training_that_reads_them(form, changed):
    several = ("  gan:\n    dataset: people", f"  gan:\n    dataset: {form}")
    before = names(several)
    make(changed, "2")
    assert differing(before, names(several)) == {"gan/train", "idih/train" if changed == "people" else "codes/train"} | of_all("evaluate")


def test_of_several_data_sets_another_list_or_weight_changes_the_training_and_one_alone_is_as_ever():
    forms = ("people", "[people]", "[people, objects]", "{people: 1, objects: 1}", "{people: 2, objects: 1}")
    found = [names(("  gan:\n    dataset: people", f"  gan:\n    dataset: {form}")) for form in forms]
    assert found[0] == found[1]
    assert [differing(found[0], each) for each in found[2:]] == [{"gan/train"}] * 3
    assert len({each["gan/train"] for each in found}) == 4


def test_of_several_data_sets_none_is_read_where_one_is_not_there():
    found = names(
        ("variants: [gan, idih, codes]", "variants: [gan, codes]"),
        ("  idih:\n    dataset: people", "  idih:\n    dataset: [people, things]"),
    )
    assert json.loads(found["idih/train"]) == {"dataset": None, "pictures": None, "backbone": None}


def test_another_classifier_changes_the_trainings_that_look_through_it():
    before = names()
    (PLACES.backbone("profile") / "model.safetensors").write_text("2")
    assert differing(before, names()) == {"codes/train"}


def test_another_list_of_variants_changes_nothing():
    before = names()
    assert differing(before, names(("variants: [gan, idih, codes]", "variants: [codes]"))) == set()


def test_another_stand_in_changes_the_training_that_it_stands_in_for_even_where_the_pictures_are_equal():
    other = ("  idih:\n    dataset: people", "  idih:\n    dataset: things")
    stand_ins = [("profiles:\n  small:\n", f"profiles:\n  small:\n    stand_ins: {{things: {name}}}\n") for name in ("people", "objects")]
    assert differing(*(names(other, each) for each in stand_ins)) == {"idih/train"}


def test_semi_harmonized_pictures_change_what_is_given_them():
    before = names(SEEING, *PREPROCESSED)
    make("people", "2", "intrinsic")
    assert differing(before, names(SEEING, *PREPROCESSED)) == {"idih/train", "idih/evaluate"}


def test_how_pictures_were_semi_harmonized_counts():
    found = []
    for strength in ("0.5", "0.6"):
        (PLACES.intrinsic("objects") / PREPROCESSING).write_text(strength)
        found.append(names(SEEING, *PREPROCESSED))
    assert differing(*found) == {"idih/evaluate"}  # it learned from people


def test_of_a_variant_that_is_not_drawn_nothing_need_be_there():
    not_drawn = ("variants: [gan, idih, codes]", "variants: [gan]")
    found = names(not_drawn, SEEING, ("classifiers: [objects]", "classifiers: []"))
    assert json.loads(found["idih/train"]) == {"dataset": None, "pictures": None, "backbone": None}
    assert json.loads(found["idih/evaluate"]) == {}
    assert json.loads(found["codes/train"])["backbone"] is None


def test_pictures_that_are_not_there_are_said():
    (PLACES.composites("people") / "manifest.parquet").unlink()
    with pytest.raises(InputError, match="no such table; run the stage that writes it"):
        names()
