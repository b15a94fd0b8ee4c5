"""Tables of scores from elsewhere: read whole, or refused in one line."""

import csv
import math
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from imharmony.cli import main
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS, under
from imharmony.evaluation.imported import imported_rows, score_table
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.scoring import score_split
from imharmony.storage.tables import write_table
from tests.imharmony.evaluation.conftest import SIZE

COLUMNS = {"name": "Name", "mse": "MSE", "psnr_255": "PSNR", "fmse": "fMSE", "ssim": "SSIM"}
NAMES = {"method": "theirs", "seed": 0, "dataset": "people", "code": None, "data_hash": "h"}


@pytest.fixture(scope="module")
def own(packed) -> pa.Table:
    """A method's scores by the pipeline's own path."""
    rows = score_split(packed, lambda composite, _: composite.astype(np.float32) * 0.9 + 7.3, names=NAMES, perceptual=None)
    return pa.Table.from_pylist(rows, schema=SCORES)


def their_rows(own: pa.Table, convention: str) -> list[dict]:
    """The same as another code would print them, in another order and under names of its own."""
    chosen = CONVENTIONS[convention]
    rows = own.filter((pc.field("background") == chosen.background) & (pc.field("quantisation") == chosen.quantisation)).to_pylist()
    return [
        {
            "Name": f"HCOCO/c{row['sample_id']}.jpg",
            **{"MSE": row["mse"], "PSNR": row[chosen.psnr], "fMSE": row[chosen.fmse or "fmse"], "SSIM": row["ssim"], "width": 640},
        }
        for row in reversed(rows)
    ]


