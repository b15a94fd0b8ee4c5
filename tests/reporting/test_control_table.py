"""Published controls as a table."""

import csv

import pytest

from imharmony.errors import InputError
from reporting.control_table import HEADER, control_table

MINUS = "\N{MINUS SIGN}"


def published(folder, *rows):
    with (folder / "trial.controls.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dataset", "method", "measure", "mean", "low", "high", "n_pictures", "n_photographs", "n_seeds"])
        writer.writerows(rows)


def test_methods_stand_by_their_gain_with_intervals_and_without_the_composite(tmp_path):
    published(
        tmp_path,
        ("people", "identity", "own_change", 0, 0, 0, 40, 20, 1),
        ("people", "late", "own_change", -10.4, -20, -0.2, 40, 20, 1),
        ("people", "first", "own_change", -1234, -1300, -1200, 40, 20, 1),
        ("people", "first", "untouched_ciede2000", 2.345, 2, 2.5, 40, 20, 1),
        ("people", "first", "untouched_visible", 0.5, 0.25, 0.75, 40, 20, 1),
        ("people", "few", "swapped_loss", 7, "", "", 4, 4, 1),
        ("hmh", "elsewhere", "own_change", -9, -9, -9, 40, 20, 1),
    )
    header, rows = control_table(tmp_path, "trial", "people")
    assert header == HEADER
    assert rows == [
        ["`first`", f"{MINUS}1,234 ({MINUS}1,300 to {MINUS}1,200)", "–", "–", "2.35 (2.00 to 2.50)", "50 % (25 % to 75 %)"],
        ["`late`", f"{MINUS}10 ({MINUS}20 to 0)", "–", "–", "–", "–"],
        ["`few`", "–", "–", "+7 (–, 4 photographs)", "–", "–"],
    ]


def test_a_run_without_controls_and_a_data_set_that_it_lacks_are_one_line(tmp_path):
    with pytest.raises(InputError, match=r"trial\.controls\.csv does not exist; expected the controls of a published run"):
        control_table(tmp_path, "trial", "people")
    published(tmp_path)
    with pytest.raises(InputError, match="has no rows of 'people'"):
        control_table(tmp_path, "trial", "people")
