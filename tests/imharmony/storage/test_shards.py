"""Shards give back what was written, by address, and equal rows make equal files."""

import pyarrow as pa
import pytest

from imharmony.errors import InputError
from imharmony.storage.shards import ShardReader, shard_path, write_shard

SCHEMA = pa.schema([("image_id", pa.int64()), ("jpeg", pa.binary())])
ROWS = [{"image_id": 7, "jpeg": b"seven"}, {"image_id": 9, "jpeg": b""}]


def test_any_row_is_found_by_its_address(tmp_path):
    write_shard(tmp_path, 0, ROWS, SCHEMA)
    write_shard(tmp_path, 3, ROWS[:1], SCHEMA)
    reader = ShardReader(tmp_path)
    assert reader.row(0, 1) == ROWS[1]
    assert reader.value(3, 0, "jpeg") == b"seven"


def test_equal_rows_make_equal_files(tmp_path):
    first, second = (write_shard(tmp_path / name, 0, ROWS, SCHEMA).read_bytes() for name in "ab")
    assert first == second


def test_a_cut_shard_is_named(tmp_path):
    path = write_shard(tmp_path, 0, ROWS, SCHEMA)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=r"shard-00000\.arrow: missing or not whole"):
        ShardReader(tmp_path).row(0, 0)


def test_an_absent_shard_is_named(tmp_path):
    with pytest.raises(InputError, match=str(shard_path(tmp_path, 5).name)):
        ShardReader(tmp_path).row(5, 0)
