"""Tables larger than memory: read some rows at a time, put in order by way of a file, written in row groups."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path
from imharmony.storage.tables import readable

BATCH_BYTES = 8 << 20  # of rows that are read at once
BATCH_ROWS = 1 << 15
BUFFER_BYTES = 1 << 20  # of a column's file; without a buffer a whole row group of it is held
ROWS_PER_GROUP = 1 << 16  # of a table that is joined from parts


def count_rows(path: Path) -> int:
    """The number of a Parquet file's rows, by its own word."""
    with readable(path):
        return pq.read_metadata(path).num_rows


def rows_within(path: Path, most_bytes: int, *, most_rows: int, columns: Iterable[str] | None = None) -> int:
    """How many of a Parquet file's rows (at least 1) are about so large, as they are before compression."""
    with readable(path):
        facts = pq.read_metadata(path)
    wanted = {facts.schema.names.index(name) for name in (facts.schema.names if columns is None else columns)}
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    size = sum(group.column(column).total_uncompressed_size for group in groups for column in wanted)
    return int(np.clip(most_bytes * facts.num_rows // max(size, 1), 1, most_rows))


def read_batches(path: Path, columns: Sequence[str] | None = None, *, coded: bool = False) -> Iterator[pa.RecordBatch]:
    """A Parquet file or some columns of it, in its order, some rows at a time; ``coded``: texts as dictionaries.

    An absent or broken file, or one without such a column, raises an ``InputError``.
    """
    with readable(path):
        schema = pq.read_schema(path)
    names = schema.names if columns is None else list(columns)
    if absent := [name for name in names if name not in schema.names]:
        raise InputError(f"{path}: no column {', '.join(absent)}; expected it; run the stage that writes it (dvc repro)")
    texts = [name for name in names if coded and pa.types.is_string(schema.field(name).type)]
    rows = rows_within(path, BATCH_BYTES, most_rows=BATCH_ROWS, columns=names)
    with readable(path), pq.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False, read_dictionary=texts) as file:
        for batch in file.iter_batches(rows, columns=names, use_threads=False):
            batch.validate(full=True)
            yield batch


def read_rows(path: Path, positions: np.ndarray, columns: list[str]) -> Iterator[tuple[slice, pa.RecordBatch]]:
    """The rows at ascending ``positions`` (int64), some at a time, with the part of ``positions`` that they are."""
    before = done = 0
    for batch in read_batches(path, columns):
        stop = int(np.searchsorted(positions, before + len(batch)))
        if stop > done:
            yield slice(done, stop), batch.take(pa.array(positions[done:stop] - before))
        before, done = before + len(batch), stop


def write_groups(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Writes a Parquet file (zstd) atomically, each table a row group; the same bytes as ``tables.write_table`` of one table."""
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.combine_chunks())


def join_tables(path: Path, parts: Iterable[Path], schema: pa.Schema) -> None:
    """Joins Parquet files of one schema into one, in their order, atomically; few more than ``ROWS_PER_GROUP`` rows are held.

    Few rows give the file that ``write_table`` writes of them; how they came in parts changes no byte.
    """
    batches = (batch for part in parts for batch in read_batches(part, schema.names))
    write_groups(path, schema, _regrouped((pa.Table.from_batches([batch]).cast(schema) for batch in batches), schema))


def _regrouped(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    held = schema.empty_table()
    for table in tables:
        held = pa.concat_tables([held, table])
        while held.num_rows >= ROWS_PER_GROUP:
            yield held.slice(0, ROWS_PER_GROUP)
            held = held.slice(ROWS_PER_GROUP)
    yield held


class Buckets:
    """Rows that are added in any order, each with the number of its bucket, and taken out bucket by bucket."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._schema: pa.Schema | None = None
        self._pieces: dict[int, list[tuple[int, int]]] = {}  # where in the file, and how long

    def add(self, batch: pa.RecordBatch, buckets: np.ndarray) -> None:
        """Adds rows of one schema; ``buckets`` has a whole number for each."""
        self._schema = batch.schema
        order = np.argsort(buckets, kind="stable")
        numbers, starts = np.unique(buckets[order], return_index=True)
        batch = batch.take(pa.array(order))
        for number, (start, stop) in zip(numbers.tolist(), pairwise([*starts.tolist(), len(batch)]), strict=True):
            data = batch.slice(start, stop - start).serialize()
            self._pieces.setdefault(number, []).append((self._file.seek(0, 2), data.size))
            self._file.write(data)

    def __iter__(self) -> Iterator[pa.Table]:
        """The rows of each bucket, by its number; in a bucket, in the order in which they were added."""
        for number in sorted(self._pieces):
            yield pa.Table.from_batches([self._read(*piece) for piece in self._pieces[number]]).combine_chunks()

    def _read(self, start: int, length: int) -> pa.RecordBatch:
        self._file.seek(start)
        return pa.ipc.read_record_batch(pa.py_buffer(self._file.read(length)), self._schema)


@contextmanager
def buckets_in(folder: Path) -> Iterator[Buckets]:
    """Buckets in a file that has no name in the folder, so that nothing is left of it however the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield Buckets(file)
