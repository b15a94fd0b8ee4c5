"""``side_by_side.yaml``: what the five reports print, and which of our methods and conventions stand beside it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from imharmony.errors import InputError
from imharmony.evaluation.conventions import CONVENTIONS
from pipeline.params.section import Section
from pipeline.params.yaml_files import read_yaml
from reporting.published_scores import PublishedTable

SIDE_BY_SIDE = Path(__file__).with_name("side_by_side.yaml")
REPORT_000_CODE = "report_000_code"  # no filter on scores: pictures are scored as that code does
MEASURED = ("mse", "psnr", "lpips")  # of what is printed, what the scores have


class DescribedRow(Section):
    """A line of a published table; without ``published`` it is one that we add."""

    printed: str
    published: tuple[str, str] | None = None  # system and test set, as published_scores.csv names them
    methods: tuple[str, ...] = ()
    missing: str | None = None  # why there are no methods
    convention: str | None = None  # in place of the table's
    picture: Annotated[int, Field(ge=0)] | None = None  # one of the typical test pictures; null: the mean over all

    @model_validator(mode="after")
    def _has_methods_or_a_reason(self) -> "DescribedRow":
        if bool(self.methods) == bool(self.missing):
            raise ValueError(f"{self.printed!r} has methods {list(self.methods)} and missing {self.missing!r}; give one of the two")
        return self


class DescribedTable(Section):
    """A published table, its protocol, and why ours may differ."""

    name: str
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    convention: str | None = None  # null: nothing of it is measured here
    datasets: tuple[str, ...] = ()  # ours, from the most to the least alike
    protocol: str
    why: str
    rows: Annotated[tuple[DescribedRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ours_can_be_measured(self) -> "DescribedTable":
        known = [REPORT_000_CODE, *sorted(CONVENTIONS)]
        for row in self.rows:
            convention = row.convention or self.convention
            if row.methods and convention not in known:
                raise ValueError(f"convention of {row.printed!r} is {convention!r}; expected one of {known}")
            if row.methods and (unknown := [metric for metric in self.metrics if metric not in MEASURED]):
                raise ValueError(f"metric is {unknown[0]!r}; expected one of {list(MEASURED)}, or rows without methods")
            if row.methods and not self.datasets:
                raise ValueError(f"{row.printed!r} has methods and the table no datasets; expected at least one")
        return self


class DescribedFigure(Section):
    """A published figure and what takes its place."""

    name: str
    shows: str
    here: str
    section: str | None = None  # of the page; null: nothing takes its place


class Details(Section):
    """Whose details are shown enlarged, and on which data set: the first that a run has."""

    datasets: Annotated[tuple[str, ...], Field(min_length=1)]
    methods: Annotated[tuple[str, ...], Field(min_length=1)]


class DescribedReport(Section):
    """One of the five reports."""

    title: str
    tables: tuple[DescribedTable, ...]
    figures: tuple[DescribedFigure, ...]
    details: Details | None = None


def read_described(published: list[PublishedTable], path: Path = SIDE_BY_SIDE) -> dict[str, DescribedReport]:
    """The reports by number. What is unknown, or does not agree with the published scores, is an ``InputError`` that names it."""
    reports = read_yaml(path, dict[str, DescribedReport])
    systems = published_rows(published)
    for number, report in reports.items():
        for table in report.tables:
            for row in table.rows:
                _check_published(row, table, systems, f"{path}, report {number}, {table.name}")
    return reports


def published_rows(published: list[PublishedTable]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows of ``published_scores.csv`` by system and test set."""
    return {(row["system"], table.test_set): row for table in published for row in table.rows}


def _check_published(row: DescribedRow, table: DescribedTable, systems: dict[tuple[str, str], dict[str, str]], where: str) -> None:
    if row.published is None:
        return
    if row.published not in systems:
        raise InputError(f"{where}: published is {list(row.published)}; expected system and test set of a row of published_scores.csv")
    found = systems[row.published]
    if absent := [metric for metric in table.metrics if not found.get(metric)]:
        raise InputError(f"{where}: metric {absent[0]!r} of {list(row.published)} is not in published_scores.csv; add it or drop it")
    convention = row.convention or table.convention
    if row.methods and found["convention"] not in {"", convention}:
        raise InputError(f"{where}: {row.printed!r} has convention {convention!r}; published_scores.csv says {found['convention']!r}")
