"""Published scores without a mask as a table."""

import pyarrow as pa
import pytest

from imharmony.blind.summary import BLIND_MEANS, BLIND_PAIRS
from imharmony.errors import InputError
from imharmony.storage.tables import write_csv
from reporting.blind_table import HEADER, HEADER_OF_CONTROL, PUBLISHED, blind_table, published_blind

MINUS = "\N{MINUS SIGN}"
COUNTS = {"n_pictures": 40, "n_photographs": 20}


def mean(variant, system, mse, *, is_real=False, **more):
    row = {"variant": variant, "dataset": "people", "system": system, "is_real": is_real, "mse": mse, "low": mse - 1, "high": mse + 1}
    return row | {"psnr": 30.0, "pasted_mse": 1.0, "harm": 0.25} | COUNTS | more


def pair(variant, reference_variant, reference, difference, half=1.0, **more):
    row = {"dataset": "people", "is_real": False, "variant": variant, "system": "blind", "reference_variant": reference_variant}
    row |= {"reference": reference, "metric": "mse", "difference": difference, "low": difference - half, "high": difference + half}
    return row | COUNTS | more


def published(folder, means, pairs):
    tables = pa.Table.from_pylist(means, schema=BLIND_MEANS), pa.Table.from_pylist(pairs, schema=BLIND_PAIRS)
    write_csv(folder / "trial.blind.csv", published_blind(*tables))


def test_each_variant_stands_beside_the_composite_the_true_mask_and_the_first(tmp_path):
    few = {"low": None, "high": None, "n_photographs": 1}
    published(
        tmp_path,
        [
            mean("two_step", "untouched", 1234.0),
            mean("two_step", "blind", 30.0),
            mean("joint", "blind", 20.0, **few),
            mean("joint", "blind", 0.5, is_real=True),
        ],
        [
            pair("two_step", "two_step", "untouched", -10.0),
            pair("two_step", "two_step", "true_mask", 2.0, half=3.0),
            pair("joint", "two_step", "blind", -10.0, **few),
        ],
    )
    header, rows = blind_table(tmp_path, "trial", "people")
    assert header == HEADER
    assert rows == [
        ["composite as it is", "1,234.00 (1,233.00 to 1,235.00)", "30.00", "", "", "", ""],
        [
            "`two_step`",
            "30.00 (29.00 to 31.00)",
            "30.00",
            f"**{MINUS}10.00 ({MINUS}11.00 to {MINUS}9.00)**",
            f"+2.00 ({MINUS}1.00 to +5.00)",
            "–",
            "25 %",
        ],
        ["`joint`", "20.00 (–, 1 photograph)", "30.00", "–", "–", f"{MINUS}10.00 (–, 1 photograph)", "25 %"],
    ]


def test_the_control_has_a_column_where_there_is_one(tmp_path):
    means = [mean(variant, "blind", 30.0) for variant in ("two_step", "corrupted", "joint")]
    published(tmp_path, means, [pair("joint", "corrupted", "blind", -5.0)])
    header, rows = blind_table(tmp_path, "trial", "people")
    assert header[-2] == HEADER_OF_CONTROL
    assert {len(row) for row in rows} == {len(header)}
    assert [row[-2] for row in rows[1:]] == ["–", "–", f"**{MINUS}5.00 ({MINUS}6.00 to {MINUS}4.00)**"]


def test_every_measure_is_published_and_the_headline_alone_has_an_interval_of_its_mean():
    means = pa.Table.from_pylist([mean("two_step", "blind", 30.0)], schema=BLIND_MEANS)
    found = published_blind(means, BLIND_PAIRS.empty_table())
    assert found.schema.equals(PUBLISHED)
    assert {row["metric"]: (row["value"], row["low"]) for row in found.to_pylist()} == {
        "mse": (30.0, 29.0),
        "psnr": (30.0, None),
        "pasted_mse": (1.0, None),
        "harm": (0.25, None),
    }


def test_a_pasted_score_is_in_no_table_of_the_documentation(tmp_path):
    for pasted in (0.0, 99.0):
        published(tmp_path / f"{pasted:.0f}", [mean("two_step", "blind", 30.0, pasted_mse=pasted)], [])
    assert blind_table(tmp_path / "0", "trial", "people") == blind_table(tmp_path / "99", "trial", "people")


def test_a_run_without_such_scores_and_a_data_set_that_it_lacks_are_one_line(tmp_path):
    with pytest.raises(InputError, match=r"trial\.blind\.csv does not exist; expected scores without a mask of a published run"):
        blind_table(tmp_path, "trial", "people")
    published(tmp_path, [], [])
    with pytest.raises(InputError, match="has no rows of 'people'"):
        blind_table(tmp_path, "trial", "people")
