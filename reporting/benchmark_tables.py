"""Tables of the documentation from CSV files of benchmarks."""

import csv
from collections.abc import Sequence
from pathlib import Path

from imharmony.errors import InputError
from reporting.markdown import table

DASH = "\N{EN DASH}"


def measured(root: Path, arguments: Sequence[str]) -> str:
    """``measured PATH [COLUMN ...]``: a CSV file's columns that hold anything, under their own names."""
    path, *wanted = arguments
    rows = _rows(root, path, wanted)
    columns = wanted or [column for column in rows[0] if any(row[column] for row in rows)]
    return table([column.replace("_", " ") for column in columns], [[row[column] or DASH for column in columns] for row in rows])


def speed(root: Path, arguments: Sequence[str]) -> str:
    """``speed PATH``: a CSV file of benchmarks: what, peer, ratio, ours, unit, machine, note, command."""
    body = []
    for row in _rows(root, arguments[0], ("what", "peer", "ratio", "ours", "unit", "machine", "note", "command")):
        found = [
            f"{row['ratio']}\N{MULTIPLICATION SIGN}" if row["ratio"] else "",
            f"{row['ours']} {row['unit']}".strip() if row["ours"] else "",
        ]
        remarks = [row["machine"], row["note"]]
        body.append(
            [row["what"], row["peer"] or DASH, "; ".join(filter(None, found)), "; ".join(filter(None, remarks)), f"`{row['command']}`"]
        )
    return table(["what", "against", "result", "where", "command"], body)


def _rows(root: Path, path: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """The file's rows, one or more, with these columns."""
    try:
        with (root / path).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; a page shows it; take the last commit's or run the benchmark that writes it") from error
    if not rows:
        raise InputError(f"{path}: no rows; a page shows them; take the last commit's or run the benchmark that writes it")
    for column in columns:
        if column not in rows[0]:
            raise InputError(f"{path}: no column {column!r}; expected some of {', '.join(rows[0])}; correct the page's table")
    return rows
