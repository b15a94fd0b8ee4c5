"""Per-image tables of others, averaged as their papers' tables are: by another route, and what is refused."""

import math
from statistics import fmean

import pytest

from imharmony.errors import InputError
from imharmony.evaluation.cli import run
from imharmony.evaluation.published import published_averages
from imharmony.storage.tables import read_table

NAMES = {
    "HCOCO": ["c10_11_1", "c10_11_2.jpg", "HCOCO/composite_images/c35_4_1.jpg"],
    "HAdobe5k": ["a7_1_3", "a0935_1_1"],
    "HFlickr": ["f5_1_1"],
    "Hday2night": ["d90000002-24_1_19", "d18963-20120924-234609_1_1.jpg"],
}
METRICS = ("mse", "psnr", "fmse", "ssim")


def rows_of() -> list[dict[str, object]]:
    """Every image with numbers of its own; PSNR is of its MSE and peak 255."""
    rows = []
    for number, name in enumerate(name for names in NAMES.values() for name in names):
        mse = 10.0 + number**2
        psnr = 10 * math.log10(255**2 / mse)
        rows.append({"Name": name, "MSE": mse, "PSNR": psnr, "fMSE": 7 * mse, "SSIM": 1 - mse / 1000, "mask_area": 2 * (number + 1)})
    return [{**row, "height": 5, "width": 10} for row in rows]


def written(path, rows):
    header = list(rows[0])
    path.write_text("\n".join([",".join(header), *(",".join(str(row[name]) for name in header) for row in rows)]) + "\n")
    return path


def test_the_twenty_cells_of_a_papers_table(tmp_path):
    rows = rows_of()
    found = {row["group"]: row for row in published_averages(written(tmp_path / "t.csv", rows)).to_pylist()}
    by_name = {row["Name"]: row for row in rows}
    for subset, names in {**NAMES, "all": list(by_name)}.items():
        for metric, column in zip(METRICS, ("MSE", "PSNR", "fMSE", "SSIM"), strict=True):
            assert found[subset][metric] == pytest.approx(fmean(by_name[name][column] for name in names))
        assert found[subset]["n_images"] == len(names)
    assert found["all"]["mse"] != pytest.approx(fmean(found[subset]["mse"] for subset in NAMES))  # images weigh alike, not subsets


def test_buckets_of_the_foregrounds_share_where_the_table_has_it(tmp_path):
    rows = rows_of()  # 0.04, 0.08, ... 0.32
    found = {row["group"]: row for row in published_averages(written(tmp_path / "t.csv", rows)).to_pylist()}
    assert [found[bucket]["n_images"] for bucket in ("0-5 %", "5-15 %", "15-100 %")] == [1, 2, 5]
    assert found["5-15 %"]["fmse"] == pytest.approx(fmean([rows[1]["fMSE"], rows[2]["fMSE"]]))
    plain = [{name: row[name] for name in ("Name", "MSE")} | {"share": 0.05} for row in rows]
    assert published_averages(written(tmp_path / "p.csv", plain)).num_rows == 5
    named = published_averages(written(tmp_path / "p.csv", plain), columns={"foreground_ratio": "share"}).to_pylist()
    assert [row["n_images"] for row in named[5:]] == [8, 0, 0]  # an edge counts once, in the lower bucket
    assert named[6]["mse"] is named[0]["psnr"] is None


def test_psnr_without_error_is_counted_and_one_of_another_peak_too(tmp_path):
    rows = rows_of()
    rows[0] |= {"MSE": 0.0, "PSNR": "inf"}
    rows[1]["PSNR"] -= 0.9
    row = {row["group"]: row for row in published_averages(written(tmp_path / "t.csv", rows)).to_pylist()}["HCOCO"]
    assert (row["n_infinite"], row["n_other_peak"]) == (1, 1)
    assert row["psnr"] == pytest.approx(fmean([rows[1]["PSNR"], rows[2]["PSNR"]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Name": "x1_1_1"}, "'x1_1_1' is no image of iHarmony4; expected a name like c1_2_1"),
        ({"Name": "c10_11_2"}, "'c10_11_2' is there twice"),
        ({"MSE": ""}, "c10_11_1: mse is ''; expected a number, 0 or more, in every row"),
        ({"fMSE": "-1"}, "c10_11_1: fmse is '-1'"),
        ({"MSE": "inf"}, "c10_11_1: mse is 'inf'"),
        ({"MSE": "1_0"}, "c10_11_1: mse is '1_0'"),
        ({"SSIM": "1.5"}, "c10_11_1: ssim is '1.5'; expected -1 to 1"),
        ({"PSNR": "high"}, "c10_11_1: psnr is 'high'; expected decibels"),
        ({"mask_area": 0}, "c10_11_1: the foreground is 0 of the picture"),
    ],
)
def test_a_bad_row_is_named_in_one_line(tmp_path, change, message):
    rows = rows_of()
    rows[0] |= change
    with pytest.raises(InputError, match=message) as stop:
        published_averages(written(tmp_path / "t.csv", rows))
    assert "\n" not in str(stop.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, r"columns \['MSE', 'mse'\] are all mse; expected one; say which by --column mse=MSE"),
        ({"mse": "mse", "fmse": "mse"}, "column 'mse' is named twice"),
    ],
)
def test_which_column_is_meant_is_not_guessed(tmp_path, columns, message):
    table = written(tmp_path / "t.csv", [{**row, "mse": 2 * row["MSE"]} for row in rows_of()])
    with pytest.raises(InputError, match=message):
        published_averages(table, columns=columns)
    chosen = published_averages(table, columns={"mse": "mse"}).to_pylist()
    assert chosen[4]["mse"] == pytest.approx(2 * fmean(row["MSE"] for row in rows_of()))


def test_the_command_prints_and_writes_the_averages_and_needs_no_data_set(tmp_path):
    table = written(tmp_path / "t.csv", rows_of())
    said, code = run(["--table", str(table), "--published", "--out", str(tmp_path / "out.csv")])
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()[1:]] == [*NAMES, "all", "0-5", "5-15", "15-100"]
    assert (tmp_path / "out.csv").read_text().startswith("group,n_images,mse") or '"group"' in (tmp_path / "out.csv").read_text()
    run(["--table", str(table), "--published", "--out", str(tmp_path / "out.parquet")])
    assert read_table(tmp_path / "out.parquet").num_rows == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "t.csv", "--published", "--dataset", "d"], "--published with --dataset"),
        (["--table", "t.csv", "--published", "--convention", "pctnet"], "--published with --convention"),
        (["--table", "t.csv", "--published", "--size", "256"], "--published with --size"),
        (["--table", "t.csv", "--published", "--split", "test"], "--published with --split"),
        (["--table", "t.csv", "--published", "--method", "theirs"], "--published with --method"),
        (["--outputs", "o", "--published"], "--published is of a --table"),
        (["--table", "t.csv"], "--dataset is missing"),
    ],
)
def test_options_that_contradict_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        run(arguments)
