"""What of a source was left out: one row for each, with its reason, kept in ``rejected.parquet`` and counted in one line."""

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from imharmony.storage.tables import write_rows

REJECTED_FILE = "rejected.parquet"
FIRST = 3  # of them are named in the log

REJECTED = pa.schema([("name", pa.string()), ("reason", pa.string()), ("detail", pa.string())])

log = logging.getLogger(__name__)


class LeftOut(NamedTuple):
    """One file, photograph or annotation that is not used."""

    name: str
    reason: str  # one word, to be counted
    detail: str = ""


def counts_of(left_out: Iterable[LeftOut]) -> str:
    """How many there are of each reason, the most frequent first: "file_name 4, size 2"."""
    counts = Counter(each.reason for each in left_out)
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def examples_of(left_out: list[LeftOut]) -> str:
    """The first of them with their details."""
    named = "; ".join(f"{each.name}: {each.reason}" + (f" ({each.detail})" if each.detail else "") for each in left_out[:FIRST])
    return named + (" ..." if len(left_out) > FIRST else "")


def keep_left_out(left_out: list[LeftOut], out: Path, *, what: str, place: Path | None = None) -> None:
    """Writes ``out/rejected.parquet`` and says how many of what were left out, and why. Where nothing was, there is no such file.

    ``place`` is where the folder will be once it is finished.
    """
    path = out / REJECTED_FILE
    if not left_out:
        path.unlink(missing_ok=True)
        return
    write_rows(path, [each._asdict() for each in left_out], REJECTED)
    log.warning(
        "%s: left out %d (%s), see %s; first %s",
        what,
        len(left_out),
        counts_of(left_out),
        (place or out) / REJECTED_FILE,
        examples_of(left_out),
    )
