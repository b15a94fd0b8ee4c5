"""Means and paired differences of mattes: exact values, percent, and what is refused."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import t

from imharmony.errors import InputError
from imharmony.matting.harmonized import HARMONIZED
from imharmony.matting.judging import JUDGED, MEASURED
from imharmony.matting.summary import COLUMNS, harmonized_means, harmonized_pairs, matte_bands, matte_means, matte_pairs

ERRORS = np.random.default_rng(0).uniform(1, 3, 20)


def judged(portraits: int = 20, **by_method: float) -> pa.Table:
    """Of each method the same errors times its factor; the soft band half of the hard one."""
    rows = [
        {"dataset": "hmh", "sample_id": f"{image}_0", "image_id": image, "method": method}
        | dict.fromkeys(MEASURED, ERRORS[image] * factor)
        | {"band_mse_soft": ERRORS[image], "band_mse_hard": 2 * ERRORS[image], "band_mse_true_hard": 1.0}
        for image in range(portraits)
        for method, factor in by_method.items()
    ]
    return pa.Table.from_pylist(rows, schema=JUDGED)


def harmonized(**by_system: float) -> pa.Table:
    rows = [
        {"dataset": "hmh", "sample_id": f"{image}_{number}", "image_id": image, "system": system, "given_mse": 9.0}
        | {"mse": factor * ERRORS[image], "background_mse": 1.0, "given_lightness": 50.0, "lightness": 50.0 - factor}
        | {"given_distance": 9.0, "distance": 8.0}
        for image in range(12)
        for number in range(2)
        for system, factor in by_system.items()
    ]
    return pa.Table.from_pylist(rows, schema=HARMONIZED)


def one(table: pa.Table, **wanted: object) -> dict:
    (row,) = [row for row in table.to_pylist() if wanted.items() <= row.items()]
    return row


def test_columns_are_those_of_judging():
    assert COLUMNS == MEASURED


def test_means_and_their_intervals_are_of_portraits():
    found = one(matte_means(judged(a=1.0), bootstrap=200), method="a", metric="sad", region="whole", size="native")
    assert found["mean"] == pytest.approx(ERRORS.mean())
    half = t.ppf(0.975, 19) * ERRORS.std(ddof=1) / np.sqrt(20)
    assert found["low"] <= ERRORS.mean() - 0.999 * half
    assert found["high"] >= ERRORS.mean() + 0.999 * half
    assert (found["n_pictures"], found["n_portraits"]) == (20, 20)


def test_pairs_are_differences_on_the_same_portraits_and_percent_of_the_reference():
    table = judged(a=0.5, b=1.0)
    found = one(matte_pairs(table, [("a", "b"), ("a", "unknown")], bootstrap=200), metric="mse", region="unknown", size="squared")
    assert (found["method"], found["reference"]) == ("a", "b")
    assert found["difference"] == pytest.approx(-0.5 * ERRORS.mean())
    assert found["percent"] == pytest.approx(-50)
    assert found["low"] < found["difference"] < found["high"] < 0


def test_bands_say_what_a_soft_matte_gains():
    found = one(matte_bands(judged(a=1.0), bootstrap=200), method="a")
    assert found["difference"] == pytest.approx(-ERRORS.mean())
    assert found["band_mse_hard"] == pytest.approx(2 * found["band_mse_soft"])


def test_harmonized_pictures_are_averaged_by_portrait_and_changes_are_of_what_was_given():
    table = harmonized(one=1.0, two=3.0)
    means = harmonized_means(table, bootstrap=100)
    assert one(means, system="two", measure="lightness_change")["mean"] == -3.0
    assert one(means, system="two", measure="distance_change")["mean"] == -1.0
    assert one(means, system="one", measure="mse")["n_pictures"] == 24
    pair = one(harmonized_pairs(table, [("two", "one")], bootstrap=100), measure="lightness_change")
    assert (pair["difference"], pair["n_portraits"]) == (-2.0, 12)


def test_of_few_portraits_there_is_no_interval():
    found = matte_means(judged(9, a=1.0), bootstrap=100).to_pylist()
    assert {(row["low"], row["high"]) for row in found} == {(None, None)}


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda rows: rows[:-1], "19 images, 20 of all; 19_0 is absent"), (lambda rows: [*rows, rows[-1]], "image 19_0 is scored twice")],
)
def test_a_portrait_that_one_method_lacks_is_one_line(change, message):
    table = judged(a=1.0, b=1.0)
    rows = sorted(table.to_pylist(), key=lambda row: (row["method"], row["image_id"]))
    with pytest.raises(InputError, match=f"hmh, b: {message}"):
        matte_means(pa.Table.from_pylist(change(rows), schema=JUDGED), bootstrap=100)