def write_csv(path: Path, rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def columns_of(convention: str) -> dict[str, str]:
    chosen = CONVENTIONS[convention]
    columns = {"name": "Name", "mse": "MSE", chosen.psnr: "PSNR"}
    return columns | ({"fmse": "fMSE"} if chosen.fmse else {}) | ({"ssim": "SSIM"} if "ssim" in chosen.also else {})


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_table_under_any_convention_gives_back_the_numbers_it_holds(convention, own, composites, tmp_path):
    file = write_csv(tmp_path / "t.csv", their_rows(own, convention))
    found = score_table(file, composites, columns=columns_of(convention), convention=convention, method="theirs", size_px=SIZE)
    expected, back = under(own, convention), under(found, convention)
    assert back["sample_id"].to_pylist() == expected["sample_id"].to_pylist()
    for column in ("image_id", "foreground_ratio", "mse", "psnr", *(["fmse"] if CONVENTIONS[convention].fmse else [])):
        assert back[column].to_pylist() == pytest.approx(expected[column].to_pylist())
    assert found.schema.equals(SCORES)
    assert found.num_rows == len(set(own["sample_id"].to_pylist()))


def test_what_the_table_lacks_is_null_and_what_the_data_set_knows_is_filled_in(own, packed, tmp_path):
    file = write_csv(tmp_path / "t.csv", their_rows(own, "pctnet"))
    rows = imported_rows(file, packed, names=NAMES, columns={"name": "Name", "mse": "MSE"}, convention="pctnet")
    assert {key for row in rows for key in row if key in SCORES.names} == set(rows[0])
    assert not {"fmse", "psnr_255", "lpips"} & set(rows[0])
    assert {(row["background"], row["quantisation"]) for row in rows} == {("weighed", "float")}
    assert {row["sample_id"]: row["mask_mean"] for row in rows} == dict(
        zip(own["sample_id"].to_pylist(), own["mask_mean"].to_pylist(), strict=True)
    )


def test_parquet_is_read_like_csv(own, packed, tmp_path):
    rows = their_rows(own, "headline")
    write_table(tmp_path / "t.parquet", pa.Table.from_pylist(rows))
    read = [
        imported_rows(file, packed, names=NAMES, columns=COLUMNS, convention="headline")
        for file in (write_csv(tmp_path / "t.csv", rows), tmp_path / "t.parquet")
    ]
    assert read[0] == read[1]


def test_letters_choose_a_subset_of_a_table_of_several(own, packed, tmp_path):
    rows = their_rows(own, "headline")
    others = [{**row, "Name": row["Name"].replace("c", "f"), "MSE": "-"} for row in rows]  # the same numbers under other letters
    file = write_csv(tmp_path / "t.csv", [{**row, "Name": row["Name"].removeprefix("HCOCO/")} for row in [*others, *rows]])
    found = imported_rows(file, packed, names=NAMES, columns=COLUMNS, convention="headline", letters="c")
    assert len(found) == len(rows)
    with pytest.raises(
        InputError, match=r"'a1_1_1' is no composite of this split.*; say which letters are to be read: names begin with a, c$"
    ):
        imported_rows(
            write_csv(tmp_path / "a.csv", [rows[0] | {"Name": "a1_1_1"}, *rows]),
            packed,
            names=NAMES,
            columns=COLUMNS,
            convention="headline",
        )
    with pytest.raises(InputError, match=r"'HCOCO/c.*' is there twice, or 'HCOCO/f.*' is the same"):
        imported_rows(write_csv(tmp_path / "u.csv", [*rows, *others][::-1]), packed, names=NAMES, columns=COLUMNS, convention="headline")


def test_numbers_may_be_rounded_as_papers_round_them(own, packed, tmp_path):
    rows = [
        {name: value if isinstance(value, str) else f"{value:.{2 if name == 'PSNR' else 1}f}" for name, value in row.items()}
        for row in their_rows(own, "headline")
    ]
    imported_rows(write_csv(tmp_path / "t.csv", rows), packed, names=NAMES, columns=COLUMNS, convention="headline")


def test_equal_pictures_have_infinite_decibels(own, packed, tmp_path):
    first, *rest = their_rows(own, "headline")
    file = write_csv(tmp_path / "t.csv", [first | {"MSE": 0, "PSNR": "inf"}, *rest])
    assert imported_rows(file, packed, names=NAMES, columns=COLUMNS, convention="headline")[-1]["psnr_255"] == math.inf
    with pytest.raises(InputError, match=r"PSNR is 100 dB where MSE is 0; expected a peak of 255"):
        imported_rows(
            write_csv(tmp_path / "u.csv", [first | {"MSE": 0, "PSNR": 100}, *rest]),
            packed,
            names=NAMES,
            columns=COLUMNS,
            convention="headline",
        )


def test_an_image_without_foreground_has_no_foreground_error_whatever_the_table_says(own, packed, tmp_path):
    mask = np.array(packed.mask)
    mask[0] = 0
    bare = PackedSplit(packed.rows, packed.composite, packed.real, mask)
    rows = their_rows(own, "headline")
    rows[-1]["fMSE"] = "nan"
    first, *rest = imported_rows(write_csv(tmp_path / "t.csv", rows), bare, names=NAMES, columns=COLUMNS, convention="headline")
    assert (first["fmse"], first["mask_mean"]) == (None, 0)
    assert first["mse"] > 0
    assert all(row["fmse"] > 0 for row in rest)
    with pytest.raises(InputError, match=r"fMSE is 'nan'; expected a number"):
        imported_rows(tmp_path / "t.csv", packed, names=NAMES, columns=COLUMNS, convention="headline")


def edited(**change: object):
    return lambda rows: [rows[0] | change, *rows[1:]]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[1:], r"no row for 1 of \d+ composites, first \d+_\d+_\d+; expected one for each"),
        (lambda rows: [*rows, rows[0]], r"is there twice"),
        (edited(Name="HCOCO/c1_2_9.jpg"), r"'HCOCO/c1_2_9\.jpg' is no composite of this split; expected names like \d+_\d+_\d+"),
        (edited(MSE="3,5"), r"MSE is '3,5'; expected a number, for mse, in every row"),
        (edited(MSE="1_0"), r"MSE is '1_0'; expected a number, for mse, in every row"),
        (edited(fMSE=""), r"fMSE is empty; expected a number"),
        (edited(MSE=-1), r"MSE is -1; expected 0 or more, and finite, as mse is"),
        (edited(SSIM=97.3), r"SSIM is 97\.3; expected -1 to 1, as ssim is"),
        (edited(PSNR="-inf"), r"PSNR is -inf; expected decibels"),
        (edited(PSNR="inf"), r"PSNR is inf dB where MSE is .*; expected a peak of 255"),
        (lambda rows: [{"Name": row["Name"], "mse": row["MSE"]} for row in rows], r"no columns 'MSE', named for mse; expected one of"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(spoil, message, own, packed, tmp_path):
    file = write_csv(tmp_path / "t.csv", spoil(their_rows(own, "headline")))
    with pytest.raises(InputError, match=message) as error:
        imported_rows(file, packed, names=NAMES, columns=COLUMNS, convention="headline")
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def claim(rows: list[dict], packed: PackedSplit, tmp_path: Path, columns: dict[str, str], convention: str) -> list[dict]:
    return imported_rows(write_csv(tmp_path / "t.csv", rows), packed, names=NAMES, columns=columns, convention=convention)


@pytest.mark.parametrize(("truth", "claimed"), [("samsung", "pctnet"), ("dovenet", "rainnet"), ("harmonizer", "headline")])
def test_a_psnr_of_another_peak_than_255_is_noticed_by_its_mse(truth, claimed, own, packed, tmp_path):
    columns = columns_of(truth)
    columns["psnr_255"] = columns.pop(CONVENTIONS[truth].psnr)
    columns.pop("fmse")
    columns.pop("ssim", None)
    with pytest.raises(InputError, match=r"a peak of \d+.*; expected a peak of 255, as psnr_255 has; so in .*probably another"):
        claim(their_rows(own, truth), packed, tmp_path, columns, claimed)


@pytest.mark.parametrize("claimed", ["samsung", "dovenet"])
def test_a_psnr_of_255_is_not_believed_to_be_of_the_pictures_own_peak(claimed, own, packed, tmp_path):
    dark = PackedSplit(packed.rows, packed.composite, (np.array(packed.real) * 0.7).astype(np.uint8), packed.mask)
    columns = {"name": "Name", "mse": "MSE", CONVENTIONS[claimed].psnr: "PSNR"}
    with pytest.raises(InputError, match=r"PSNR has a peak of 255 in \d+ of the \d+ images whose photograph's is below 245"):
        claim(their_rows(own, "pctnet"), dark, tmp_path, columns, claimed)


def test_an_mse_of_pictures_in_unit_range_shows_as_its_peak(own, packed, tmp_path):
    rows = [row | {"MSE": row["MSE"] / 255**2} for row in their_rows(own, "headline")]
    with pytest.raises(InputError, match=r"a peak of 1; expected a peak of 255"):
        claim(rows, packed, tmp_path, COLUMNS, "headline")


@pytest.mark.parametrize(
    ("columns", "convention", "message"),
    [
        ({"name": "Name", "psnr": "PSNR"}, "headline", r"columns has \['psnr'\]; expected name and some of \['mse', 'fmse', 'psnr_255'"),
        ({"mse": "MSE"}, "headline", r"columns has \['mse'\]; expected name, the image's name, and at least one metric"),
        ({"name": "Name"}, "headline", "at least one metric"),
        (COLUMNS, "photoshop", r"convention is 'photoshop'; expected one of \['diffharmony'"),
        (COLUMNS, "hdnet", r"columns has ssim; expected what hdnet counts, mse, fmse, psnr_255; remove it"),
        (COLUMNS, "rainnet", r"columns has fmse; expected what rainnet counts, mse, psnr_255; remove it"),
        ({"name": "Name", "fmse_whole": "fMSE"}, "hdnet", r"columns has \['fmse_whole'\]; expected name and some of"),
    ],
)
def test_a_wrong_mapping_is_refused(columns, convention, message, own, packed, tmp_path):
    with pytest.raises(InputError, match=message):
        claim(their_rows(own, "headline"), packed, tmp_path, columns, convention)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.xlsx", "x", r"expected a name that ends in \.csv or \.parquet"),
        ("t.parquet", "x", "not a whole table"),
        ("t.csv", "Name,MSE\na,1,2\n", "line 2 has more cells than the 2 columns"),
        ("t.csv", 'Name,MSE\n"a,1\n', "not a whole table"),
        ("t.csv", "Name,MSE,MSE\na,1,2\n", "2 columns 'MSE', named for mse"),
        ("t.csv", "", "no columns 'Name'"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name, text, message, packed, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        imported_rows(tmp_path / name, packed, names=NAMES, columns={"name": "Name", "mse": "MSE"}, convention="headline")
    with pytest.raises(InputError, match="no such file"):
        imported_rows(tmp_path / "none.csv", packed, names=NAMES, columns={"name": "Name", "mse": "MSE"}, convention="headline")


def call(monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["harmonize", "score", *map(str, arguments)])
    main()


GIVEN = ("--column", "name=Name", "--column", "mse=MSE", "--column", "psnr_255=PSNR")


def test_the_command_prints_the_tables_own_convention_alone(own, composites, tmp_path, monkeypatch, capsys):
    file = write_csv(tmp_path / "t.csv", their_rows(own, "pctnet"))
    options = ("--table", file, "--dataset", composites, "--size", SIZE, "--convention", "pctnet", *GIVEN)
    call(monkeypatch, *options, "--out", tmp_path / "scores.parquet")
    rows = under(own, "pctnet")
    means = [f"{np.mean(rows[column].to_numpy()):.2f}" for column in ("mse", "psnr")]
    head, only = capsys.readouterr().out.splitlines()[-2:]
    assert head.split()[0] == "convention"
    assert only.split()[:5] == ["pctnet", *means, "-", str(rows.num_rows)]
    assert "errors outside the mask do not count" in only
    assert (tmp_path / "scores.parquet").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((*GIVEN,), "--table without --convention; expected one of"),
        (("--convention", "pctnet", "--column", "mse"), "--column mse: expected OURS=THEIRS"),
        (("--convention", "pctnet", *GIVEN, "--column", "mse=X"), "names a column of ours twice"),
        (("--convention", "pctnet", *GIVEN, "--lpips", "alex"), "--lpips is of pictures"),
        (("--convention", "pctnet", *GIVEN), "no such file"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(options, message, composites, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, "--table", tmp_path / "none.csv", "--dataset", composites, "--size", SIZE, *options)
    said = capsys.readouterr().err.strip().splitlines()
    assert (stop.value.code, len(said)) == (2, 1)
    assert message in said[0]
