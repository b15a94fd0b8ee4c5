"""What others printed: read whole, with the convention of each, and closed under arithmetic where it can be."""

import pytest

from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS
from reporting.published_scores import COLUMNS, PUBLISHED_SCORES, read_published
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def tables():
    return {table.test_set: table for table in read_published(ROOT / PUBLISHED_SCORES)}


def test_every_seed_is_there(tables):
    sources = {row["source"] for table in tables.values() for row in table.rows}
    assert {f"report 00{number}" for number in range(5)} <= sources


def test_values_are_numbers_and_conventions_known(tables):
    for table in tables.values():
        for row in table.rows:
            assert all(float(row[metric]) >= 0 for metric in table.metrics if row[metric])
            assert row["convention"] in {"", *CONVENTIONS}
            assert row["source"]


def test_all_of_iharmony4_is_the_mean_over_images_not_over_subsets(tables):
    sizes = {"HCOCO": 4283, "HAdobe5k": 2160, "HFlickr": 828, "Hday2night": 133}
    of = {name: {row["system"]: row for row in tables[name].rows} for name in (*sizes, "iHarmony4")}
    for system in ("identity", "DoveNet", "BargainNet", "iSSAM"):
        weighted = sum(count * float(of[name][system]["mse"]) for name, count in sizes.items()) / sum(sizes.values())
        assert weighted == pytest.approx(float(of["iHarmony4"][system]["mse"]), abs=0.1)


def test_report_002s_worst_row_is_worse_than_doing_nothing(tables):
    rows = {row["system"]: row for row in tables["HCOCO"].rows}
    assert float(rows["UNet 3+"]["mse"]) > float(rows["identity"]["mse"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"columns are \['a', 'b'\]; expected"),
        (",".join(COLUMNS) + "\nx,t,mse,1,photoshop,s,\n", "convention 'photoshop'; expected one of"),
    ],
)
def test_a_spoilt_file_is_refused(text, message, tmp_path):
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_published(tmp_path / "scores.csv")
