"""What pictures without a mask are worth, by hand and against plain means."""

import numpy as np
import pyarrow as pa
import pytest

from imharmony.blind.judging import HEADLINE, JUDGED, SYSTEMS, expect_headline
from imharmony.blind.summary import (
    BLIND_MEANS,
    BLIND_PAIRS,
    BLIND_REASONS,
    BLIND_RISKS,
    COMPARED,
    COVERAGES,
    means,
    pairs,
    reasons,
    risks,
)
from imharmony.errors import InputError
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS

BOOTSTRAP = 50


def judged(mse: dict[str, list[float]], *, dataset="people", is_real=False, of_photograph=1, **columns) -> pa.Table:
    """Rows of ``JUDGED`` by system; a column is a list for all systems, or one for each by its name."""
    rows = []
    for system in SYSTEMS:
        errors = mse.get(system, mse["untouched"])
        for place, error in enumerate(errors):
            row = {"dataset": dataset, "sample_id": f"s{place}", "image_id": place // of_photograph, "is_real": is_real, "system": system}
            row |= {"mse": error, "psnr": 20.0 + place, "pasted_mse": error / 10, "is_harm": error > mse["untouched"][place]}
            row |= {"visible": 0.0, "mask_mean": 0.2, "background_mse": 0.0, "fmse": error * 2}
            for name, values in columns.items():
                if values := values.get(system) if isinstance(values, dict) else values:
                    row[name] = values[place]
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=JUDGED)


def drawn(count=24, seed=0, **more) -> pa.Table:
    rng = np.random.default_rng(seed)
    errors = {system: rng.lognormal(3, 1, count).tolist() for system in SYSTEMS}
    lpips = {system: rng.random(count).tolist() for system in SYSTEMS}
    risk = {"blind": rng.random(count).tolist()}
    return judged(errors, of_photograph=2, lpips=lpips, risk=risk, **more)


def rows_of(table: pa.Table, **named):
    return [row for row in table.to_pylist() if named.items() <= row.items()]


