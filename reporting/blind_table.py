"""A published run's scores without a mask: what is kept of them in git, and their table in the documentation."""

from pathlib import Path

import pyarrow as pa

from imharmony.blind.judging import BLIND, HEADLINE, TRUE_MASK, UNTOUCHED
from imharmony.blind.summary import CORRUPTED, MEASURES
from imharmony.storage.shards import Row
from reporting.published_rows import DASH, rows_of, with_sign

SUFFIX = ".blind.csv"  # after a run's name, which has no dot
# One row for each number: a system's mean, or its mean difference to a reference.
PUBLISHED = pa.schema(
    [
        ("dataset", pa.string()),
        ("is_real", pa.bool_()),
        ("variant", pa.string()),
        ("system", pa.string()),
        ("reference_variant", pa.string()),  # null of a mean
        ("reference", pa.string()),
        ("metric", pa.string()),  # of summary.MEASURES
        ("value", pa.float64()),
        ("low", pa.float64()),  # of the headline and of differences; null with fewer than ten photographs
        ("high", pa.float64()),
        ("n_pictures", pa.int64()),
        ("n_photographs", pa.int64()),
    ]
)
HEADER = ["system", "MSE", "PSNR", "against the composite", "against the true mask", "against the first", "made worse"]
HEADER_OF_CONTROL = f"against `{CORRUPTED}`"
LEGEND = (
    "Mean MSE and PSNR of the own whole picture without a mask; nothing of it is pasted. Differences of MSE to the composite as it is, to "
    "the same harmonizer with the true mask, and to the first system without one; negative is better. Bold: the interval is below 0. In "
    "brackets: 95 % intervals over photographs. Made worse: share of composites with a larger MSE than before."
)


def published_blind(means: pa.Table, pairs: pa.Table) -> pa.Table:
    """Rows of ``BLIND_MEANS`` and ``BLIND_PAIRS`` as rows of ``PUBLISHED``; a measure without a value has none."""
    rows: list[Row] = []
    for row in means.to_pylist():
        for metric in (name for name in MEASURES if row[name] is not None):
            ends = {} if metric == HEADLINE else {"low": None, "high": None}
            rows.append({name: row.get(name) for name in PUBLISHED.names} | {"metric": metric, "value": row[metric]} | ends)
    rows += [{name: row.get(name) for name in PUBLISHED.names} | {"value": row["difference"]} for row in pairs.to_pylist()]
    return pa.Table.from_pylist(rows, schema=PUBLISHED)


def blind_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: the composite as it is, and each variant in the order in which they were published."""
    rows = rows_of(published, run, dataset, suffix=SUFFIX, what="scores without a mask", is_real="false")
    keys = ("variant", "system", "reference_variant", "reference", "metric")
    cells = {tuple(row[key] or "" for key in keys): row for row in rows}
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    first, others = variants[0], [CORRUPTED] if CORRUPTED in variants[1:] else []
    body = [["composite as it is", *(_mean(cells, first, UNTOUCHED, metric) for metric in (HEADLINE, "psnr")), *[""] * (4 + len(others))]]
    for variant in variants:
        references = [(variant, UNTOUCHED), (variant, TRUE_MASK), *((base, BLIND) for base in [first, *others])]
        line = [f"`{variant}`", *(_mean(cells, variant, BLIND, metric) for metric in (HEADLINE, "psnr"))]
        line += [_change(cells.get((variant, BLIND, *reference, HEADLINE))) for reference in references]
        harm = cells.get((variant, BLIND, "", "", "harm"))
        body.append([*line, f"{100 * float(harm['value']):.0f} %" if harm else DASH])
    return [*HEADER[:-1], *([HEADER_OF_CONTROL] if others else []), HEADER[-1]], body


def _mean(cells: dict[tuple[str, ...], dict[str, str]], variant: str, system: str, metric: str) -> str:
    row = cells.get((variant, system, "", "", metric))
    if row is None:
        return DASH
    value = f"{float(row['value']):,.2f}"
    return value if metric != HEADLINE else f"{value} {_interval(row, signed=False)}"


def _change(row: dict[str, str] | None) -> str:
    if row is None:
        return DASH
    text = f"{with_sign(float(row['value']), 2)} {_interval(row, signed=True)}"
    return f"**{text}**" if row["high"] and float(row["high"]) < 0 else text


def _interval(row: dict[str, str], *, signed: bool) -> str:
    if not row["low"]:
        return f"({DASH}, {row['n_photographs']} photograph{'s' if row['n_photographs'] != '1' else ''})"
    low, high = (with_sign(float(row[end]), 2) if signed else f"{float(row[end]):,.2f}" for end in ("low", "high"))
    return f"({low} to {high})"
