"""How the tables that the stages hand to each other are read and written; their columns stand beside who owns them."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path


def write_table(path: Path, table: pa.Table) -> None:
    """Writes a Parquet file (zstd) atomically."""
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_csv(path: Path, table: pa.Table) -> None:
    """Writes a CSV file with a header atomically; floats keep all their digits."""
    with atomic_path(path) as temporary:
        pacsv.write_csv(table, temporary)


WRITERS: dict[str, Callable[[Path, pa.Table], None]] = {".parquet": write_table, ".csv": write_csv}


def writer_for(path: Path) -> Callable[[Path, pa.Table], None]:
    """What writes a table under this name, by its ending; another ending is an ``InputError``."""
    if path.suffix not in WRITERS:
        raise InputError(f"{path}: expected a name that ends in {' or '.join(WRITERS)}")
    return WRITERS[path.suffix]


def write_rows(path: Path, rows: Sequence[dict[str, object]], schema: pa.Schema) -> None:
    """Writes rows as a Parquet file; a missing key becomes null, a key outside the schema is an error."""
    unknown = {key for row in rows for key in row} - set(schema.names)
    if unknown:
        raise ValueError(f"{path}: unknown columns {sorted(unknown)}; expected {schema.names}")
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Reads a Parquet file; an absent or broken one raises an ``InputError`` that names it."""
    try:
        return pq.read_table(path, columns=columns)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; run the stage that writes it (dvc repro)") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a whole Parquet file ({error}); delete it and run its stage again") from error


def read_parts(paths: Iterable[Path]) -> pa.Table:
    """Parquet files of one schema as one table, in their order."""
    return pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()