def test_means_are_those_of_the_pictures_and_shares_of_their_flags():
    table = judged(
        {"untouched": [10.0, 20.0, 30.0], "blind": [5.0, 25.0, 30.0]},
        psnr={"blind": [30.0, 40.0, None]},
        visible={"blind": [0.9, 1.0, 1.1]},
        mask_mean={"blind": [0.0, 0.1, 0.2]},
    )
    found = means({"two_step": table}, bootstrap=BOOTSTRAP)
    assert found.schema.equals(BLIND_MEANS)
    assert found["system"].to_pylist() == list(SYSTEMS)
    (row,) = rows_of(found, system="blind")
    assert row["mse"] == 20.0
    assert (row["psnr"], row["lpips"]) == (35.0, None)
    assert (row["fmse"], row["pasted_mse"], row["background_mse"]) == (40.0, 2.0, 0.0)
    assert (row["harm"], row["visible"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert row["mask_mean"] == pytest.approx(0.1)
    assert (row["n_pictures"], row["n_photographs"]) == (3, 3)
    assert (row["low"], row["high"]) == (None, None)


def test_means_and_differences_are_those_that_pandas_has():
    tables = {"two_step": drawn(seed=1), "joint": drawn(seed=2)}
    frames = {name: table.to_pandas().set_index(["system", "sample_id"]) for name, table in tables.items()}
    for row in means(tables, bootstrap=BOOTSTRAP).to_pylist():
        own = frames[row["variant"]].loc[row["system"]]
        for name in ("mse", "psnr", "lpips", "pasted_mse"):
            assert row[name] == pytest.approx(own[name].mean(), rel=1e-12)
        assert row["low"] < row["mse"] < row["high"]
    found = pairs(tables, bootstrap=BOOTSTRAP)
    assert found.schema.equals(BLIND_PAIRS)
    for row in found.to_pylist():
        own = frames[row["variant"]].loc[row["system"]][row["metric"]]
        other = frames[row["reference_variant"]].loc[row["reference"]][row["metric"]]
        assert row["difference"] == pytest.approx((own - other).mean(), rel=1e-9, abs=1e-12)
        assert row["low"] <= row["difference"] <= row["high"]


def test_an_interval_resamples_photographs_and_not_pictures():
    errors = np.random.default_rng(3).lognormal(3, 1, 20)
    single = judged({"untouched": errors.tolist()})
    doubled = judged({"untouched": errors.repeat(2).tolist()}, of_photograph=2)
    ends = [rows_of(means({"two_step": table}, bootstrap=BOOTSTRAP), system="blind")[0]["high"] for table in (single, doubled)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)


@pytest.mark.parametrize(("photographs", "is_known"), [(LEAST_PHOTOGRAPHS - 1, False), (LEAST_PHOTOGRAPHS, True)])
def test_below_ten_photographs_there_is_no_interval(photographs, is_known):
    table = judged({"untouched": np.arange(1.0, photographs + 1).tolist(), "blind": np.arange(photographs)[::-1].tolist()})
    for found in (means({"two_step": table}, bootstrap=BOOTSTRAP), pairs({"two_step": table}, bootstrap=BOOTSTRAP)):
        (row, *_) = rows_of(found, system="blind")
        assert (row["low"] is not None) == is_known
        assert row["n_photographs"] == photographs


def test_one_photograph_has_means_and_differences_alone():
    table = judged({"untouched": [10.0], "blind": [4.0]})
    (row,) = rows_of(pairs({"two_step": table}, bootstrap=BOOTSTRAP), system="blind", reference="untouched", metric="mse")
    assert (row["difference"], row["low"], row["high"], row["n_pictures"]) == (-6.0, None, None, 1)


def test_which_systems_are_compared():
    tables = {name: drawn(seed=place) for place, name in enumerate(("two_step", "joint", "corrupted"))}
    found = [row for row in pairs(tables, bootstrap=BOOTSTRAP).to_pylist() if row["metric"] == "mse"]
    within = [(row["system"], row["reference"]) for row in found if row["variant"] == row["reference_variant"] == "joint"]
    assert within == [
        ("blind", "untouched"),
        ("true_mask", "untouched"),
        ("blind", "true_mask"),
        ("blind_binary", "blind"),
        ("blind_cautious", "blind"),
    ]
    across = [(row["variant"], row["reference_variant"]) for row in found if row["variant"] != row["reference_variant"]]
    assert across == [("joint", "two_step"), ("corrupted", "two_step"), ("joint", "corrupted")]
    assert {row["system"] for row in found if row["variant"] != row["reference_variant"]} == {"blind"}


def test_the_control_is_compared_once_where_it_is_the_first():
    tables = {name: drawn(seed=place) for place, name in enumerate(("corrupted", "joint"))}
    found = pairs(tables, bootstrap=BOOTSTRAP).to_pylist()
    assert [row["metric"] for row in found if row["variant"] != row["reference_variant"]] == list(COMPARED)


def test_a_metric_that_nobody_computed_has_no_difference():
    table = judged({"untouched": [10.0, 20.0]})
    assert {row["metric"] for row in pairs({"two_step": table}, bootstrap=BOOTSTRAP).to_pylist()} == {"mse", "psnr"}


def test_composites_and_photographs_as_they_are_stand_apart():
    made, real = judged({"untouched": [10.0, 20.0], "blind": [4.0, 6.0]}), judged({"untouched": [0.0], "blind": [1.0]}, is_real=True)
    found = means({"two_step": pa.concat_tables([made, real])}, bootstrap=BOOTSTRAP)
    assert [(row["is_real"], row["mse"], row["harm"]) for row in rows_of(found, system="blind")] == [(False, 5.0, 0.0), (True, 1.0, 1.0)]


def test_the_order_of_rows_does_not_count():
    tables = {"two_step": drawn(seed=1), "joint": drawn(seed=2)}
    order = np.random.default_rng(0).permutation(tables["joint"].num_rows)
    mixed = {name: table.take(order) for name, table in tables.items()}
    for function in (means, pairs):
        assert function(mixed, bootstrap=BOOTSTRAP).equals(function(tables, bootstrap=BOOTSTRAP))
    for function in (risks, reasons):
        assert function(mixed).equals(function(tables))


def test_the_headline_is_the_own_whole_picture_and_never_the_pasted_one():
    expect_headline("raw")
    for background in ("composite", "real"):
        with pytest.raises(InputError, match="expected raw, its own whole picture"):
            expect_headline(background)
    assert HEADLINE == COMPARED[0] == "mse"
    assert "pasted_mse" not in COMPARED
    errors = np.arange(10.0, 30.0).tolist()
    tables = [judged({"untouched": errors}, pasted_mse=pasted) for pasted in (errors, [0.0] * 20)]
    own, other = (means({"two_step": table}, bootstrap=BOOTSTRAP).drop_columns(["pasted_mse"]) for table in tables)
    assert own.equals(other)
    own, other = (pairs({"two_step": table}, bootstrap=BOOTSTRAP) for table in tables)
    assert own.equals(other)


def test_harm_at_a_coverage_is_that_of_the_pictures_of_the_lowest_risk():
    errors = {"untouched": [10.0] * 10, "blind": [5.0] * 7 + [15.0] * 3}
    found = risks({"two_step": judged(errors, risk={"blind": [place / 10 for place in range(10)]})})
    assert found.schema.equals(BLIND_RISKS)
    assert [(row["coverage"], row["harm_rate"]) for row in found.to_pylist()] == [
        (1.0, pytest.approx(0.3)),
        (0.9, pytest.approx(2 / 9)),
        (0.8, pytest.approx(1 / 8)),
        (0.6, 0.0),
    ]
    assert set(found["system"].to_pylist()) == {"blind"}


def test_the_true_masks_risk_counts_where_it_has_one():
    risk = [0.1, 0.2]
    found = risks({"two_step": judged({"untouched": [1.0, 2.0]}, risk={"blind": risk, "true_mask": risk})})
    assert found["system"].to_pylist() == ["true_mask"] * len(COVERAGES) + ["blind"] * len(COVERAGES)


def test_pictures_that_the_own_mask_wins_are_counted_by_why():
    table = judged(
        {"untouched": [10.0] * 5, "blind": [4.0, 4.0, 4.0, 9.0, 9.0], "true_mask": [12.0, 5.0, 5.0, 9.0, 3.0]},
        mask_mean={"blind": [0.005, 0.1, 0.3, 0.1, 0.1], "true_mask": [0.2] * 5},
        strength={"true_mask": [0.0, 0.5, 0.5, 1.0, 1.0]},
        strength_mse={"true_mask": [10.0, 4.0, 4.0, 9.0, 3.0]},
    )
    (row,) = reasons({"two_step": table}).to_pylist()
    third = pytest.approx(1 / 3)
    assert (row["better"], row["blank"], row["weaker"], row["other"]) == (0.6, third, third, third)
    assert row["true_mask_harms"] == third
    assert (row["true_mask_mse"], row["strength_mse"]) == (pytest.approx(34 / 5), 6.0)
    assert row["strengths"] == [0.2, 0.0, 0.4, 0.0, 0.4]


def test_where_the_own_mask_never_wins_there_is_no_why():
    found = reasons({"two_step": judged({"untouched": [10.0, 10.0]})})
    assert found.schema.equals(BLIND_REASONS)
    (row,) = found.to_pylist()
    assert (row["better"], row["blank"], row["weaker"], row["other"], row["strengths"]) == (0.0, None, None, None, None)


def test_a_data_set_without_pictures_has_no_row():
    empty = {"two_step": JUDGED.empty_table()}
    tables = means(empty, bootstrap=BOOTSTRAP), pairs(empty, bootstrap=BOOTSTRAP), risks(empty), reasons(empty)
    assert [table.num_rows for table in tables] == [0] * 4
    both = {"two_step": judged({"untouched": [1.0]}), "joint": JUDGED.empty_table()}
    assert set(means(both, bootstrap=BOOTSTRAP)["variant"].to_pylist()) == {"two_step"}


def test_pictures_that_are_missing_or_twice_are_one_line():
    table = judged({"untouched": [1.0, 2.0]})
    with pytest.raises(InputError, match=r"people, two_step, blind_cautious: 1 images, 2 of all systems; s1 is absent; evaluate it again"):
        means({"two_step": table.slice(0, table.num_rows - 1)}, bootstrap=BOOTSTRAP)
    with pytest.raises(InputError, match="people, two_step, untouched: image s0 is scored twice"):
        reasons({"two_step": pa.concat_tables([table, table.slice(0, 1)])})
