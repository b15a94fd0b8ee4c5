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
    """Rows of a folder of shards, by address. Cheap to open in every process: files are mapped on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._batch = lru_cache(maxsize=64)(self._open)

    def _open(self, shard: int) -> pa.RecordBatch:
        path = shard_path(self.folder, shard)
        try:
            return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        except (FileNotFoundError, pa.ArrowInvalid) as error:
            raise InputError(f"{path}: missing or not whole ({error}); delete {self.folder} and run its stage again") from error

    def value(self, shard: int, row: int, column: str) -> Any:
        """One cell, copied out of the map."""
        return self._batch(shard).column(column)[row].as_py()

    def row(self, shard: int, row: int) -> Row:
        """One row, copied out of the map."""
        batch = self._batch(shard)
        return {name: batch.column(name)[row].as_py() for name in batch.schema.names}
