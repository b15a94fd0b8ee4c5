"""The table of a folder's results, harmonized.csv: a row for each, appended when it is done, so that a run can go on where one ended.

Several processes append to it. A row is one line and is written at once under a lock; what a killed process left of one is dropped.
"""

import csv
import fcntl
import os
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from imharmony.errors import InputError
from imharmony.storage.files import write_bytes

NAME = "harmonized.csv"  # lies where results are


class Row(NamedTuple):
    """What became of a photograph, or of a mask without one."""

    photo: str  # as it was found; "" of a mask without a photograph
    mask: str  # several are separated by " + "; "" of a cut-out
    output: str  # "" where there is none
    status: str  # harmonized, left (as it was) or failed
    why: str  # it failed or was left, or what is in doubt
    words: str  # what was changed
    seconds: str
    key: str  # SHA-256 of all that the output depends on

    @property
    def identity(self) -> tuple[str, str]:
        """What the row is about."""
        return self.photo, self.mask


def row_of(**values: str) -> Row:
    """A row whose cells are each one line; what is not given is empty."""
    given = dict.fromkeys(Row._fields, "") | values
    return Row(*(_one_line(given[field]) for field in Row._fields))


def read_rows(path: Path) -> list[Row]:
    """The rows of a table, the last of each identity; none where there is no table. What is no whole row is left out."""
    if not path.is_file():
        return []
    text, head = path.read_bytes().decode("utf-8", "surrogateescape"), _line(Row._fields)  # names of files need not be text
    if head.startswith(text):
        return []
    first, *lines = text.split("\n")[:-1] or [text]  # what follows the last end of a line was cut off
    if f"{first.rstrip(chr(13))}\n" != head:
        raise InputError(f"{path}: not a table of results; expected none, or one that `harmonize folder` wrote; move it away")
    rows = {row.identity: row for line in lines if (row := _row(line)) is not None}
    return list(rows.values())


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes the whole table anew, atomically."""
    write_bytes(path, "".join([_line(Row._fields), *map(_line, rows)]).encode("utf-8", "surrogateescape"))


def append_row(path: Path, row: Row) -> None:
    """Adds a row to a table that is there."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        data = (("\n" if is_cut else "") + _line(row)).encode("utf-8", "surrogateescape")
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _row(line: str) -> Row | None:
    try:
        cells = next(_parsed(line), [])
    except csv.Error:
        return None
    return Row(*cells) if len(cells) == len(Row._fields) and cells[3] in {"harmonized", "left", "failed"} else None


def _parsed(line: str) -> Iterator[list[str]]:
    return csv.reader([line.rstrip("\r")], strict=True)


def _line(cells: Iterable[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0")
