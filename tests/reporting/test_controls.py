"""What is said of the controls follows from the tables, whichever way they turn out."""

from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from imharmony.evaluation.control_summary import CONTROL_SUMMARY, summarise_controls
from imharmony.evaluation.controls import CONTROLS, Background, inner_error, plan_of, score_controls
from pipeline.params.file import load_params
from reporting.controls import backgroundless_variants, control_sections, methods_sentence, set_sentence, untouched_sentence
from tests.composites import packed

BELOW, ABOVE, ASTRIDE, UNKNOWN = (-20.0, -1.0), (1.0, 20.0), (-5.0, 5.0), (None, None)
MEANS = {"people": {"identity": 100.0, "idih": 50.0, "reinhard": 60.0, "alone": 55.0}}


def headline(**intervals) -> pd.DataFrame:
    names = {"dataset": "people", "bucket": "all", "metric": "fmse", "mean": 90.0, "difference": -10.0}
    rows = [
        names | {"method": method, "difference_low": low, "difference_high": high, "n_photographs": 4 if low is None else 20}
        for method, (low, high) in {"identity": (0.0, 0.0), "idih": BELOW, "reinhard": BELOW, **intervals}.items()
    ]
    return pd.DataFrame(rows)


def said(control, against, *, backgroundless=("alone",)) -> str:
    pairs = pd.DataFrame([{"method": "idih", "reference": "alone", "low": against[0], "high": against[1], "n_photographs": 4}])
    return set_sentence("people", headline(alone=control), pairs, MEANS, backgroundless=backgroundless)


def row(low, high, mean=0.5):
    return {"mean": mean, "low": low, "high": high}


def test_a_set_whose_control_is_as_good_as_the_best_cannot_tell():
    told = said(BELOW, ASTRIDE)
    assert told == (
        "alone never sees the background and lowers fMSE all the same, and is not told from idih, the best that sees it: "
        "people cannot tell whether a method looks at the background."
    )
    assert said(BELOW, ABOVE) == told.replace("is not told from", "is better than")


def test_a_set_on_which_the_best_beats_the_control_can_tell():
    assert said(BELOW, BELOW) == (
        "alone never sees the background and lowers fMSE all the same, but idih lowers it further: "
        "people can tell a method that looks at the background."
    )


@pytest.mark.parametrize("control", [ASTRIDE, ABOVE])
def test_a_control_that_does_not_help_is_no_proof_against_a_set(control):
    assert said(control, ASTRIDE) == (
        "alone, which never sees the background, is not shown to lower fMSE: "
        "nothing shows that the foregrounds of people give the answer away."
    )


def test_without_intervals_or_without_a_control_nothing_is_said_of_the_set():
    assert said(UNKNOWN, ASTRIDE) == "No interval of 4 photographs: what the foregrounds of people give away is not known."
    assert said(BELOW, UNKNOWN).endswith("; nothing follows for others of 4 photographs.")
    assert said(BELOW, ASTRIDE, backgroundless=()).startswith("No method without a background was scored")


def test_methods_are_told_by_what_another_background_costs_them():
    cells = {
        "identity": {"own_change": row(0, 0), "swapped_loss": row(0, 0)},
        "alone": {"own_change": row(*BELOW), "swapped_loss": row(*ASTRIDE)},
        "looks": {"own_change": row(*BELOW), "swapped_loss": row(*ABOVE)},
        "blind": {"own_change": row(*BELOW), "swapped_loss": row(*ASTRIDE)},
        "misled": {"own_change": row(*BELOW), "swapped_loss": row(*BELOW)},
        "harms": {"own_change": row(*ABOVE), "swapped_loss": row(*ABOVE)},
        "few": {"own_change": row(*UNKNOWN), "swapped_loss": row(*UNKNOWN)},
        "untouched_alone": {"untouched_fmse": row(0, 1)},
    }
    assert methods_sentence(cells, backgroundless=["alone"]) == (
        "Shown to look at the background, as another photograph's raises their fMSE: looks. "
        "Shown to look at the background and to be misled by the right one, as another photograph's lowers their fMSE: misled. "
        "Not shown to look at the background, as another photograph's changes their fMSE by no more than chance: blind. "
        "Too few photographs to say whether they look at the background: few."
    )


def test_where_no_method_helps_none_can_lose():
    harms = {"harms": {"own_change": row(*ABOVE), "swapped_loss": row(*ABOVE)}}
    assert (
        methods_sentence(harms, backgroundless=[])
        == "No method that sees the background is shown to lower fMSE, so none can lose by another one."
    )
    assert methods_sentence({}, backgroundless=[]) == "No method was tried with another photograph's background."


def test_a_method_that_copies_the_backgrounds_mean_is_told_from_one_that_mends_the_foreground_alone():
    split = packed(12, 32)
    levels = np.linspace(40, 220, 12).astype(np.uint8)[:, None, None, None]
    split.real[:] = levels
    split.composite[:] = np.where(split.mask[..., None] == 255, levels // 2, levels)
    methods = {
        "copies": lambda picture, mask: picture + np.float32(picture[mask == 0].mean(0) - picture[mask == 1].mean(0)),
        "doubles": lambda picture, _mask: 2 * picture.astype(np.float32),
    }
    rows = []
    for method, harmonize in methods.items():
        own = [inner_error(split, at, harmonize(picture, split.mask[at] / 255)) for at, picture in enumerate(split.composite)]
        others = [plan_of(split).background_of(**row) for row in split.rows.select(["sample_id", "image_id"]).to_pylist()]
        backgrounds = [None if at is None else Background(image_id, split.real[at]) for image_id, at in others]
        names = {"method": method, "seed": 0, "dataset": "people"}
        rows += chain.from_iterable(score_controls(split, harmonize, names=names, own=own, backgrounds=backgrounds).values())
    summary = summarise_controls(pa.Table.from_pylist(rows, schema=CONTROLS), bootstrap=200)
    section = control_sections(summary, headline(), pd.DataFrame(columns=PAIR_COLUMNS), MEANS, ["people"], backgroundless=[])["people"]
    assert section.of_methods == (
        "Shown to look at the background, as another photograph's raises their fMSE: copies. "
        "Not shown to look at the background, as another photograph's changes their fMSE by no more than chance: doubles."
    )


PAIR_COLUMNS = ["dataset", "convention", "metric", "method", "reference", "low", "high", "n_photographs"]


def test_what_the_chosen_method_does_to_photographs_that_need_nothing():
    cells = {"idih": {"untouched_visible": row(0.2, 0.75)}, "few": {"untouched_visible": row(None, None)}}
    assert untouched_sentence("idih", cells) == (
        "idih, chosen on the validation photographs, visibly changes 50 % of untouched photographs (20 to 75 %)."
    )
    assert untouched_sentence("few", cells) == "few, chosen on the validation photographs, visibly changes 50 % of untouched photographs."
    assert untouched_sentence("other", cells) is None
    assert untouched_sentence(None, cells) is None


def test_a_data_set_without_controls_has_its_sentences_all_the_same():
    section = control_sections(
        CONTROL_SUMMARY.empty_table(), headline(), pd.DataFrame(columns=PAIR_COLUMNS), MEANS, ["people"], backgroundless=[]
    )
    assert (section["people"].cells, section["people"].of_untouched) == ({}, None)


def test_variants_without_a_background_are_known_by_their_network(root):
    assert backgroundless_variants(load_params(root / "params.yaml")) == ["regions_foreground_only"]
