"""Rows and numbers of published files, as the tables of the documentation have them."""

import csv
from pathlib import Path

from imharmony.errors import InputError
from imharmony.storage.names import expect_name

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def rows_of(published: Path, run: str, dataset: str, *, suffix: str, what: str, **also: str) -> list[dict[str, str]]:
    """A data set's rows of the file that a run has under this suffix, with ``also`` in their columns; an ``InputError`` where none is."""
    path = published / f"{expect_name(run, of='a published run of a table')}{suffix}"
    if not path.exists():
        raise InputError(f"{path} does not exist; expected {what} of a published run: python -m reporting publish NAME")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if ({"dataset": dataset} | also).items() <= row.items()]
    if not rows:
        raise InputError(f"{path} has no rows of {dataset!r}; expected some: publish the run again, or another data set")
    return rows


def with_sign(value: float, digits: int) -> str:
    """A number with its sign, none where it is rounded to 0."""
    near = round(value, digits)
    return f"{MINUS if near < 0 else '+' if near > 0 else ''}{abs(near):,.{digits}f}"
