"""What methods are worth on clips: means and paired differences, with 95 % intervals over photographs.

What is resampled are photographs (scenes of the studio are counted as such), as everywhere (``evaluation.intervals``); all methods of a
data set share the resamples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.clips.judging import MEASURES
from imharmony.errors import InputError
from imharmony.evaluation.blocks import by_photograph, ratio_of, resamples_of, sums_of
from imharmony.evaluation.control_summary import Photographs
from imharmony.evaluation.intervals import interval
from imharmony.storage.shards import Row

ALL_KINDS = "all"
NUMBERS = [("mean", pa.float64()), ("low", pa.float64()), ("high", pa.float64()), ("n_clips", pa.int64()), ("n_photographs", pa.int64())]
# One row for each data set, kind of clips, method, smoothing and measure; `low` and `high` are null with fewer than ten photographs.
CLIP_MEANS = pa.schema([(name, pa.string()) for name in ("dataset", "kind", "method", "smoothing", "measure")] + NUMBERS)
# The same of the difference to a reference, clip by clip.
CLIP_PAIRS = pa.schema(
    [(name, pa.string()) for name in ("dataset", "kind", "method", "smoothing", "reference", "reference_smoothing", "measure")] + NUMBERS
)


class Way(NamedTuple):
    """A method, and what its parameters are filtered by."""

    method: str
    smoothing: str = "none"


def means(judged: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``CLIP_MEANS``, of all clips first and then of each kind."""
    rows: list[Row] = []
    for named, numbers, drawn in _groups(judged, bootstrap=bootstrap, seed=seed):
        for way, values in numbers.items():
            rows += _rows(named | {"method": way.method, "smoothing": way.smoothing}, values, drawn, least=0.0)
    return pa.Table.from_pylist(rows, schema=CLIP_MEANS)


def pairs(judged: pa.Table, compared: Sequence[tuple[Way, Way]], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``CLIP_PAIRS``: the first of each two minus the second."""
    rows: list[Row] = []
    for named, numbers, drawn in _groups(judged, bootstrap=bootstrap, seed=seed):
        for own, other in compared:
            if own in numbers and other in numbers:
                names = {
                    "method": own.method,
                    "smoothing": own.smoothing,
                    "reference": other.method,
                    "reference_smoothing": other.smoothing,
                }
                rows += _rows(named | names, numbers[own] - numbers[other], drawn)
    return pa.Table.from_pylist(rows, schema=CLIP_PAIRS)


def _groups(judged: pa.Table, *, bootstrap: int, seed: int) -> list[tuple[Row, dict[Way, np.ndarray], Photographs]]:
    """Of each data set and kind its clips, sorted by photograph, and each way's measures (clips, measures)."""
    found = []
    every = judged.to_pandas()
    for dataset, of_dataset in every.groupby("dataset", sort=True):
        for kind in [ALL_KINDS, *sorted(of_dataset["kind"].unique())]:
            part = of_dataset if kind == ALL_KINDS else of_dataset[of_dataset["kind"] == kind]
            clips = pd.MultiIndex.from_frame(part[["image_id", "sample_id"]]).unique().sort_values()
            photographs, starts = np.unique(clips.get_level_values("image_id"), return_index=True)
            drawn = Photographs(starts, resamples_of(str(dataset), len(photographs), bootstrap=bootstrap, seed=seed))
            numbers = {}
            for (method, smoothing), own in part.groupby(["method", "smoothing"], sort=False):
                rows = own.set_index(["image_id", "sample_id"])[[*MEASURES]]
                if rows.index.has_duplicates or len(rows) != len(clips):
                    came = f"clips of {dataset}: {method} has {len(rows)} rows"
                    raise InputError(f"{came}; expected {len(clips)}, one a clip; evaluate it again")
                numbers[Way(str(method), str(smoothing))] = rows.reindex(clips).to_numpy(np.float64)
            found.append(({"dataset": str(dataset), "kind": kind}, numbers, drawn))
    return found


def _rows(named: Row, values: np.ndarray, drawn: Photographs, *, least: float = -np.inf) -> list[Row]:
    sums, counts = by_photograph(drawn, sums_of(values[None], np.ones(len(values), bool)))
    low, high = interval(drawn, sums, counts)
    columns = {"mean": ratio_of(sums.sum(0), counts.sum(0)), "low": np.maximum(low, least), "high": high}
    columns |= {"n_clips": counts.sum(0), "n_photographs": (counts > 0).sum(0)}
    rows = []
    for place, measure in enumerate(MEASURES):
        if columns["n_clips"][place]:
            numbers = {name: column[place].item() for name, column in columns.items()}
            rows.append(
                named
                | {"measure": measure}
                | {name: None if isinstance(each, float) and np.isnan(each) else each for name, each in numbers.items()}
            )
    return rows
