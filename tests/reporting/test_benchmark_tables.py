"""Tables of pages from CSV files of benchmarks: what they show, and what is said where there is nothing to show."""

from pathlib import Path

import pytest

from imharmony.errors import InputError
from reporting.benchmark_tables import measured, speed


def test_columns_that_hold_nothing_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("what,peak_memory,note\nours,3,\nother,,\n")
    assert measured(tmp_path, ["a.csv"]).splitlines()[0] == "| what | peak memory |"
    assert measured(tmp_path, ["a.csv", "note"]).splitlines()[-1] == "| \N{EN DASH} |"


@pytest.mark.parametrize("table", [measured, speed])
def test_a_file_that_is_absent_is_one_line(tmp_path: Path, table) -> None:
    with pytest.raises(InputError, match=r"^a\.csv: no such file; .* run the benchmark"):
        table(tmp_path, ["a.csv"])


@pytest.mark.parametrize("table", [measured, speed])
def test_a_file_without_rows_is_one_line(tmp_path: Path, table) -> None:
    (tmp_path / "a.csv").write_text("what,note\n")
    with pytest.raises(InputError, match=r"^a\.csv: no rows"):
        table(tmp_path, ["a.csv"])


def test_a_column_that_the_file_lacks_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("what,note\nours,1\n")
    with pytest.raises(InputError, match=r"^a\.csv: no column 'wat'; expected some of what, note"):
        measured(tmp_path, ["a.csv", "wat"])
    with pytest.raises(InputError, match="no column 'peer'"):
        speed(tmp_path, ["a.csv"])
