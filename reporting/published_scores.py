"""``published_scores.csv``: what papers and reports print, beside our figures and never among them."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS

PUBLISHED_SCORES = Path(__file__).with_name("published_scores.csv")
COLUMNS = ["system", "test_set", "metric", "value", "convention", "source", "note"]


@dataclass(frozen=True)
class PublishedTable:
    """The systems that were scored on one test set: a row for each, a column for each metric, values as printed."""

    test_set: str
    metrics: list[str]
    rows: list[dict[str, str]]  # system, convention, source, note and the metrics; "" where nothing is printed


def read_published(path: Path = PUBLISHED_SCORES) -> list[PublishedTable]:
    """A table for each test set, in the file's order. A convention that ``CONVENTIONS`` does not have is an error; "" is unknown."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(frame.columns) != COLUMNS:
        raise InputError(f"{path}: columns are {list(frame.columns)}; expected {COLUMNS}")
    if unknown := sorted(set(frame["convention"]) - {"", *CONVENTIONS}):
        raise InputError(f"{path}: convention {unknown[0]!r}; expected one of {sorted(CONVENTIONS)}, or nothing where it is not known")
    return [_table(str(test_set), part) for test_set, part in frame.groupby("test_set", sort=False)]


def _table(test_set: str, part: pd.DataFrame) -> PublishedTable:
    metrics = list(part["metric"].unique())
    rows = []
    for _, own in part.groupby("system", sort=False):
        first = own.iloc[0]
        values = dict(zip(own["metric"], own["value"], strict=True))
        row = {name: first[name] for name in ("system", "convention", "source", "note")}
        rows.append(row | {metric: values.get(metric, "") for metric in metrics})
    return PublishedTable(test_set, metrics, rows)
