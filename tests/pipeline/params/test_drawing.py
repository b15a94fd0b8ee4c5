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
    ours = ["regions", "regions_foreground_only"]
    assert params.variants == ["unet", "fcn_mask_10", "style_hsv", "dih_luminance", "unet_attention_hmh", *ours]
    for kind, names in params.defaults.systems:
        taught = getattr(params, kind)
        assert list(taught) == names
        assert taught == {name: getattr(params.systems, kind)[name] for name in names}


def test_all_is_the_whole_catalogue_with_what_it_needs_and_default_is_the_file_as_it_was(own):
    before = own.read_text()
    params = draw(["all"], own)
    assert params.variants == list(params.catalogue)
    assert params.classifiers == ["objects"]  # stands in for hflickr, from which the variants that look through it learn
    assert all(getattr(params, kind) == described for kind, described in params.systems)
    changed = own.read_text()
    assert max(map(len, changed.splitlines())) <= 140
    rewritten = ("variants:", "classifiers:", "blind:", "videos:", "matting:", "joint:")
    kept = [line for line in before.splitlines() if not line.startswith(rewritten)]
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
        "unet_attention_hmh",  # of a system under `joint`
    ]


def test_systems_are_drawn_by_their_kinds_and_stay_where_only_variants_are_asked_for(own):
    before = load_params(own)
    params = draw(["default", "joint.separate", "blind.[cs]*", "videos.unet_*"], own)
    assert list(params.joint) == ["together", "separate"]
    assert list(params.blind) == ["two_step", "two_step_regions", "corrupted", "single"]
    assert list(params.videos) == ["regions_video", "regions_frames", "unet_video", "unet_frames"]
    assert params.matting == before.matting
    assert draw(["unet"], own).joint == params.joint
    assert list(draw(["matting.dim"], own).matting) == ["dim"]
    text = own.read_text()
    assert "\nblind: {}\n" in text
    assert "\nmatting: {dim: *matting_dim}\n" in text
    assert draw(["unet"], own).variants == ["unet"]  # no system needs another


def test_a_system_without_what_it_is_made_of_is_refused_and_the_file_stays(own):
    before = own.read_text()
    with pytest.raises(InputError, match=r"joint\.together\.matting is 'indexnet'; expected one of \[\]"):
        draw(["joint.together"], own)
    assert own.read_text() == before


SYSTEM = with_systems("idih").partition("  alone: ")[2].partition("\n\n# What follows.")[0]
LINES = """\
blind: # these
  alone: *alone

  # and no other
  other:
    <<: *alone
"""


def with_taught(taught: str, described: str = f"&alone {SYSTEM}") -> str:
    """The short file with a system that is described and these lines that say what is taught."""
    before, rest = with_systems("idih").split("blind:\n", 1)
    return f"{before}systems:\n  blind:\n    alone: {described}\n{taught}\n# What{rest.partition('# What')[2]}"


@pytest.mark.parametrize("taught", ["blind: {alone: *alone}\n", "blind: {} # none\n", LINES])
def test_lines_of_systems_are_replaced_however_they_are_written(tmp_path, taught):
    path = tmp_path / "params.yaml"
    path.write_text(with_taught(taught))
    assert list(draw(["gan", "blind.alone"], path).blind) == ["alone"]
    comment = " # none" if "none" in taught else ""
    expected = with_taught(f"blind: {{alone: *alone}}{comment}\n")
    assert path.read_text() == replaced(expected, ("[gan, idih, codes]", "[gan]"), ("classifiers: [objects]", "classifiers: []"))


def test_an_alias_in_place_of_all_systems_is_replaced(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(replaced(with_taught("blind: *these # all\n"), ("  blind:\n    alone", "  blind: &these\n    alone")))
    assert list(draw(["gan"], path).blind) == ["alone"]
    assert list(draw(["gan", "blind.alone"], path).blind) == ["alone"]
    assert "\nblind: {alone: *alone} # all\n" in path.read_text()


def test_a_system_that_no_alias_can_name_is_told_and_the_file_stays(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text := with_taught("blind: {}\n", SYSTEM))
    with pytest.raises(
        InputError, match=r"^systems\.blind\.alone has no anchor; expected &NAME behind its key, by which `blind` can name it$"
    ):
        draw(["blind.alone"], path)
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
        "matting: none",
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
        (["joint.alone"], r"^variant is 'joint\.alone'; .* or of \['blind\.two_step', .*, those of `systems`$"),
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
