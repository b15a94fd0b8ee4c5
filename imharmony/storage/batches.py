"""Parquet files that are read and written a batch of rows at a time, and are never in memory whole."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path
from imharmony.storage.tables import read_table

ROWS_AT_ONCE = 2**16


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file, texts as dictionaries; an absent or broken file, or a missing column, is an ``InputError``."""
    try:
        schema = pq.read_schema(path)
        names = schema.names if columns is None else list(columns)
        if absent := [name for name in names if name not in schema.names]:
            raise InputError(f"{path}: no column {', '.join(absent)}; expected it; run the stage that writes it (dvc repro)")
        texts = [name for name in names if pa.types.is_string(schema.field(name).type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=names):
                batch.validate(full=True)
                yield batch
    except (pa.ArrowException, OSError):
        read_table(path)  # says what is wrong with the file
        raise


def write_batches(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
    """Writes a Parquet file (zstd) atomically; what is written is cast to the schema's types."""
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch.cast(schema), row_group_size=ROWS_AT_ONCE)
