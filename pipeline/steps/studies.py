"""Tables of opinions that the report reads: those of ``harmonize study report`` that were put into ``reports/studies/``."""

from collections.abc import Iterable

import pyarrow as pa

from imharmony.errors import InputError
from imharmony.storage.tables import read_table
from opinion_study.tables import OPINIONS, SCORE
from pipeline.steps.paths import STUDIES

ALWAYS = ("study", "mode", "dataset", "method", "n_votes", "n_raters", "n_images", "n_left_out", "n_unfinished")


def read_opinions(studies: Iterable[str]) -> pa.Table:
    """The rows of all studies that the parameters name, one study after the other, under these names."""
    tables = [_read(name) for name in studies]
    return pa.concat_tables([OPINIONS.empty_table(), *tables])


def _read(name: str) -> pa.Table:
    path = STUDIES / f"{name}.parquet"
    advice = f"write it with `harmonize study report STUDY --out {path}` or take {name!r} out of `studies` in params.yaml"
    if not path.is_file():
        raise InputError(f"{path}: no such table, which `studies` in params.yaml names; {advice}")
    table = read_table(path)
    if not table.schema.equals(OPINIONS):
        raise InputError(f"{path}: columns are {table.schema.names}; expected {OPINIONS.names}; {advice}")
    if table.num_rows == 0:
        raise InputError(f"{path}: no rows; expected one for each method; {advice}")
    if empty := [column for column in ALWAYS if table[column].null_count]:
        raise InputError(f"{path}: {empty[0]} is empty in {table[empty[0]].null_count} rows; expected a value in each; {advice}")
    modes, methods = table["mode"].unique().to_pylist(), table["method"].to_pylist()
    if len(modes) != 1 or modes[0] not in SCORE:
        raise InputError(f"{path}: mode is {modes}; expected one of {sorted(SCORE)} in all rows; {advice}")
    if len(set(methods)) < len(methods):
        raise InputError(f"{path}: methods are {methods}; expected each once; {advice}")
    return table.set_column(0, OPINIONS.field("study"), pa.array([name] * table.num_rows))
