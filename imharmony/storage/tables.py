"""How the tables that the stages hand to each other are read and written; their columns stand beside who owns them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from imharmony.errors import InputError
from imharmony.storage.files import atomic_path

MOST_NAMES = 12  # of columns, in a message


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


def read_table(path: Path, columns: list[str] | None = None, rows: pc.Expression | None = None) -> pa.Table:
    """Reads a Parquet file, or some of its columns and rows; an absent or broken one raises an ``InputError`` that names it."""
    with readable(path):
        table = pq.read_table(path, columns=columns, filters=rows)
        table.validate(full=True)
    return table


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What Arrow raises in the block about a Parquet file that is absent or broken becomes an ``InputError`` that names it."""
    if path.is_dir():  # Arrow would read whatever files are in it
        raise InputError(f"{path}: a folder; expected a Parquet file; remove it and run the stage that writes it")
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table; run the stage that writes it (dvc repro)") from error
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError(f"{path}: not a whole Parquet file ({error}); delete it and run its stage again") from error


def read_typed(path: Path, schema: pa.Schema, *, filled: Iterable[str] = ()) -> pa.Table:
    """The columns of a schema from a Parquet file, in its types; numbers and texts of another width are converted.

    A column that is missing or of another kind, or a null in one of ``filled``, raises an ``InputError`` that names it.
    """
    table = read_table(path)
    again = "make it again with the stage or command that writes it"
    if absent := [name for name in schema.names if table.schema.names.count(name) != 1]:
        came = f"has columns {', '.join(table.schema.names[:MOST_NAMES]) or 'none'}"
        raise InputError(f"{path}: {came}; expected {', '.join(absent)} as well, once; {again}")
    columns = []
    for field in schema:
        column = table[field.name]
        if column.type != field.type and _kind(column.type) not in ("null", _kind(field.type)):
            raise InputError(f"{path}: column {field.name} is {column.type}; expected {field.type}; {again}")
        try:
            columns.append(column.cast(field.type))
        except pa.ArrowException as error:
            raise InputError(f"{path}: column {field.name} is no {field.type} ({error}); {again}") from error
    typed = pa.table(columns, schema=schema)
    for name in filled:
        if typed[name].null_count:
            raise InputError(f"{path}: column {name} has {typed[name].null_count} empty cells; expected none; {again}")
    return typed


def _kind(kind: pa.DataType) -> str:
    """What may stand for each other."""
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    kinds = {
        "whole number": pa.types.is_integer,
        "number": pa.types.is_floating,
        "text": lambda each: pa.types.is_string(each) or pa.types.is_large_string(each),
        "null": pa.types.is_null,
    }
    return next((name for name, holds in kinds.items() if holds(kind)), str(kind))


def read_parts(paths: Iterable[Path]) -> pa.Table:
    """Parquet files of one schema as one table, in their order."""
    return pa.concat_tables([pq.read_table(path) for path in paths]).combine_chunks()
