"""Tables keep their columns; errors name the file."""

import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.storage.tables import read_table, write_rows

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
