"""The five reports' tables beside ours: each published figure as printed, and what this run says under the same convention."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import isnan, nan
from typing import Any

import pandas as pd
import pyarrow as pa

from imharmony.evaluation.conventions import CONVENTIONS, Convention
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_sets import Scores
from imharmony.storage.shards import Row
from reporting.side_by_side_file import REPORT_000_CODE, DescribedRow, DescribedTable

TABLE = pa.schema(
    [
        ("report", pa.string()),
        ("table", pa.string()),
        ("system", pa.string()),  # as the report prints it
        ("method", pa.string()),  # ours; null where we have none
        ("metric", pa.string()),
        ("convention", pa.string()),  # that ours is counted by; null where it is not measured
        ("background", pa.string()),  # the convention's; composite in place of raw: as a method that pastes is used
        ("dataset", pa.string()),
        ("sample_id", pa.string()),  # of a single picture; null: the mean over all images
        ("printed", pa.string()),  # to the digit
        ("published", pa.float64()),
        ("ours", pa.float64()),
        ("ours_low", pa.float64()),  # 95 % interval of the mean
        ("ours_high", pa.float64()),
        ("n_images", pa.int64()),
        ("note", pa.string()),  # why there is nothing of ours
    ]
)
Cells = dict[tuple[Hashable, ...], dict[Hashable, Any]]
BACKGROUNDS = {
    "raw": "the method's own picture, background included",
    "composite": "over the composite's background",
    "real": "over the real photograph's background",
    "real_twice": "over the real photograph's background, blended twice",
    "weighed": "the error weighed by the mask",
}
QUANTISATIONS = {
    "float": "as computed",
    "uint8": "rounded to whole levels",
    "truncated": "cut off to whole levels",
    "output_cut": "the output cut off to whole levels",
}


@dataclass(frozen=True)
class Value:
    """One of our figures with its interval; NaN where a single picture or photograph has none."""

    mean: float
    low: float = nan
    high: float = nan
    photographs: int | None = None  # of a mean


@dataclass(frozen=True)
class Line:
    """One of our methods on one data set or picture; ``notes`` say why a value is absent."""

    method: str | None
    values: dict[str, Value]
    notes: dict[str, str]
    convention: str | None = None
    background: str | None = None
    is_as_used: bool = False  # pasted over the composite's background, where the convention takes the method's own
    dataset: str | None = None
    sample_id: str | None = None
    images: int | None = None


@dataclass(frozen=True)
class Group:
    """A published line, as printed, and ours to it."""

    system: str
    printed: dict[str, str]
    source: str
    lines: list[Line]


@dataclass(frozen=True)
class Comparison:
    """A published table beside ours; ``conventions`` say in words how ours are counted, by the name of each."""

    table: DescribedTable
    conventions: dict[str, str]
    groups: list[Group]


@dataclass(frozen=True)
class Measured:
    """What this run has measured."""

    datasets: list[str]
    pasting: set[str]  # methods whose picture is pasted over the composite's background in use
    means: Cells  # rows of the summary by method, data set, background, quantisation and metric
    pictures: dict[str, list[str]]  # the pictures that stand for a data set
    singles: Cells  # rows of scores of those by method, data set, background, quantisation and picture
    report_000: dict[tuple[str, str], dict[str, float]]  # scores of those as that code counts, by method and picture
    lpips_reason: str | None  # why LPIPS is absent


def means_of(summary: pd.DataFrame) -> Cells:
    """The rows of ``tables/summary.parquet`` over all images, by what they are of."""
    rows = summary[summary["bucket"] == "all"].to_dict(orient="records")
    return {(row["method"], row["dataset"], row["background"], row["quantisation"], row["metric"]): row for row in rows}


def singles_of(scores: Scores, pictures: Mapping[str, list[str]], seeds: Mapping[str, int]) -> Cells:
    """The scores of single pictures, by what they are of; one seed of each method."""
    found: Cells = {}
    for dataset, names in pictures.items():
        places = {name: scores.sets[dataset].samples.index(name) for name in names}
        for (method, seed), protocols in scores.sets[dataset].scored.items():
            for protocol in protocols if seeds.get(method) == seed else ():
                metrics, values = scores.sets[dataset].values((method, seed), protocol)
                for name, place in places.items():
                    own = zip(metrics, values[place].tolist(), strict=True)
                    found[method, dataset, *protocol, name] = {metric: value for metric, value in own if not isnan(value)}
    return found


def compare(table: DescribedTable, published: Mapping[tuple[str, str], dict[str, str]], measured: Measured) -> Comparison:
    """A described table with the figures of both sides; ``published`` are the rows of ``published_scores.csv`` by system and test set."""
    groups = []
    for row in table.rows:
        found = published[row.published] if row.published else {}
        printed = {metric: found.get(metric, "") for metric in table.metrics}
        groups.append(Group(row.printed, printed, found.get("source", ""), list(_lines(row, table, measured))))
    used = dict.fromkeys(line.convention for group in groups for line in group.lines if line.convention)
    return Comparison(table, {name: in_words(name) for name in used}, groups)


def table_of(comparisons: Mapping[str, list[Comparison]]) -> pa.Table:
    """The comparisons of each report as rows of ``TABLE``: one for each published line, method of ours, data set and metric."""
    return pa.Table.from_pylist([row for number, tables in comparisons.items() for one in tables for row in _rows(number, one)], TABLE)


def in_words(convention: str) -> str:
    """How a convention counts."""
    if convention == REPORT_000_CODE:
        return "the composite in [−1, 1] against the output in [0, 1], PSNR for a peak of 255"
    chosen = CONVENTIONS[convention]
    return f"{BACKGROUNDS[chosen.background]}, {QUANTISATIONS[chosen.quantisation]}, PSNR for a peak of {MEASURES[chosen.psnr].peak}"


def _lines(row: DescribedRow, table: DescribedTable, measured: Measured) -> Iterator[Line]:
    if row.missing:
        yield _absent(None, table, row.missing)
    run = {key[0] for key in measured.means}
    datasets = [name for name in table.datasets if name in measured.datasets]
    for method in row.methods:
        if method not in run:
            yield _absent(method, table, "not in this run")
        elif not datasets:
            yield _absent(method, table, f"no test set of this run is like it; {' or '.join(table.datasets)} would be")
        else:
            yield from (line for dataset in datasets for line in _measured_lines(method, dataset, row, table, measured))


def _measured_lines(method: str, dataset: str, row: DescribedRow, table: DescribedTable, measured: Measured) -> Iterator[Line]:
    """By the letter of the convention and, where that takes a picture that nobody gets to see, as the method is used."""
    convention, sample_id = str(row.convention or table.convention), None
    if row.picture is not None:
        pictures = measured.pictures[dataset]
        if row.picture >= len(pictures):
            yield _absent(method, table, f"{dataset} has too few test pictures")
            return
        sample_id = pictures[row.picture]
    line = partial(Line, method, convention=convention, dataset=dataset, sample_id=sample_id)
    if convention == REPORT_000_CODE:
        scores = measured.report_000.get((method, str(sample_id)), {})
        values = {metric: Value(scores[metric]) for metric in table.metrics if metric in scores}
        yield line(values, _notes(table, values, measured), images=1)
        return
    chosen = CONVENTIONS[convention]
    backgrounds = [chosen.background, *(["composite"] if chosen.background == "raw" and method in measured.pasting else [])]
    for background in backgrounds:
        protocol = (method, dataset, background, chosen.quantisation)
        values, images = (
            _mean(protocol, chosen, table, measured) if sample_id is None else _single(protocol, sample_id, chosen, table, measured)
        )
        is_as_used = background != chosen.background
        yield line(values, _notes(table, values, measured), background=background, is_as_used=is_as_used, images=images)


def _mean(
    protocol: tuple[str, str, str, str], chosen: Convention, table: DescribedTable, measured: Measured
) -> tuple[dict[str, Value], int | None]:
    found = {metric: measured.means.get((*protocol, chosen.column(metric))) for metric in table.metrics}
    cells = {metric: cell for metric, cell in found.items() if cell is not None}
    values = {metric: Value(cell["mean"], cell["low"], cell["high"], cell["n_photographs"]) for metric, cell in cells.items()}
    return values, max((cell["n_images"] for cell in cells.values()), default=None)


def _single(
    protocol: tuple[str, str, str, str], sample_id: str, chosen: Convention, table: DescribedTable, measured: Measured
) -> tuple[dict[str, Value], int | None]:
    scores = measured.singles.get((*protocol, sample_id), {})
    found = {metric: scores.get(chosen.column(metric)) for metric in table.metrics}
    return {metric: Value(score) for metric, score in found.items() if score is not None}, 1


def _absent(method: str | None, table: DescribedTable, reason: str) -> Line:
    return Line(method, {}, dict.fromkeys(table.metrics, reason))


def _notes(table: DescribedTable, values: dict[str, Value], measured: Measured) -> dict[str, str]:
    reasons = {column: measured.lpips_reason for column, measure in MEASURES.items() if measure.needs_network}
    return {metric: reasons.get(metric) or "not scored under this convention" for metric in table.metrics if metric not in values}


def _rows(number: str, comparison: Comparison) -> Iterator[Row]:
    for group in comparison.groups:
        for line in group.lines:
            for metric, printed in group.printed.items():
                value = line.values.get(metric, Value(nan))
                figures = {"published": float(printed or nan), "ours": value.mean, "ours_low": value.low, "ours_high": value.high}
                yield {
                    **{"report": number, "table": comparison.table.name, "system": group.system, "method": line.method},
                    **{"metric": metric, "convention": line.convention, "background": line.background},
                    **{"dataset": line.dataset, "sample_id": line.sample_id},
                    **{"printed": printed or None, "n_images": line.images, "note": line.notes.get(metric)},
                    **{name: None if pd.isna(figure) else figure for name, figure in figures.items()},
                }
