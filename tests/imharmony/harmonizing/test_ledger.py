"""The table outlives whatever ends the process that writes it."""

import os

import pytest

from imharmony.errors import InputError
from imharmony.harmonizing.ledger import append_row, read_rows, row_of, write_rows

ROWS = [
    row_of(photo="a.jpg", mask="a_mask.png", output="a.jpg", status="harmonized", words='0.1 stops brighter, "warm"', key="1"),
    row_of(photo="", mask="masks/é,;.png", status="failed", why="a mask\nwithout a photograph"),
    row_of(photo=os.fsdecode(b"\xff.jpg"), mask="m.png", output="x.jpg", status="left", key="2"),
]


@pytest.fixture
def table(tmp_path):
    write_rows(tmp_path / "harmonized.csv", [])
    for row in ROWS:
        append_row(tmp_path / "harmonized.csv", row)
    return tmp_path / "harmonized.csv"


def test_rows_come_back_as_they_were(table):
    assert read_rows(table) == ROWS
    assert table.read_bytes().count(b"\n") == 4
    assert table.read_text(errors="replace").startswith("photo,mask,output,status,why,words,seconds,key\n")


def test_a_table_that_was_cut_anywhere_loses_its_last_row_at_most(table):
    whole = table.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == 10]
    for length in range(len(whole)):
        table.write_bytes(whole[:length])
        kept = read_rows(table)
        assert kept == ROWS[: max(sum(end < length for end in ends) - 1, 0)]
    table.write_bytes(whole[:-5])
    append_row(table, ROWS[0]._replace(photo="new"))
    assert read_rows(table) == [*ROWS[:2], ROWS[0]._replace(photo="new")]


def test_the_last_row_of_a_photograph_counts(table):
    append_row(table, ROWS[0]._replace(status="failed"))
    assert [row.status for row in read_rows(table)] == ["failed", "failed", "left"]


def test_another_table_is_not_written_over(table):
    for text in ("name,price\nx,3\n", "name"):
        table.write_text(text)
        with pytest.raises(InputError, match="not a table of results"):
            read_rows(table)


def test_a_table_that_an_editor_saved_is_read(table):
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    assert read_rows(table) == ROWS


def test_no_table_has_no_rows(tmp_path):
    assert read_rows(tmp_path / "harmonized.csv") == []
