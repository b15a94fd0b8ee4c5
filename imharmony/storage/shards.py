"""Rows with binary columns in few large files, with constant-time access to any row.

A shard is one uncompressed Arrow IPC file (``shard-00000.arrow``) of one record batch, read through a memory map.
A row's address is (shard, row). Shards of equal rows are equal byte for byte.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path

Row = dict[str, Any]


def shard_path(folder: Path, shard: int) -> Path:
    """The file of a shard."""
    return folder / f"shard-{shard:05d}.arrow"


def write_shard(folder: Path, shard: int, rows: Iterable[Row], schema: pa.Schema) -> Path:
    """Writes one shard atomically."""
    batch = pa.RecordBatch.from_pylist(list(rows), schema=schema)
    path = shard_path(folder, shard)
    with atomic_path(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)
    return path


class ShardReader:
    """Rows of a folder of shards, by address. Cheap to open in every process: files are mapped on first use.

    With a ``schema``, those of its columns that a shard has must have its types.
    """

    def __init__(self, folder: Path, schema: pa.Schema | None = None) -> None:
        self.folder = folder
        self._schema = schema
        self._batch = lru_cache(maxsize=64)(self._open)

    def _open(self, shard: int) -> pa.RecordBatch:
        path = shard_path(self.folder, shard)
        again = f"delete {self.folder} and run its stage again"
        try:
            file = pa.ipc.open_file(pa.memory_map(str(path)))
            if file.num_record_batches != 1:
                raise InputError(f"{path}: has {file.num_record_batches} parts; expected one; {again}")
            batch = file.get_batch(0)
            batch.validate(full=True)  # or a cell of a broken file could lie outside the map
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path}: missing or not whole ({error}); {again}") from error
        for field in self._schema or ():
            if field.name in batch.schema.names and batch.schema.field(field.name).type != field.type:
                came = batch.schema.field(field.name).type
                raise InputError(f"{path}: column {field.name} is {came}; expected {field.type}; {again}")
        return batch

    def value(self, shard: int, row: int, column: str) -> Any:
        """One cell, copied out of the map."""
        batch = self._batch(shard)
        if batch.schema.names.count(column) != 1 or row is None or not 0 <= row < batch.num_rows:
            came = f"{batch.num_rows} rows of {', '.join(batch.schema.names) or 'no column'}"
            again = f"delete {self.folder} and run its stage again"
            wanted = f"row {row} of column {column}"
            raise InputError(f"{shard_path(self.folder, shard)}: has {came}; expected {wanted}; {again}")
        return batch.column(column)[row].as_py()

    def row(self, shard: int, row: int) -> Row:
        """One row, copied out of the map."""
        batch = self._batch(shard)
        return {name: batch.column(name)[row].as_py() for name in batch.schema.names}
