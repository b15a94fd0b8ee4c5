"""Rows of controls to one row per data set, method and measure, with intervals over photographs as all others have them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.blocks import by_photograph, ratio_of, resamples_of, sums_of
from imharmony.evaluation.controls import SWAPPED, UNTOUCHED
from imharmony.evaluation.intervals import interval, of_seeds
from imharmony.storage.shards import Row

# Mean CIEDE2000 of a foreground above which a photograph counts as visibly changed. Two patches that far apart are taken for the same
# by half of observers, and 0.8 is seen by half of them (Paravina et al. 2015, doi:10.1111/jerd.12149). The same observers' two limits
# in CIELAB are 2.7 and 1.2; pictures' differences are seen from a mean of about 2.5 CIELAB on (Song & Luo 2001,
# doi:10.2352/CIC.2001.9.1.art00041). So of pictures the higher of the two limits is the visible one.
VISIBLE = 1.8


@dataclass(frozen=True)
class ControlMeasure:
    """One number of a picture of a control; ``least`` and ``most`` are the ends of what its mean can be."""

    control: str
    says: str  # one phrase for the documentation
    function: Callable[[pd.DataFrame], pd.Series]  # of rows of ``controls.CONTROLS``
    least: float = -np.inf
    most: float = np.inf


CONTROL_MEASURES = {
    "own_change": ControlMeasure(
        SWAPPED, "change of fMSE on the composites as they are", lambda rows: rows["own_fmse"] - rows["composite_fmse"]
    ),
    "swapped_change": ControlMeasure(
        SWAPPED, "change of fMSE with another photograph's background", lambda rows: rows["fmse"] - rows["composite_fmse"]
    ),
    "swapped_loss": ControlMeasure(SWAPPED, "the second minus the first", lambda rows: rows["fmse"] - rows["own_fmse"]),
    "untouched_ciede2000": ControlMeasure(
        UNTOUCHED, "mean CIEDE2000 that is done to a photograph's foreground", lambda rows: rows["ciede2000"], least=0.0
    ),
    "untouched_visible": ControlMeasure(
        UNTOUCHED,
        f"share of photographs for which that is above {VISIBLE:g}",
        lambda rows: rows["ciede2000"].gt(VISIBLE).astype(float),
        least=0.0,
        most=1.0,
    ),
    "untouched_fmse": ControlMeasure(UNTOUCHED, "fMSE of a photograph's foreground", lambda rows: rows["fmse"], least=0.0),
}
CONTROL_SUMMARY = pa.schema(
    [
        ("dataset", pa.string()),
        ("method", pa.string()),
        ("measure", pa.string()),  # of CONTROL_MEASURES
        ("mean", pa.float64()),  # over pictures and pooled seeds
        ("low", pa.float64()),  # 95 % interval (intervals); null with fewer than ten photographs
        ("high", pa.float64()),
        ("n_pictures", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
    ]
)


COLUMNS = ["dataset", "method", "seed", "control", "image_id", "sample_id", "fmse", "composite_fmse", "own_fmse", "ciede2000"]


class Photographs(NamedTuple):
    """Where each photograph's pictures begin, and how often each resample holds it."""

    starts: np.ndarray
    resamples: np.ndarray


def summarise_controls(controls: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """A row of ``CONTROL_SUMMARY`` for each data set, method and measure, sorted, from rows of ``controls.CONTROLS``.

    All methods of a data set share the resamples. A method without pictures of a control has no row for its measures.
    """
    return summarise_methods(lambda: [controls], bootstrap=bootstrap, seed=seed)


def summarise_methods(controls: Callable[[], Iterable[pa.Table]], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The same of tables that are read one after another, and anew at each call, each with all of a method's rows."""
    pictures, rows = _pictures(controls()), list[Row]()
    drawn = {}
    for dataset, own in pictures.items():
        photographs, starts = np.unique(own.get_level_values("image_id"), return_index=True)
        drawn[dataset] = Photographs(starts, resamples_of(dataset, len(photographs), bootstrap=bootstrap, seed=seed))
    for table in controls():
        for names, own in table.select(COLUMNS).to_pandas().groupby(["dataset", "method"], sort=True):
            dataset, method = map(str, names)
            values = np.stack([_values(of_seed, pictures[dataset]) for _, of_seed in own.groupby("seed", sort=True)])
            rows += [{"dataset": dataset, "method": method, **row} for row in _summarised(values, drawn[dataset])]
    rows.sort(key=lambda row: (row["dataset"], row["method"]))
    return pa.Table.from_pylist(rows, schema=CONTROL_SUMMARY)


def _pictures(tables: Iterable[pa.Table]) -> dict[str, pd.MultiIndex]:
    """The pictures of each data set, sorted by photograph."""
    names = ["dataset", "image_id", "sample_id"]
    distinct = [table.group_by(names, use_threads=False).aggregate([]) for table in tables]
    frame = pa.concat_tables(distinct).to_pandas().drop_duplicates() if distinct else pd.DataFrame(columns=names)
    parts = frame.groupby("dataset", sort=True)
    return {str(name): pd.MultiIndex.from_frame(part[["image_id", "sample_id"]]).sort_values() for name, part in parts}


def _values(rows: pd.DataFrame, pictures: pd.MultiIndex) -> np.ndarray:
    """One seed's numbers (pictures, measures); NaN where there is none."""
    values = np.full((len(pictures), len(CONTROL_MEASURES)), np.nan)
    for control, own in rows.groupby("control", sort=False):
        places = pictures.get_indexer(pd.MultiIndex.from_frame(own[["image_id", "sample_id"]]))
        for column, measure in enumerate(CONTROL_MEASURES.values()):
            if measure.control == control:
                values[places, column] = measure.function(own)
    return values


def _summarised(values: np.ndarray, drawn: Photographs) -> list[Row]:
    """A row for each measure of (seeds, pictures, measures) that has a number."""
    everywhere = np.ones(values.shape[1], bool)
    sums, counts = by_photograph(drawn, sums_of(values, everywhere))
    low, high = interval(drawn, sums, counts, [of_seeds(values, everywhere)] if len(values) > 1 else [])
    low = np.maximum(low, [measure.least for measure in CONTROL_MEASURES.values()])
    high = np.minimum(high, [measure.most for measure in CONTROL_MEASURES.values()])
    is_known = ~np.isnan(values)
    columns = {
        "mean": ratio_of(sums.sum(0), counts.sum(0)),
        "low": low,
        "high": high,
        "n_pictures": is_known.any(0).sum(0),
        "n_photographs": (counts > 0).sum(0),
        "n_seeds": is_known.any(1).sum(0),
    }
    known = [place for place in range(len(CONTROL_MEASURES)) if columns["n_pictures"][place]]
    names = list(CONTROL_MEASURES)
    return [{"measure": names[place]} | {name: _plain(column[place].item()) for name, column in columns.items()} for place in known]


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else value
