"""The controls' summary: means by hand, intervals as the scores' summary has them."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.evaluation.control_summary import CONTROL_MEASURES, CONTROL_SUMMARY, VISIBLE, summarise_controls
from imharmony.evaluation.controls import CONTROLS
from tests.imharmony.evaluation.test_summary import row as row_of
from tests.imharmony.evaluation.test_summary import score, summarise, table

PHOTOGRAPHS = 12


def swapped(image, *, own, other, given=900.0, method="m", seed=0, k=0):
    names = {"method": method, "seed": seed, "dataset": "people", "control": "swapped", "sample_id": f"{image}_{k}", "image_id": image}
    return names | {"fmse": other, "composite_fmse": given, "own_fmse": own}


def untouched(image, *, ciede, fmse=4.0, method="m", seed=0):
    names = {"method": method, "seed": seed, "dataset": "people", "control": "untouched", "sample_id": f"{image}_0", "image_id": image}
    return names | {"fmse": fmse, "composite_fmse": 0.0, "ciede2000": ciede}


def summarised(rows, **options) -> dict[str, dict]:
    found = summarise_controls(pa.Table.from_pylist(rows, schema=CONTROLS), bootstrap=200, **options)
    assert found.schema.equals(CONTROL_SUMMARY)
    return {f"{row['method']} {row['measure']}": row for row in found.to_pylist()}


def test_changes_are_against_what_was_given_and_the_loss_against_the_own_background():
    rows = summarised([swapped(image, own=500.0, other=800.0) for image in range(PHOTOGRAPHS)])
    found = {name: (row["mean"], row["low"], row["high"], row["n_pictures"]) for name, row in rows.items()}
    assert found == {
        "m own_change": (-400, -400, -400, PHOTOGRAPHS),
        "m swapped_change": (-100, -100, -100, PHOTOGRAPHS),
        "m swapped_loss": (300, 300, 300, PHOTOGRAPHS),
    }


def test_a_photograph_is_visibly_changed_above_the_threshold_and_not_at_it():
    rows = summarised([untouched(image, ciede=VISIBLE + 0.01 * (image < 3)) for image in range(PHOTOGRAPHS)])
    share = rows["m untouched_visible"]
    assert share["mean"] == 0.25
    assert 0 <= share["low"] < 0.25 < share["high"] <= 1
    assert rows["m untouched_ciede2000"]["mean"] == pytest.approx(VISIBLE + 0.0025)
    assert rows["m untouched_fmse"]["mean"] == 4


def test_intervals_are_those_of_the_scores_summary():
    rng = np.random.default_rng(0)
    images = [(image, k) for image in range(PHOTOGRAPHS) for k in range(1 + image % 3)]
    values = {place: (rng.lognormal(6, 1), rng.lognormal(6, 1)) for place in images}
    scores = [
        score(method, 10 * image + k, value[at], image=image)
        for (image, k), value in values.items()
        for at, method in enumerate(("identity", "m"))
    ]
    expected = row_of(summarise(table(scores), bootstrap=200), "m")
    found = summarised([swapped(image, k=k, given=given, own=own, other=own) for (image, k), (given, own) in values.items()])
    row = found["m own_change"]
    assert (row["mean"], row["low"], row["high"]) == pytest.approx(
        tuple(expected[name] for name in ("difference", "difference_low", "difference_high"))
    )


def test_below_ten_photographs_there_is_no_interval_and_the_number_stands_beside_it():
    row = summarised([swapped(image, own=500.0, other=800.0, k=k) for image in range(9) for k in range(2)])["m swapped_loss"]
    assert (row["mean"], row["low"], row["high"], row["n_pictures"], row["n_photographs"]) == (300, None, None, 18, 9)


def test_seeds_are_pooled_and_widen_the_interval():
    rows = [swapped(image, own=500.0 + 10 * image + 100 * seed, other=800.0, seed=seed) for image in range(PHOTOGRAPHS) for seed in (0, 1)]
    both, first = summarised(rows)["m own_change"], summarised([row for row in rows if row["seed"] == 0])["m own_change"]
    assert (both["mean"], both["n_seeds"], both["n_pictures"]) == (first["mean"] + 50, 2, PHOTOGRAPHS)
    assert both["high"] - both["low"] > first["high"] - first["low"]


def test_rows_do_not_depend_on_their_order_or_on_other_methods():
    rows = [swapped(image, own=500.0 + image**2, other=800.0 - image) for image in range(PHOTOGRAPHS)]
    others = [untouched(image, ciede=1.0 + image, method="n") for image in range(PHOTOGRAPHS)]
    alone, turned = summarised(rows), summarised([*others, *rows[::-1]])
    assert {name: turned[name] for name in alone} == alone
    assert {name.split()[1] for name in turned if name.startswith("n ")} == {
        name for name, measure in CONTROL_MEASURES.items() if measure.control == "untouched"
    }


def test_of_no_rows_there_is_an_empty_table():
    assert summarised([]) == {}
