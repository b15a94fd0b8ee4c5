"""Drawing other variants rewrites the lists that say so and leaves every other byte of the file."""

import pytest

from imharmony.errors import InputError
from pipeline import __main__ as command
from pipeline.params.drawing import draw
from pipeline.params.file import load_params
from tests.pipeline.params.edits import SHORT, replaced, with_systems


@pytest.fixture
def own(tmp_path, root):
    """A copy of the project's own file."""
    path = tmp_path / "params.yaml"
    path.write_text((root / "params.yaml").read_text())
    return path


def test_the_projects_list_is_its_default_one_variant_a_report_and_the_learner_with_its_control(root):
    params = load_params(root / "params.yaml")
    assert params.variants == params.defaults.variants
    ours = ["idih", "regions", "regions_foreground_only"]
    assert params.variants == ["unet", "fcn_mask_10", "style_hsv", "dih_luminance", "unet_attention_hmh", *ours]


def test_all_is_the_whole_catalogue_with_what_it_needs_and_default_is_the_file_as_it_was(own):
    before = own.read_text()
    params = draw(["all"], own)
    assert params.variants == list(params.catalogue)
    assert params.classifiers == ["objects"]  # stands in for hflickr, from which the variants that look through it learn
    changed = own.read_text()
    assert max(map(len, changed.splitlines())) <= 140
    kept = [line for line in before.splitlines() if not line.startswith(("variants:", "classifiers:"))]
    assert [line for line in kept if line not in changed.splitlines()] == []
    draw(["default"], own)
    assert own.read_text() == before


def test_names_and_patterns_come_in_the_order_that_they_were_asked_for_in_each_once(own):
    assert draw(["regions", "fcn_content*", "regions", "fcn_content"], own).variants == [
        "regions",
        "fcn_content_code",
        "fcn_content_text",
        "fcn_content",
        "dih_luminance",  # of a system under `blind`, as `regions` is
        "unet",  # of a video, as `regions` is
        "unet_attention_hmh",  # of systems under `joint`
    ]


def test_the_harmonizers_of_blind_systems_are_drawn_behind_what_was_asked_for(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text := with_systems("idih"))
    assert draw(["codes"], path).variants == ["codes", "idih"]
    assert path.read_text() == replaced(text, ("[gan, idih, codes]", "[codes, idih]"))
    assert draw(["idih", "gan"], path).variants == ["idih", "gan"]


def test_a_harmonizer_of_a_blind_system_has_what_it_needs(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(with_systems("codes", ("variants: [gan, idih, codes]", "variants: []"), ("classifiers: [objects]", "classifiers: []")))
    params = draw(["gan"], path)
    assert (params.variants, params.classifiers) == (["gan", "codes"], ["objects"])


def test_a_harmonizer_that_the_catalogue_lacks_is_named_with_its_system_and_the_file_stays(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text := with_systems("gone"))
    with pytest.raises(
        InputError, match=r"blind\.one\.harmonizer is 'gone'; expected one of `variants`: \['gan'\]; draw it, or take blind\.one"
    ):
        draw(["gan"], path)
    assert path.read_text() == text


def test_the_command_says_which_variants_blind_systems_need(tmp_path, monkeypatch, capsys):
    (tmp_path / "params.yaml").write_text(with_systems("idih"))
    monkeypatch.chdir(tmp_path)
    command.draw(["gan"])
    assert capsys.readouterr().out.splitlines() == [
        "params.yaml: 2 of 3 variants: gan, idih",
        "classifiers: none",
        "preprocessed: none",
        "decomposers: none",
        "blind: one, alone, which need idih above",
        "joint: none",
        "videos: none",
    ]


def test_comments_and_lists_of_lines_are_no_obstacle(tmp_path):
    path = tmp_path / "params.yaml"
    lines = "variants: # these\n- gan\n# not this one\n- idih\n\n# The catalogue.\n"
    path.write_text(
        replaced(SHORT, ("variants: [gan, idih, codes]\n", lines), ("classifiers: [objects]", "classifiers: [ objects ] # one"))
    )
    draw(["idih"], path)
    assert path.read_text() == replaced(
        SHORT,
        ("variants: [gan, idih, codes]\n", "variants: [idih]\n\n# The catalogue.\n"),
        ("classifiers: [objects]", "classifiers: [] # one"),
    )


def test_a_list_that_cannot_be_run_is_mended(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(replaced(SHORT, ("variants: [gan, idih, codes]", "variants: [gan, gone]")))
    assert draw(["codes"], path).classifiers == ["objects"]


def test_what_is_given_semi_harmonized_pictures_has_them_made(tmp_path):
    path = tmp_path / "params.yaml"
    sees = (
        "    input: composites\n    backbone: none\n    generator: {name: idih",
        "    input: intrinsic\n    backbone: none\n    generator: {name: idih",
    )
    path.write_text(replaced(SHORT, sees, ("variants: [gan, idih, codes]", "variants: []")))
    params = draw(["idih"], path)
    assert (params.preprocessed, params.decomposers) == (["people", "objects"], ["people"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["idih", "unett"], r"^variant is 'unett'; expected all, default or some of \['affine', .*the sections of `catalogue`"),
        (["x_*"], r"^variant is 'x_\*'; expected all, default or"),
        (["DEFAULT"], r"^variant is 'DEFAULT'; expected all"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused_and_the_file_stays(own, names, message):
    before = own.read_text()
    with pytest.raises(InputError, match=message) as error:
        draw(names, own)
    assert "\n" not in str(error.value)
    assert own.read_text() == before


def test_a_default_that_the_catalogue_lacks_is_refused(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(replaced(SHORT, ("defaults:\n", "defaults:\n  variants: [idih, gone]\n")))
    with pytest.raises(InputError, match=r"variant is 'gone'; expected all, default or some of \['codes', 'gan', 'idih'\]"):
        draw(["default"], path)


def test_variants_whose_data_a_profile_lacks_are_refused_and_the_file_stays(own):
    own.write_text(before := replaced(own.read_text(), ("profile: sample", "profile: full"), ("variants: [unet, ", "variants: [")))
    with pytest.raises(InputError, match=r"params\.yaml: .*catalogue\.dovenet\.dataset is 'hcoco'"):
        draw(["dovenet"], own)
    assert own.read_text() == before
