"""A published run's scores of clips: what is kept of them in git, and their table in the documentation."""

from pathlib import Path

import pyarrow as pa

from imharmony.clips.judging import TRUTH
from imharmony.clips.methods import NONE
from imharmony.clips.summary import ALL_KINDS
from reporting.claims import side
from reporting.published_rows import DASH, rows_of, with_sign

SUFFIX = ".clips.csv"  # after a run's name, which has no dot
DIGITS = {"fmse": 0, "psnr": 2, "tl": 2, "flicker": 2}
HEADER = ["method", "parameters", "fMSE", "PSNR", "temporal loss", "flicker"]
HEADER_OF_PAIRS = ["method", "against", "fMSE", "PSNR", "temporal loss", "flicker"]
FILTERED = {NONE: "of each frame", "exponential": "filtered as they come", "both_ways": "filtered both ways"}
LEGEND = (
    "Means over test clips of moved foregrounds and moving light; each method's frames are pasted over the composite and rounded. "
    "Temporal loss: squared levels along the known motion. Flicker: CIELAB, beyond the truth's."
)
LEGEND_OF_PAIRS = (
    "Mean differences on the same clips; in brackets 95 % intervals over photographs. Bold: the interval lies on one side of 0."
)
Row = dict[str, str]


def published_clips(means: pa.Table, pairs: pa.Table) -> pa.Table:
    """Rows of ``CLIP_MEANS`` and ``CLIP_PAIRS`` in one table; a mean has no reference."""
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in pairs.schema.names} for row in [*means.to_pylist(), *pairs.to_pylist()]], schema=pairs.schema
    )


def clip_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: the means of each method."""
    rows = [row for row in _rows(published, run, dataset) if not row["reference"]]
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        cells.setdefault((row["method"], row["smoothing"]), {})[row["measure"]] = row
    body = []
    for (method, smoothing), own in cells.items():
        name = "truth" if method == TRUTH else f"`{method}`"
        numbers = [f"{float(own[each]['mean']):,.{digits}f}" if each in own else DASH for each, digits in DIGITS.items()]
        body.append([name, FILTERED[smoothing], *numbers])
    return HEADER, body


def clip_pairs_table(published: Path, run: str, dataset: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one data set: a video against its twin and its start, and filtered parameters against those of each frame."""
    rows = [row for row in _rows(published, run, dataset) if row["reference"] and row["reference"] != "untouched"]
    cells: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(tuple(row[key] for key in ("method", "smoothing", "reference", "reference_smoothing")), {})[row["measure"]] = row
    body = []
    for (method, smoothing, reference, other), own in cells.items():
        names = [_way(method, smoothing), _way(reference, other)]
        body.append([*names, *(_difference(own.get(each), digits) for each, digits in DIGITS.items())])
    return HEADER_OF_PAIRS, body


def _rows(published: Path, run: str, dataset: str) -> list[Row]:
    return rows_of(published, run, dataset, suffix=SUFFIX, what="the clips", kind=ALL_KINDS)


def _way(method: str, smoothing: str) -> str:
    return f"`{method}`" if smoothing == NONE else f"`{method}`, {FILTERED[smoothing]}"


def _difference(row: Row | None, digits: int) -> str:
    if row is None:
        return DASH
    if not row["low"]:
        return f"{with_sign(float(row['mean']), digits)} ({DASH}, {row['n_photographs']} photographs)"
    text = f"{with_sign(float(row['mean']), digits)} ({with_sign(float(row['low']), digits)} to {with_sign(float(row['high']), digits)})"
    return f"**{text}**" if side(float(row["low"]), float(row["high"])) in ("below", "above") else text
