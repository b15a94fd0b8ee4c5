"""Tables that are read, put in order and written some rows at a time."""

from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imharmony.errors import InputError
from imharmony.storage import streams
from imharmony.storage.streams import (
    BATCH_ROWS,
    buckets_in,
    count_rows,
    join_tables,
    read_batches,
    read_rows,
    rows_within,
    write_groups,
)
from imharmony.storage.tables import read_table, write_table

SCHEMA = pa.schema([("id", pa.int64()), ("data", pa.binary())])


def table_of(count: int) -> pa.Table:
    return pa.table({"id": np.arange(count), "data": [str(number).encode() * 9 for number in range(count)]}, schema=SCHEMA)


@pytest.fixture
def path(tmp_path):
    """200 rows in groups of 30."""
    pq.write_table(table_of(200), tmp_path / "table.parquet", row_group_size=30)
    return tmp_path / "table.parquet"


def test_batches_are_the_table_in_its_order(path, monkeypatch):
    monkeypatch.setattr("imharmony.storage.streams.BATCH_ROWS", 17)
    batches = list(read_batches(path, ["id", "data"]))
    assert max(map(len, batches)) <= 17
    assert pa.Table.from_batches(batches).equals(table_of(200))
    assert count_rows(path) == 200


def test_wide_rows_are_read_fewer_at_once(tmp_path):
    rng = np.random.default_rng(0)
    wide = pa.table({"id": np.arange(40), "data": [rng.bytes(1000) for _ in range(40)]}, schema=SCHEMA)
    write_table(tmp_path / "wide.parquet", wide)
    assert rows_within(tmp_path / "wide.parquet", 10_000, most_rows=100, columns=["data"]) == 9
    assert rows_within(tmp_path / "wide.parquet", 10, most_rows=100) == 1
    assert rows_within(tmp_path / "wide.parquet", 1 << 30, most_rows=100) == 100
    assert BATCH_ROWS > 1


def test_chosen_rows_come_with_their_places(path):
    positions = np.array([0, 29, 30, 31, 199])
    found = np.empty(5, np.int64)
    for part, batch in read_rows(path, positions, ["id"]):
        found[part] = batch["id"]
    assert found.tolist() == positions.tolist()
    assert list(read_rows(path, positions[:0], ["id"])) == []


def test_rows_come_out_by_bucket_and_leave_no_file(path, tmp_path):
    numbers = np.random.default_rng(1).integers(0, 5, 200)
    folder = tmp_path / "new"
    with buckets_in(folder) as buckets:
        for part, batch in read_rows(path, np.arange(200), ["id", "data"]):
            buckets.add(batch, numbers[part])
        found = [bucket["id"].to_pylist() for bucket in buckets]
    assert found == [np.flatnonzero(numbers == number).tolist() for number in range(5)]
    assert list(folder.iterdir()) == []


def test_one_group_has_the_bytes_of_the_whole_table(tmp_path):
    write_table(tmp_path / "whole.parquet", table_of(90))
    write_groups(tmp_path / "group.parquet", SCHEMA, [table_of(90)])
    assert (tmp_path / "group.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    write_groups(tmp_path / "groups.parquet", SCHEMA, [table_of(90).slice(0, 50), table_of(90).slice(50)])
    assert pq.ParquetFile(tmp_path / "groups.parquet").num_row_groups == 2
    assert pq.read_table(tmp_path / "groups.parquet").equals(table_of(90))


def test_what_is_no_table_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.parquet: no such table; run the stage that writes it"):
        next(read_batches(tmp_path / "none.parquet", ["id"]))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    for read in (count_rows, lambda path: next(read_batches(path, ["id"]))):
        with pytest.raises(InputError, match=r"broken\.parquet: not a whole Parquet file"):
            read(tmp_path / "broken.parquet")


def test_texts_may_come_as_codes_and_a_missing_column_is_named(tmp_path):
    table = pa.table({"name": ["a", "b", "a", None, "c"], "value": [1.0, None, 3.0, 4.0, 5.0]})
    write_table(tmp_path / "t.parquet", table)
    (batch,) = read_batches(tmp_path / "t.parquet", coded=True)
    assert pa.types.is_dictionary(batch["name"].type)
    assert pa.Table.from_batches([batch]).cast(table.schema).equals(table)
    with pytest.raises(InputError, match=r"t\.parquet: no column fmse; expected it"):
        list(read_batches(tmp_path / "t.parquet", ["name", "fmse"]))


def test_how_a_table_came_in_parts_changes_no_byte_and_bounds_its_row_groups(tmp_path, monkeypatch):
    table = table_of(100)
    write_table(tmp_path / "whole.parquet", table)
    joined = []
    for sizes in ([100], [1, 0, 59, 40], [33] * 3 + [1]):
        starts = list(accumulate(sizes, initial=0))
        paths = [tmp_path / f"{len(joined)}-{number}.parquet" for number in range(len(sizes))]
        for path, (start, stop) in zip(paths, pairwise(starts), strict=True):
            write_table(path, table.slice(start, stop - start))
        for most in (1 << 16, 40):
            monkeypatch.setattr(streams, "ROWS_PER_GROUP", most)
            join_tables(tmp_path / f"{most}.parquet", paths, SCHEMA)
        groups = pq.ParquetFile(tmp_path / "40.parquet").metadata
        assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [40, 40, 20]
        joined.append([(tmp_path / f"{most}.parquet").read_bytes() for most in (1 << 16, 40)])
    assert joined[0] == joined[1] == joined[2]
    assert joined[0][0] == (tmp_path / "whole.parquet").read_bytes()
    assert read_table(tmp_path / "40.parquet").equals(table)


def test_no_parts_are_an_empty_table(tmp_path):
    write_table(tmp_path / "empty.parquet", SCHEMA.empty_table())
    join_tables(tmp_path / "joined.parquet", [], SCHEMA)
    assert (tmp_path / "joined.parquet").read_bytes() == (tmp_path / "empty.parquet").read_bytes()
