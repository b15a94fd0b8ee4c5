"""A wrong combination of the list of variants with others is one line that says what to set; what is made in vain is said."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import Params, load_params
from tests.pipeline.params.edits import SHORT, replaced

SEEING = (
    "    input: composites\n    backbone: none\n    generator: {name: idih",
    "    input: intrinsic\n    backbone: none\n    generator: {name: idih",
)
PREPROCESSED = (("preprocessed: []", "preprocessed: [people, objects]"), ("decomposers: []", "decomposers: [people]"))


@pytest.fixture
def load(tmp_path):
    def read(*changes: tuple[str, str]) -> Params:
        path = tmp_path / "params.yaml"
        path.write_text(replaced(SHORT, *changes))
        return load_params(path)

    return read


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            [("classifiers: [objects]", "classifiers: []")],
            r"classifiers is \[\], but the loss of \['codes'\] looks .*; set `classifiers: \[objects\]`, or take them out of `variants`$",
        ),
        (
            [SEEING],
            r"preprocessed is \[\] and decomposers \[\]; set `preprocessed: \[people, objects\]` and `decomposers: \[people\]`, "
            r"or both to \[\] and take \['idih'\] out of `variants`$",
        ),
        ([PREPROCESSED[0]], r"decomposers \[\]; set `preprocessed: \[people, objects\]` and `decomposers: \[people\]`, or both to \[\]$"),
        (
            [("preprocessed: []", "preprocessed: [objects]"), PREPROCESSED[1]],
            r"preprocessed is \['objects'\] and .*; set `preprocessed: \[",
        ),
        ([("{classifier: {relu3", "{vgg19: {relu3")], r"catalogue\.codes\.features\.layers has \['vgg19'\]; expected classifier, as prof"),
        ([("variants: [gan", "variants: [gone")], r"variants has \['gone'\]; expected some of \['codes', 'gan', 'idih'\], the sections of"),
        ([("variants: [gan", "variants: [gan, gan")], r"variants: 'gan' comes twice"),
        ([("variants: [gan", "variants: [../gan")], r"variants\.0: is '\.\./gan'; expected 1 to 64 letters"),
    ],
)
def test_a_wrong_combination_is_one_line_that_says_what_to_set(load, changes, message):
    with pytest.raises(InputError, match=message) as error:
        load(*changes)
    assert "\n" not in str(error.value)


def test_what_is_not_drawn_needs_nothing(load):
    without = [("variants: [gan, idih, codes]", "variants: [gan]"), ("classifiers: [objects]", "classifiers: []")]
    assert list(load(SEEING, *without).drawn) == ["gan"]


def test_training_photographs_are_preprocessed_where_something_of_the_catalogue_learns_from_them(load):
    seeing = load(SEEING, *PREPROCESSED)
    assert seeing.preprocessed_splits("people") == ["train", "val", "test"]
    assert seeing.preprocessed_splits("objects") == ["val", "test"]
    blind = load(*PREPROCESSED)
    assert blind.preprocessed_splits("people") == blind.preprocessed_splits("objects") == ["val", "test"]


def test_what_is_made_in_vain_is_said(load):
    assert load().prerequisites.idle() == []
    (line,) = load(("variants: [gan, idih, codes]", "variants: [gan]")).prerequisites.idle()
    assert line.startswith("classifiers is ['objects'], and no loss of `variants` looks through one: []")
    (line,) = load(*PREPROCESSED).prerequisites.idle()
    assert line.startswith("preprocessed pictures are scored, but none of `variants` is given them: []")


def test_a_variant_that_is_not_drawn_is_no_stage(load):
    with pytest.raises(InputError, match=r"variant is 'codes'; expected one of \['gan'\], as `variants` of params\.yaml lists them"):
        load(("variants: [gan, idih, codes]", "variants: [gan]")).variant("codes")
