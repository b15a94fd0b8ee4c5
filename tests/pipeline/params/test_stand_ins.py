"""Which data set a variant trains on, how long, and that what one data set tests on no other one learns from."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import Params, load_params
from tests.pipeline.params.edits import SHORT, replaced

STAND_INS = ("    training: {size_px: 64,", "    stand_ins: {things: objects}\n    training: {size_px: 64,")
TWICE = ("    stand_ins: {things: objects}\n", "    stand_ins: {things: others, others: objects}\n")
THINGS = ("dataset: people", "dataset: things")
PUBLISHED = (
    "      objects: {}\n",
    "      objects: {}\n      things: {source: published, split: {by: official}, synthesis: null}\n",
)
NO_EPOCHS = ("epochs: 1}", "epochs: null}")


@pytest.fixture
def load(tmp_path):
    """The short parameters with parts of their text replaced, read."""

    def read(*changes: tuple[str, str]) -> Params:
        path = tmp_path / "params.yaml"
        path.write_text(replaced(SHORT, *changes))
        return load_params(path)

    return read


def test_what_stands_in_is_trained_on(load):
    params = load(THINGS, STAND_INS)
    assert (params.trained_on("things"), params.trained_on("people")) == ("objects", "people")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([THINGS], r"catalogue\.gan\.dataset is 'things'; expected one of .*profiles\.small\.stand_ins: {things: NAME}, or describe it"),
        ([THINGS, STAND_INS, ("things: objects", "things: objcts")], r"stand_ins\.things is 'objcts'; expected a data set of that profile"),
        ([THINGS, ("dataset: people", "dataset: others"), STAND_INS, TWICE], r"stand_ins\.things is 'others', which has a stand-in itself"),
        ([STAND_INS], r"stand_ins has 'things', which no variant names and no profile describes; expected one of \['objects', 'people'\]"),
        ([STAND_INS, ("things: objects", "people: objects")], r"stand_ins has 'people', which `datasets` lists; .*remove one of the two"),
        (
            [THINGS, STAND_INS, ("datasets: [people, objects]", "datasets: [objects]"), ("things: objects", "things: people")],
            r"stand_ins\.things is 'people', which `datasets` does not list; expected one of \['objects'\]",
        ),
        (
            [THINGS, PUBLISHED],
            r"list things in `datasets` .* and published in `sources`, with iHarmony4's archives HCOCO unpacked into \.\.; or let others",
        ),
    ],
)
def test_a_data_set_that_is_not_there_or_cannot_stand_in_is_one_line(load, changes, message):
    with pytest.raises(InputError, match=message) as raised:
        load(*changes)
    assert "\n" not in str(raised.value)


def test_epochs_batches_and_changes_are_the_profiles_or_else_the_protocols(load):
    protocol = "    protocol: {data: theirs, epochs: 30, batch_size: 2, size_px: null, augment: [flip]}\n    dataset: people"
    paper = ("dataset: people", protocol.removeprefix("    "))
    params = load(paper)
    assert params.active.training.regime_of(params.catalogue["gan"]).model_dump() == {
        "epochs": 1,
        "batch_size": 8,
        "augment": ("crop", "flip"),
    }
    left = load(paper, NO_EPOCHS, ("batch_size: 8,", "batch_size: null,"), ("augment: [crop, flip]", "augment: null"), *others())
    assert left.active.training.regime_of(left.catalogue["gan"]).model_dump() == {"epochs": 30, "batch_size": 2, "augment": ("flip",)}


def others() -> list[tuple[str, str]]:
    """A protocol for each of the other variants."""
    protocol = "    protocol: {data: theirs, epochs: 1, batch_size: 1, size_px: 64, augment: []}\n"
    return [(f"  {name}:\n", f"  {name}:\n{protocol}") for name in ("idih", "codes")]


def test_a_variant_without_a_protocol_needs_a_profile_that_says_everything(load):
    with pytest.raises(InputError, match=r"catalogue\.gan: no `protocol`, and epochs, batch_size or augment of the profile's"):
        load(NO_EPOCHS)


def test_epochs_beyond_the_most_that_a_training_has_are_one_line(load):
    with pytest.raises(
        InputError, match=r"catalogue\.idih: 90,000 epochs .* epochs_factor 5 are 450,000; expected at most 100,000"
    ) as raised:
        load(("epochs: 1}", "epochs: 90000}"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("wrong", ["[mirror]", "[crop, crop]", "true"])
def test_changes_are_those_that_there_are_each_once(load, wrong):
    with pytest.raises(InputError, match=r"defaults\.training\.augment"):
        load(("augment: [crop, flip]", f"augment: {wrong}"))


@pytest.mark.parametrize(
    ("rule", "is_fine"),
    [
        ("{}", True),
        ("{val: 0.2}", False),  # methods are chosen on it
        ("{test: 0.25}", False),
        ("{by: official}", False),
    ],
)
def test_data_sets_of_one_source_are_judged_by_the_same_photographs(load, rule, is_fine):
    change = ("      objects: {}\n", f"      objects: {{split: {rule}}}\n")
    if is_fine:
        assert load(change).datasets == ["people", "objects"]
        return
    with pytest.raises(InputError, match=r"profiles\.small\.datasets: people and objects split the photographs of photographs in two ways"):
        load(change)


def test_data_sets_of_two_sources_may_split_otherwise(load):
    change = ("      objects: {}\n", "      objects: {source: mine, split: {test: 0.3}}\n")
    assert load(change).active.datasets["objects"].split.test == 0.3


@pytest.mark.parametrize("profile", ["sample", "coco"])
def test_every_variant_of_the_project_has_a_protocol_and_data_in_the_profiles_that_need_no_archive(root, tmp_path, profile):
    path = tmp_path / "params.yaml"
    path.write_text(replaced((root / "params.yaml").read_text(), ("profile: sample", f"profile: {profile}")))
    params = load_params(path)
    assert [name for name, variant in params.catalogue.items() if variant.protocol is None] == []
    assert {params.trained_on(variant.dataset) for variant in params.catalogue.values()} <= set(params.datasets)


def test_full_asks_for_the_published_sets_or_what_stands_in_for_them(root, tmp_path):
    path, text = tmp_path / "params.yaml", replaced((root / "params.yaml").read_text(), ("profile: sample", "profile: full"))
    path.write_text(text)
    with pytest.raises(InputError, match=r"iHarmony4's archives HFlickr, HCOCO unpacked into \.\./iHarmony4; or let others stand in"):
        load_params(path)
    path.write_text(replaced(text, ("    stand_ins: {} # {hcoco", "    stand_ins: {hcoco: objects, hflickr: objects} # {hcoco")))
    params = load_params(path)
    for variant in params.catalogue.values():
        regime = params.active.training.regime_of(variant)
        assert regime.model_dump() == variant.protocol.model_dump(include=set(type(regime).model_fields))
