"""What a variant may learn from: a data set, a list of them, a mapping of them to weights."""

import pytest

from imharmony.errors import InputError
from pipeline.__main__ import main
from pipeline.params.file import Params, load_params, parse_params
from pipeline.params.mixtures import label_of, names_in, stood_in, weights_in, words_of
from pipeline.steps.cells import cells_of
from tests.pipeline.params.edits import SHORT, replaced

STAND_INS = ("    training: {size_px: 64,", "    stand_ins: {portraits: people}\n    training: {size_px: 64,")


def read(dataset: str, *changes: tuple[str, str]) -> Params:
    return parse_params(replaced(SHORT, ("  gan:\n    dataset: people", f"  gan:\n    dataset: {dataset}"), *changes), "params.yaml")


def of_training(params: Params) -> dict:
    (found,) = (cell.values for cell in cells_of(params) if cell.address == "train@gan")
    return dict(found)


@pytest.mark.parametrize("one", ["[people]", "{people: 2}"])
def test_one_data_set_is_its_name_however_it_is_written(one):
    assert of_training(read(one)) == of_training(read("people"))


@pytest.mark.parametrize("both", ["[portraits, people]", "{portraits: 1, people: 3}"])
def test_data_sets_that_come_to_one_are_trained_on_as_one(both):
    assert of_training(read(both, STAND_INS))["trained_on"] == "people"


@pytest.mark.parametrize(
    ("one", "other"), [("[people, objects]", "[objects, people]"), ("{people: 2, objects: 1}", "{objects: 1.0, people: 2.0}")]
)
def test_the_order_does_not_matter(one, other):
    assert of_training(read(one)) == of_training(read(other))


def test_what_is_asked_for_counts_in_the_training_alone():
    forms = ("people", "[people, objects]", "{people: 1, objects: 1}", "{people: 2, objects: 1}")
    found = [of_training(read(form)) for form in forms]
    assert [each["trained_on"] for each in found] == [
        "people",
        ["objects", "people"],
        {"objects": 1.0, "people": 1.0},
        {"objects": 1.0, "people": 2.0},
    ]
    cells = [{cell.address: cell.values for cell in cells_of(read(form))} for form in forms]
    differing = {name for each in cells[1:] for name in each if each[name] != cells[0][name]}
    assert differing == {"train@gan", "name_data", "report"}


def test_names_weights_and_words():
    forms = [read(form).catalogue["gan"].dataset for form in ("people", "[people, objects]", "{people: 2, objects: 0.5}")]
    assert [names_in(form) for form in forms] == [["people"], ["objects", "people"], ["objects", "people"]]
    assert [weights_in(form) for form in forms] == [None, None, {"objects": 0.5, "people": 2.0}]
    assert [label_of(form) for form in forms] == ["people", "objects+people", "objects+people"]
    assert [words_of(form) for form in forms] == ["people", "objects + people", "objects (0.5) + people (2)"]


@pytest.mark.parametrize(
    ("mixture", "expected"),
    [
        ("things", "objects"),
        (["people", "things"], ["objects", "people"]),
        (["objects", "things"], "objects"),
        ({"people": 1.0, "things": 3.0}, {"objects": 3.0, "people": 1.0}),
        ({"objects": 1.0, "people": 5.0, "things": 3.0}, {"objects": 4.0, "people": 5.0}),
        ({"objects": 1.0, "things": 3.0}, "objects"),
    ],
)
def test_two_data_sets_with_one_stand_in_are_one_with_both_weights(mixture, expected):
    assert stood_in(mixture, {"things": "objects"}) == expected


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("[]", r"catalogue\.gan\.dataset: is '\[\]'; expected a data set, a list of them, or a mapping of them to weights"),
        ("{}", r"catalogue\.gan\.dataset: is '{}'; expected a data set"),
        ("null", r"catalogue\.gan\.dataset: is 'None'; expected a data set"),
        ("3", r"catalogue\.gan\.dataset: is '3'; expected a data set"),
        ("[people, [objects]]", r"catalogue\.gan\.dataset: a data set's name is of the type list"),
        ("[people, People]", r"catalogue\.gan\.dataset: 'people' comes twice, counting small and large letters as equal"),
        ("{people: 0, objects: 1}", r"the weight of people is '0'; expected a number above 0"),
        ("{people: -1, objects: 1}", r"the weight of people is '-1'; expected a number above 0"),
        ("{people: .inf, objects: 1}", r"the weight of people is 'inf'; expected a number above 0"),
        ("{people: .nan, objects: 1}", r"the weight of people is 'nan'; expected a number above 0"),
        ("{people: true, objects: 1}", r"the weight of people is 'True'; expected a number above 0"),
        ("{people: much, objects: 1}", r"the weight of people is 'much'; expected a number above 0"),
        ("{people: 0}", r"the weight of people is '0'; expected a number above 0"),
        ("[people, things]", r"catalogue\.gan\.dataset is 'things'; expected one of \['people', 'objects'\], as `datasets` lists them"),
        ("{people: 1, things: 1}", r"catalogue\.gan\.dataset is 'things'; expected one of"),
    ],
)
def test_what_cannot_be_learned_from_is_one_line(dataset, message):
    with pytest.raises(InputError, match=message) as raised:
        read(dataset)
    assert "\n" not in str(raised.value)


def test_the_command_says_it_and_ends_with_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(replaced(SHORT, ("  gan:\n    dataset: people", "  gan:\n    dataset: [people, people]")))
    monkeypatch.setattr("sys.argv", ["pipeline", "check"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_all_data_sets_of_a_mixture_need_a_part_for_training(tmp_path):
    (tmp_path / "params.yaml").write_text(
        replaced(
            SHORT,
            ("  gan:\n    dataset: people", "  gan:\n    dataset: [people, objects]"),
            ("      objects: {}\n", "      objects: {source: mine, split: {val: 0.0, test: 1.0}}\n"),
        )
    )
    with pytest.raises(InputError, match=r"catalogue\.gan\.dataset is 'objects', all of which is scored on"):
        load_params(tmp_path / "params.yaml")


def test_semi_harmonized_pictures_are_made_of_all_that_is_learned_from():
    lists = (("preprocessed: []", "preprocessed: [people, objects]"), ("decomposers: []", "decomposers: [people]"))
    seeing = (
        "input: composites\n    backbone: none\n    generator: {name: unet",
        "input: intrinsic\n    backbone: none\n    generator: {name: unet",
    )
    one, both = (read(form, *lists, seeing) for form in ("people", "[people, objects]"))
    assert [name for name in one.datasets if "train" in one.preprocessed_splits(name)] == ["people"]
    assert [name for name in both.datasets if "train" in both.preprocessed_splits(name)] == ["people", "objects"]


def test_a_variant_is_handed_mattes_of_every_data_set_that_it_learned_from():
    params = read("[people, objects]", ("mask_input: false", "mask_input: true"))
    assert [name for name in params.datasets if "gan" in params.harmonizing(name)] == ["people", "objects"]
