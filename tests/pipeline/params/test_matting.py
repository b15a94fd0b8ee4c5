"""Matting networks and joint systems in params.yaml: what does not fit together is one line that names the key."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import parse_params
from tests.pipeline.params.edits import SHORT, replaced

SCALE = (
    "    matting: {unknown: 0.2, width_factor: 0.5, things: 2, places: 2, pretraining_steps: 2, finetuning_steps: 2, joint_steps: 2, "
    "composed: 2}\n"
)
RATES = "{learning_rate: 1e-3, groups: equal}"
MATTING = f"""\
trimaps: [people]
matting:
  cut: {{dataset: people, network: {{name: indexnet, index: hin}}, pretraining: {RATES}, finetuning: {RATES}, composition: 0.5,
    batch_size: 2, seed: 0}}
  free: {{dataset: people, network: {{name: portrait}}, pretraining: {RATES}, finetuning: {RATES}, composition: 0.0, batch_size: 2,
    seed: 0}}
joint:
  both: {{matting: cut, harmonizer: idih, objective: paper, lambda_matting: 0.02, lambda_harmonizer: 0.01,
    reconstruction_reaches_matting: false, critic: {{width: 4, learning_rate: 1e-3}}, matting_rates: {RATES},
    harmonizer_rate: 1e-3, batch_size: 2, seed: 0}}
"""


def with_matting(*changes: tuple[str, str]) -> str:
    """The short file with two networks and a system."""
    scale = ("    evaluation: {size_px: 64}\n", f"    evaluation: {{size_px: 64}}\n{SCALE}")
    return replaced(SHORT, ("trimaps: []\nmatting: {}\njoint: {}\n", MATTING), scale, *changes)


def parsed(tmp_path, text: str):
    return parse_params(text, tmp_path / "params.yaml")


def test_what_is_asked_for_by_name_is_what_stands_there(tmp_path):
    params = parsed(tmp_path, with_matting())
    assert params.matting_network("free").network.name == "portrait"
    assert params.joint_system("both").has_critic
    assert (params.matting_scale.joint_steps, params.matting_scale.backgrounds) == (2, None)
    assert params.harmonizing("people") == ["idih"]  # `gan` sees no mask
    twin = parsed(tmp_path, with_matting(("lambda_matting: 0.02, lambda_harmonizer: 0.01", "lambda_matting: 0, lambda_harmonizer: 0")))
    assert not twin.joint_system("both").has_critic


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda params: params.matting_network("other"), r"matting network is 'other'; expected one of \['cut', 'free'\], as `matting`"),
        (lambda params: params.joint_system("other"), r"joint system is 'other'; expected one of \['both'\], as `joint`"),
    ],
)
def test_a_name_that_stands_nowhere_is_refused(tmp_path, ask, message):
    params = parsed(tmp_path, with_matting())
    with pytest.raises(InputError, match=message):
        ask(params)


def test_where_no_portrait_is_cut_out_nothing_says_how_long(tmp_path):
    with pytest.raises(InputError, match=r"profiles\.small\.matting is absent; expected it where there are trimaps"):
        _ = parsed(tmp_path, SHORT).matting_scale


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("cut: {dataset: people", "cut: {dataset: objects")], r"matting\.cut\.dataset is 'objects'; expected one of `trimaps`: \['peo"),
        ([("trimaps: [people]", "trimaps: [things]")], r"trimaps is \['things'\]; expected some of \['people', 'objects'\]"),
        ([("trimaps: [people]", "trimaps: []")], r"matting\.cut\.dataset is 'people'; expected one of `trimaps`: \[\]; add it there"),
        ([("matting: cut,", "matting: uncut,")], r"joint\.both\.matting is 'uncut'; expected one of \['cut', 'free'\], the sections"),
        ([("both: {matting", "both: {dataset: objects, matting")], r"joint\.both\.dataset is 'objects'; expected one of `trimaps`: "),
        ([("matting: cut,", "matting: free,")], r"joint\.both\.matting is 'free', which is given no trimap; expected one of a network"),
        ([("harmonizer: idih,", "harmonizer: affine,")], r"joint\.both\.harmonizer is 'affine'; expected one of `variants`: .*or take joi"),
        ([("harmonizer: idih,", "harmonizer: gan,")], r"joint\.both\.harmonizer is 'gan', which sees no mask; expected one with `mask_inp"),
        ([("objective: paper", "objective: printed")], r"joint\.both\.objective: .*'paper' or 'balanced'; got 'printed'"),
        ([("name: indexnet, index: hin", "name: indexnet")], r"matting\.cut\.network: network indexnet with index None; expected hin, o2o"),
        ([("name: portrait}", "name: portrait, index: hin}")], r"matting\.free\.network: network portrait with index hin; expected hin"),
        ([("name: portrait}", "name: portrait, context: true}")], r"matting\.free\.network: network portrait with nonlinear or context"),
        (
            [(f"portrait}}, pretraining: {RATES}", f"portrait}}, pretraining: {RATES.replace('equal', 'as_in_code')}")],
            r"matting\.free: groups \['as_in_code'\] with network portrait; expected equal: IndexNet alone has two groups",
        ),
        ([(SCALE, "")], r"trimaps without profiles\.small\.matting; expected how long they are taught"),
        ([("unknown: 0.2", "unknown: 1.0")], r"profiles\.small\.matting\.unknown: .*less than 1; got 1"),
        ([("  both: {", "  none: {")], r"joint\.none has the name of what stands for no network"),
        ([("  cut: {", "  train_matting: {"), ("matting: cut", "matting: train_matting")], r"matting\.train_matting has the name of a"),
        (
            [("      people: {}\n", "      people: {split: {by: hash, val: 0.1, test: 0.0}}\n")],
            r"trimaps has 'people', without a split test; expected train to be taught on, val to choose the trimaps' width by, and test",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        parsed(tmp_path, with_matting(*changes))
    assert "\n" not in str(error.value)
