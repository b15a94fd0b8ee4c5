"""Published mattes as tables."""

import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.matting.summary import HARMONIZED_MEANS, HARMONIZED_PAIRS, MATTE_BANDS, MATTE_MEANS, MATTE_PAIRS
from imharmony.storage.tables import write_csv
from reporting.matting_table import PUBLISHED, claims_table, matting_table, pictures_table, published_matting

MINUS = "\N{MINUS SIGN}"
ERROR = {"dataset": "hmh", "region": "unknown", "size": "native", "n_pictures": 20, "n_portraits": 20}


def mean(method, metric, value, **more):
    return ERROR | {"method": method, "metric": metric, "mean": value, "low": value / 2, "high": value * 2} | more


def pair(metric, difference, half=0.5, **more):
    row = ERROR | {"method": "together", "reference": "separate", "metric": metric, "difference": difference, "percent": 10 * difference}
    return row | {"low": difference - half, "high": difference + half} | more


def tables(means, pairs):
    band = {"dataset": "hmh", "method": "together", "band_mse_soft": 1.0, "band_mse_hard": 4.0, "difference": -3.0, "n_portraits": 20}
    made = {"dataset": "hmh", "system": "together", "measure": "mse", "mean": 9.0, "n_portraits": 20}
    rows = [(means, MATTE_MEANS), (pairs, MATTE_PAIRS), ([band], MATTE_BANDS), ([made], HARMONIZED_MEANS), ([], HARMONIZED_PAIRS)]
    names = ("matting", "matting_pairs", "matting_bands", "matting_harmonized", "matting_harmonized_pairs")
    return {name: pa.Table.from_pylist(own, schema=schema) for name, (own, schema) in zip(names, rows, strict=True)}


def published(folder, means, pairs):
    write_csv(folder / "trial.matting.csv", published_matting(tables(means, pairs)))


def test_each_method_has_its_errors_of_the_unknown_region_at_its_own_size(tmp_path):
    few = {"low": None, "high": None, "n_portraits": 1}
    means = [
        mean("indexnet", "sad", 2.0),
        mean("indexnet", "mse", 0.02),
        mean("indexnet", "sad", 99.0, region="whole"),
        mean("together", "sad", 1.0, **few),
    ]
    published(tmp_path, means, [])
    header, rows = matting_table(tmp_path, "trial", "hmh")
    assert header == ["method", "MSE", "SAD", "Grad", "Conn"]
    assert rows == [
        ["`indexnet`", "0.0200 (0.0100 to 0.0400)", "2.000 (1.000 to 4.000)", "–", "–"],
        ["`together`", "–", "1.000 (–, 1 portrait)", "–", "–"],
    ]


def test_claims_have_their_interval_and_percent_and_are_bold_below_zero(tmp_path):
    published(tmp_path, [], [pair("sad", -1.0), pair("grad", 0.25), pair("sad", -9.0, size="squared")])
    header, rows = claims_table(tmp_path, "trial", "hmh")
    assert header == ["first", "second", "MSE", "SAD", "Grad", "Conn"]
    sad = f"**{MINUS}1.000 ({MINUS}1.500 to {MINUS}0.500, {MINUS}10.0 %)**"
    assert rows == [["`together`", "`separate`", "–", sad, f"+0.250 ({MINUS}0.250 to +0.750, +2.5 %)", "–"]]


def test_pictures_have_the_gain_of_a_soft_edge_and_what_becomes_of_backgrounds(tmp_path):
    own = tables([], [])
    made = [
        {"dataset": "hmh", "system": "together", "measure": measure, "mean": value, "low": value - 1, "high": value + 1, "n_portraits": 20}
        for measure, value in (("background_mse", 1200.4), ("lightness_change", 1.25), ("distance_change", -0.5), ("mse", 7.0))
    ]
    own["matting_harmonized"] = pa.Table.from_pylist(made, schema=HARMONIZED_MEANS)
    write_csv(tmp_path / "trial.matting.csv", published_matting(own))
    header, rows = pictures_table(tmp_path, "trial", "hmh")
    assert header[0] == "method"
    assert len(header) == 5
    assert rows == [
        [
            "`together`",
            f"{MINUS}3.0 (–, 20 portraits)",
            "1,200 (1,199 to 1,201)",
            "+1.25 (+0.25 to +2.25)",
            f"{MINUS}0.50 ({MINUS}1.50 to +0.50)",
        ]
    ]


def test_all_numbers_are_published():
    found = published_matting(tables([mean("indexnet", "sad", 2.0)], [pair("sad", -1.0)]))
    assert found.schema.equals(PUBLISHED)
    values = {(row["method"], row["reference"], row["metric"]): row["value"] for row in found.to_pylist()}
    assert values == {
        ("indexnet", None, "sad"): 2.0,
        ("together", "separate", "sad"): -1.0,
        ("together", None, "band_mse_soft"): 1.0,
        ("together", None, "band_mse_hard"): 4.0,
        ("together", None, "band_mse_soft_minus_hard"): -3.0,
        ("together", None, "mse"): 9.0,
    }


def test_a_run_without_mattes_and_a_data_set_that_it_lacks_are_one_line(tmp_path):
    with pytest.raises(InputError, match=r"trial\.matting\.csv does not exist; expected mattes of a published run"):
        matting_table(tmp_path, "trial", "hmh")
    published(tmp_path, [], [])
    with pytest.raises(InputError, match="has no rows of 'people'"):
        claims_table(tmp_path, "trial", "people")
