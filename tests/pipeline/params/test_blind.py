"""Detectors and systems without a mask in params.yaml: what does not fit together is one line that names the key."""

import pytest

from imharmony.errors import InputError
from pipeline.params.file import parse_params
from tests.pipeline.params.edits import SHORT, with_systems

SEES = "    input: composites\n    backbone: none\n    generator: {name: idih"
SCALE = "    blind: {detector_steps: 2, system_steps: 2, offsets: 2}\n"


def parsed(tmp_path, text: str):
    return parse_params(text, tmp_path / "params.yaml")


def test_what_is_asked_for_by_name_is_what_stands_there(tmp_path):
    params = parsed(tmp_path, with_systems("idih"))
    assert params.detector("marks").focal.gamma == 2
    assert (params.blind_system("one").harmonizer, params.blind_system("alone").harmonizer) == ("idih", "none")
    assert params.blind_scale.detector_steps == 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda params: params.detector("other"), r"detector is 'other'; expected one of \['marks'\], as `detectors`"),
        (lambda params: params.blind_system("other"), r"blind system is 'other'; expected one of \['alone', 'one'\], as `blind`"),
    ],
)
def test_a_name_that_stands_nowhere_is_refused(tmp_path, ask, message):
    params = parsed(tmp_path, with_systems("idih"))
    with pytest.raises(InputError, match=message):
        ask(params)


def test_where_nothing_is_harmonized_without_a_mask_nothing_says_how_long(tmp_path):
    with pytest.raises(InputError, match=r"profiles\.small\.blind is absent; expected it where there are detectors"):
        _ = parsed(tmp_path, SHORT).blind_scale


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("detector: marks", "detector: others")], r"blind\.one\.detector is 'others'; expected one of \['marks'\]"),
        ([("harmonizer: idih", "harmonizer: affine")], r"blind\.one\.harmonizer is 'affine'; expected one of `variants`: \['gan', "),
        ([("variants: [gan, idih, codes]", "variants: [gan]")], r"blind\.one\.harmonizer is 'idih'; .*draw it, or take blind\.one out"),
        ([("harmonizer: idih", "harmonizer: gan")], r"blind\.one\.harmonizer is 'gan', which sees no mask; expected one with `mask"),
        (
            [
                (SEES, SEES.replace("composites", "intrinsic")),
                ("preprocessed: []", "preprocessed: [people, objects]"),
                ("decomposers: []", "decomposers: [people]"),
            ],
            r"blind\.one\.harmonizer is 'idih', which is given semi-harmonized pictures; expected one with `input: composites`",
        ),
        ([("way: two_step", "way: single")], r"blind\.one: way single with harmonizer idih; expected none for single, and a variant"),
        ([("harmonizer: idih", "harmonizer: none")], r"blind\.one: way two_step with harmonizer none; expected none for single"),
        ([("way: two_step", "way: three_step")], r"blind\.one\.way: .*'two_step', 'corrupted', 'joint' or 'single'; got 'three_step'"),
        ([(SCALE, "")], r"detectors without profiles\.small\.blind; expected how long"),
        ([("small, width: 2}", "small, width: 2, weights: a.pth}")], r"weights with network small; expected them"),
        ([("small, width: 2}", "small, width: 0}")], r"detectors\.marks\.network\.width: .*equal to 1; got 0"),
        ([("alpha: 0.5", "alpha: 1")], r"detectors\.marks\.focal\.alpha: .*less than 1; got 1"),
        ([("photographs: 9", "photographs: 1")], r"detectors\.marks\.photographs: .*greater than or equal to 2; got 1"),
        ([("largest_stops: 1.5", "largest_stop: 1.5")], r"detectors\.marks\.largest_stop: unknown key|largest_stops: Field required"),
        ([("coloured: 0.3", "coloured: 1.3")], r"detectors\.marks\.coloured: .*; got 1\.3"),
        ([("marks: {datasets: [people]", "marks: {datasets: []")], r"detectors\.marks\.datasets: .*at least 1 item"),
        ([("marks: {datasets: [people]", "marks: {datasets: [things]")], r"detectors\.marks\.datasets is \['things'\]; expected some"),
        ([("direction: foreground", "direction: photograph")], r"detectors\.marks\.datasets has \['people'\], whose truths are graded"),
        ([("  alone: {way", "  evaluate_blind: {way")], r"blind\.evaluate_blind has the name of a stage; give it another"),
        ([("  alone: {way", "  One: {way")], r"blind\.One has the name of .*give it another"),
        ([("  alone: {way", "  none: {way")], r"blind\.none has the name of what stands for no network"),
        (
            [("      people: {}\n", "      people: {split: {by: hash, val: 0.0, test: 1.0}}\n")],
            r"blind\.one\.datasets has 'people', without a split train and val; expected train to be taught on, val to know when it",
        ),
        (
            [("      people: {}\n", "      people: {split: {by: hash, val: 0.1, test: 0.0}}\n")],
            r"blind\.one\.datasets has 'people', without a split test; expected train .*; remove people",
        ),
        ([("      people: {}\n", "")], r"profiles\.small\.datasets lacks \['people'\], which `datasets` lists; it has"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        parsed(tmp_path, with_systems("idih", *changes))
    assert "\n" not in str(error.value)


def test_a_detector_alone_needs_no_system(tmp_path):
    text = with_systems("idih")
    start, end = text.index("blind:\n"), text.index("# What follows.")
    assert parsed(tmp_path, f"{text[:start]}blind: {{}}\n{text[end:]}").blind == {}
