"""A published run's mattes: what is kept of them in git, and their tables in the documentation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from imharmony.storage.shards import Row
from reporting.published_rows import DASH, rows_of, with_sign

OF_MATTING = ("matting", "matting_pairs", "matting_bands", "matting_harmonized", "matting_harmonized_pairs")  # the report's tables
SUFFIX = ".matting.csv"  # after a run's name, which has no dot
METRICS = {"mse": 4, "sad": 3, "grad": 3, "conn": 3}  # as report 004 has them, and their decimals
NAMES = {"mse": "MSE", "sad": "SAD", "grad": "Grad", "conn": "Conn"}
HEADLINE = {"region": "unknown", "size": "native"}
# One row for each number: a method's or system's mean, or its mean difference to a reference.
PUBLISHED = pa.schema(
    [
        ("dataset", pa.string()),
        ("method", pa.string()),
        ("reference", pa.string()),  # null of a mean
        ("metric", pa.string()),
        ("region", pa.string()),  # of errors of alpha
        ("size", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),  # 95 % interval over portraits; null with fewer than ten
        ("high", pa.float64()),
        ("percent", pa.float64()),  # of a difference of errors of alpha, of the reference's mean
        ("n_portraits", pa.int64()),
    ]
)
LEGEND = (
    "Errors of alpha over the trimap's unknown region, at the portraits' own size; SAD, Grad and Conn in thousands. In brackets: 95 % "
    "intervals over portraits."
)
LEGEND_OF_CLAIMS = (
    "Mean of the first minus the second on the same portraits, unknown region, own size. In brackets: 95 % intervals over portraits, and "
    "percent of the second. Bold: the interval is below 0."
)
OF_PICTURES = {  # measures of composites and of what is harmonized, their names and decimals
    "band_mse_soft_minus_hard": ("soft minus hard matte, MSE at the edge", 1),
    "background_mse": ("MSE of the background", 0),
    "lightness_change": ("background lighter by", 2),
    "distance_change": ("background farther by", 2),
}
SIGNED = frozenset(OF_PICTURES) - {"background_mse"}
LEGEND_OF_PICTURES = (
    "The matte as it is and cut at a half, in the band around the edge (report 004's figure 2). What systems make of the changed "
    "background: its error, and by how much it became lighter, and farther from the person's colour, in CIELAB units (figure 5). In "
    "brackets: 95 % intervals over portraits."
)


def published_matting(tables: Mapping[str, pa.Table]) -> pa.Table:
    """Rows of the report's tables of matting as rows of ``PUBLISHED``."""
    rows: list[Row] = [_row(row, metric=row["metric"], value=row["mean"]) for row in tables["matting"].to_pylist()]
    rows += [_row(row, metric=row["metric"], value=row["difference"]) for row in tables["matting_pairs"].to_pylist()]
    for row in tables["matting_bands"].to_pylist():
        rows.append(_row(row, metric="band_mse_soft", value=row["band_mse_soft"]) | {"low": None, "high": None})
        rows.append(_row(row, metric="band_mse_hard", value=row["band_mse_hard"]) | {"low": None, "high": None})
        rows.append(_row(row, metric="band_mse_soft_minus_hard", value=row["difference"]))
    for name, value in (("matting_harmonized", "mean"), ("matting_harmonized_pairs", "difference")):
        rows += [_row(row | {"method": row["system"]}, metric=row["measure"], value=row[value]) for row in tables[name].to_pylist()]
    return pa.Table.from_pylist(rows, schema=PUBLISHED)


def matting_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: each method's errors, in the order in which they were published."""
    rows = [row for row in _rows(published, run, dataset) if not row["reference"] and _is_headline(row)]
    body = []
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = {row["metric"]: row for row in rows if row["method"] == method}
        body.append([f"`{method}`", *(_mean(cells.get(metric), digits) for metric, digits in METRICS.items())])
    return ["method", *NAMES.values()], body


def claims_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: the paired differences."""
    rows = [row for row in _rows(published, run, dataset) if row["reference"] and _is_headline(row)]
    body = []
    for pair in dict.fromkeys((row["method"], row["reference"]) for row in rows):
        cells = {row["metric"]: row for row in rows if (row["method"], row["reference"]) == pair}
        body.append([*(f"`{name}`" for name in pair), *(_change(cells.get(metric), digits) for metric, digits in METRICS.items())])
    return ["first", "second", *NAMES.values()], body


def pictures_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: what becomes of composites by each method's matte, and of backgrounds by each system."""
    rows = [row for row in _rows(published, run, dataset) if not row["reference"] and row["metric"] in OF_PICTURES]
    body = []
    for method in dict.fromkeys(row["method"] for row in rows):
        cells = {row["metric"]: row for row in rows if row["method"] == method}
        made = [_mean(cells.get(metric), digits, signed=metric in SIGNED) for metric, (_, digits) in OF_PICTURES.items()]
        body.append([f"`{method}`", *made])
    return ["method", *(name for name, _ in OF_PICTURES.values())], body


def _row(row: Row, *, metric: str, value: float) -> Row:
    return {name: row.get(name) for name in PUBLISHED.names} | {"metric": metric, "value": value}


def _rows(published: Path, run: str, dataset: str) -> Sequence[dict[str, str]]:
    return rows_of(published, run, dataset, suffix=SUFFIX, what="mattes")


def _is_headline(row: Mapping[str, str]) -> bool:
    return HEADLINE.items() <= row.items() and row["metric"] in METRICS


def _mean(row: Mapping[str, str] | None, digits: int, *, signed: bool = False) -> str:
    if row is None:
        return DASH
    value = with_sign(float(row["value"]), digits) if signed else f"{float(row['value']):,.{digits}f}"
    return f"{value} {_interval(row, digits, signed=signed)}"


def _change(row: Mapping[str, str] | None, digits: int) -> str:
    if row is None:
        return DASH
    percent = f", {with_sign(float(row['percent']), 1)} %" if row["percent"] else ""
    text = f"{with_sign(float(row['value']), digits)} {_interval(row, digits, signed=True)[:-1]}{percent})"
    return f"**{text}**" if row["high"] and float(row["high"]) < 0 else text


def _interval(row: Mapping[str, str], digits: int, *, signed: bool) -> str:
    if not row["low"]:
        return f"({DASH}, {row['n_portraits']} portrait{'s' if row['n_portraits'] != '1' else ''})"
    low, high = (with_sign(float(row[end]), digits) if signed else f"{float(row[end]):,.{digits}f}" for end in ("low", "high"))
    return f"({low} to {high})"
