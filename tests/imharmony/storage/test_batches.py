"""Tables that are read and written a batch at a time."""

import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.storage import batches
from imharmony.storage.arrays import Arrays
from imharmony.storage.batches import read_batches, write_batches
from imharmony.storage.tables import read_table, write_table

TABLE = pa.table({"name": ["a", "b", "a", None, "c"], "value": [1.0, None, 3.0, 4.0, 5.0]})


def test_rows_are_read_and_written_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", 2)
    write_table(tmp_path / "whole.parquet", TABLE)
    found = list(read_batches(tmp_path / "whole.parquet"))
    assert [batch.num_rows for batch in found] == [2, 2, 1]
    write_batches(tmp_path / "parts.parquet", found, TABLE.schema)
    assert read_table(tmp_path / "parts.parquet").equals(TABLE)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such table"), (b"PAR1 and no more", "not a whole Parquet file")], ids=["absent", "broken"]
)
def test_an_absent_or_broken_file_is_named(tmp_path, content, message):
    path = tmp_path / "scores.parquet"
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"scores\.parquet: {message}"):
        list(read_batches(path))


def test_a_folder_and_a_missing_column_are_named(tmp_path):
    with pytest.raises(InputError, match="a folder; expected a Parquet file"):
        list(read_batches(tmp_path))
    write_table(tmp_path / "scores.parquet", TABLE)
    with pytest.raises(InputError, match=r"scores\.parquet: no column fmse; expected it"):
        list(read_batches(tmp_path / "scores.parquet", ["name", "fmse"]))


def test_arrays_on_disk_are_those_that_were_put_and_none_is_held(tmp_path):
    numbers = TABLE["value"].to_numpy()
    for arrays, held in ((Arrays(), numbers.nbytes), (Arrays(tmp_path), 0)):
        arrays.put(("people", 0), numbers)
        assert arrays.get(("people", 0)).tobytes() == numbers.tobytes()
        assert ("people", 0) in arrays
        assert arrays.bytes_in_memory == held
