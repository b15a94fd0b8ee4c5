"""Tables of the documentation from CSV files of benchmarks."""

import csv
from collections.abc import Sequence
from pathlib import Path

from reporting.markdown import table

DASH = "\N{EN DASH}"


def measured(root: Path, arguments: Sequence[str]) -> str:
    """``measured PATH [COLUMN ...]``: a CSV file's columns that hold anything, under their own names."""
    path, *wanted = arguments
    with (root / path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = wanted or [column for column in rows[0] if any(row[column] for row in rows)]
    return table([column.replace("_", " ") for column in columns], [[row[column] or DASH for column in columns] for row in rows])


def speed(root: Path, arguments: Sequence[str]) -> str:
    """``speed PATH``: a CSV file of benchmarks: what, peer, ratio, ours, unit, machine, note, command."""
    with (root / arguments[0]).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    body = []
    for row in rows:
        found = [
            f"{row['ratio']}\N{MULTIPLICATION SIGN}" if row["ratio"] else "",
            f"{row['ours']} {row['unit']}".strip() if row["ours"] else "",
        ]
        remarks = [row["machine"], row["note"]]
        body.append(
            [row["what"], row["peer"] or DASH, "; ".join(filter(None, found)), "; ".join(filter(None, remarks)), f"`{row['command']}`"]
        )
    return table(["what", "against", "result", "where", "command"], body)
