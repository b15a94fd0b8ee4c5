"""Tables keep their columns; errors name the file."""

from itertools import accumulate, pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imharmony.errors import InputError
from imharmony.storage import tables
from imharmony.storage.tables import join_tables, read_table, write_rows

SCHEMA = pa.schema({"annotation_id": pa.int64(), "image_id": pa.int64(), "category": pa.string(), "reason": pa.string()})
ROW = {"annotation_id": 1, "image_id": 2, "category": "person", "reason": "crowd"}


def test_rows_are_read_back(tmp_path):
    write_rows(tmp_path / "t.parquet", [ROW, {"annotation_id": 3}], SCHEMA)
    assert read_table(tmp_path / "t.parquet").to_pylist() == [ROW, {"annotation_id": 3, "image_id": None, "category": None, "reason": None}]


def test_an_empty_table_keeps_its_columns(tmp_path):
    write_rows(tmp_path / "t.parquet", [], SCHEMA)
    assert read_table(tmp_path / "t.parquet").schema.equals(SCHEMA)


def test_equal_rows_make_equal_files(tmp_path):
    for name in "ab":
        write_rows(tmp_path / name, [ROW] * 100, SCHEMA)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_how_a_table_came_in_parts_changes_no_byte_and_bounds_its_row_groups(tmp_path, monkeypatch):
    rows = [ROW | {"annotation_id": number} for number in range(100)]
    write_rows(tmp_path / "whole.parquet", rows, SCHEMA)
    joined = []
    for sizes in ([100], [1, 0, 59, 40], [33] * 3 + [1]):
        starts = list(accumulate(sizes, initial=0))
        paths = [tmp_path / f"{len(joined)}-{number}.parquet" for number in range(len(sizes))]
        for path, (start, stop) in zip(paths, pairwise(starts), strict=True):
            write_rows(path, rows[start:stop], SCHEMA)
        for most in (1 << 16, 40):
            monkeypatch.setattr(tables, "ROWS_PER_GROUP", most)
            join_tables(tmp_path / f"{most}.parquet", paths, SCHEMA)
        groups = pq.ParquetFile(tmp_path / "40.parquet").metadata
        assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [40, 40, 20]
        joined.append([(tmp_path / f"{most}.parquet").read_bytes() for most in (1 << 16, 40)])
    assert joined[0] == joined[1] == joined[2]
    assert joined[0][0] == (tmp_path / "whole.parquet").read_bytes()
    assert read_table(tmp_path / "40.parquet").to_pylist() == rows


def test_no_parts_are_an_empty_table(tmp_path):
    write_rows(tmp_path / "empty.parquet", [], SCHEMA)
    join_tables(tmp_path / "joined.parquet", [], SCHEMA)
    assert (tmp_path / "joined.parquet").read_bytes() == (tmp_path / "empty.parquet").read_bytes()


def test_an_unknown_column_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"unknown columns \['reson'\]"):
        write_rows(tmp_path / "t.parquet", [{"reson": "x"}], SCHEMA)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 half"])
def test_an_absent_or_broken_table_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.parquet: (no such table|not a whole Parquet file)"):
        read_table(tmp_path / "t.parquet")


def test_a_table_is_what_arrow_says(tmp_path):
    write_rows(tmp_path / "t.parquet", [ROW], SCHEMA)
    assert isinstance(read_table(tmp_path / "t.parquet", columns=["reason"]), pa.Table)
