"""What mattes and the pictures harmonized by them are worth: means and paired differences, each with its interval over portraits.

All is made of rows of ``judging.JUDGED`` and ``harmonized.HARMONIZED``. What is resampled are portraits (``evaluation.intervals``); all
methods of a data set share the resamples.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.blocks import by_photograph, ratio_of, resamples_of, sums_of
from imharmony.evaluation.control_summary import Photographs
from imharmony.evaluation.intervals import interval
from imharmony.matting.judging import BAND_COLUMNS, REGIONS, SIZES, column_of
from imharmony.metrics.matting import MATTING_METRICS
from imharmony.storage.shards import Row

ERRORS: list[Row] = [
    {"metric": metric, "region": region, "size": size} for size in SIZES for region in REGIONS for metric in MATTING_METRICS
]
COLUMNS = [column_of(**error) for error in ERRORS]
OF_NUMBERS = [("low", pa.float64()), ("high", pa.float64()), ("n_pictures", pa.int64()), ("n_portraits", pa.int64())]  # 95 % intervals
OF_ERRORS = [("metric", pa.string()), ("region", pa.string()), ("size", pa.string())]

# One row for each data set, method and error.
MATTE_MEANS = pa.schema([("dataset", pa.string()), ("method", pa.string()), *OF_ERRORS, ("mean", pa.float64()), *OF_NUMBERS])
# One row for each pair of methods and error; ``percent`` is the difference in percent of the reference's mean.
MATTE_PAIRS = pa.schema(
    [
        *((name, pa.string()) for name in ("dataset", "method", "reference")),
        *OF_ERRORS,
        ("difference", pa.float64()),
        *OF_NUMBERS,
        ("percent", pa.float64()),
    ]
)
# One row for each method: errors of composites in the band around the edge, and the soft matte's minus the hard one's.
MATTE_BANDS = pa.schema(
    [
        ("dataset", pa.string()),
        ("method", pa.string()),
        *((name, pa.float64()) for name in BAND_COLUMNS),
        ("difference", pa.float64()),
        *OF_NUMBERS,
    ]
)
HARMONIZED_MEASURES = ("given_mse", "mse", "background_mse", "lightness_change", "distance_change")
# One row for each system and measure of HARMONIZED_MEASURES; the last two are of the harmonized background minus the given one.
HARMONIZED_MEANS = pa.schema([*((name, pa.string()) for name in ("dataset", "system", "measure")), ("mean", pa.float64()), *OF_NUMBERS])
HARMONIZED_PAIRS = pa.schema(
    [*((name, pa.string()) for name in ("dataset", "system", "reference", "measure")), ("difference", pa.float64()), *OF_NUMBERS]
)


def matte_means(judged: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``MATTE_MEANS``, in the order of data sets, methods, sizes, regions and metrics."""
    rows: list[Row] = []
    for dataset, methods, drawn in _groups(judged.to_pandas(), "method", COLUMNS, bootstrap=bootstrap, seed=seed):
        for method, numbers in methods.items():
            columns = _summarised(numbers[COLUMNS].to_numpy(np.float64), drawn)
            named = {"dataset": dataset, "method": method}
            rows += [_plain(named | ERRORS[place] | _at(columns, place, least=0.0)) for place in range(len(COLUMNS))]
    return pa.Table.from_pylist(rows, schema=MATTE_MEANS)


def matte_pairs(judged: pa.Table, compared: Sequence[tuple[str, str]], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``MATTE_PAIRS``: each method of ``compared`` minus its reference, on the same portraits. Unknown methods are left out."""
    rows: list[Row] = []
    for dataset, methods, drawn in _groups(judged.to_pandas(), "method", COLUMNS, bootstrap=bootstrap, seed=seed):
        for method, reference in (pair for pair in compared if set(pair) <= methods.keys()):
            own, other = (methods[name][COLUMNS].to_numpy(np.float64) for name in (method, reference))
            columns = _summarised(own - other, drawn)
            means = np.nanmean(other, axis=0)
            named = {"dataset": dataset, "method": method, "reference": reference}
            for place in range(len(COLUMNS)):
                numbers = _at(columns, place)
                difference = numbers.pop("mean")
                percent = 100 * difference / means[place] if means[place] > 0 else np.nan
                rows.append(_plain(named | ERRORS[place] | {"difference": difference, "percent": percent} | numbers))
    return pa.Table.from_pylist(rows, schema=MATTE_PAIRS)


def matte_bands(judged: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``MATTE_BANDS``: whether a soft matte beats a hard mask around the edge (report 004, figure 2)."""
    rows: list[Row] = []
    for dataset, methods, drawn in _groups(judged.to_pandas(), "method", BAND_COLUMNS, bootstrap=bootstrap, seed=seed):
        for method, numbers in methods.items():
            columns = _summarised((numbers["band_mse_soft"] - numbers["band_mse_hard"]).to_numpy(np.float64)[:, None], drawn)
            found = _at(columns, 0)
            means = {name: float(numbers[name].mean()) for name in BAND_COLUMNS}
            rows.append(_plain({"dataset": dataset, "method": method, "difference": found.pop("mean")} | means | found))
    return pa.Table.from_pylist(rows, schema=MATTE_BANDS)


def harmonized_means(harmonized: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``HARMONIZED_MEANS``."""
    rows: list[Row] = []
    for dataset, systems, drawn in _of_harmonized(harmonized, bootstrap=bootstrap, seed=seed):
        for system, numbers in systems.items():
            columns = _summarised(numbers[[*HARMONIZED_MEASURES]].to_numpy(np.float64), drawn)
            named = {"dataset": dataset, "system": system}
            for place, measure in enumerate(HARMONIZED_MEASURES):
                least = 0.0 if measure.endswith("mse") else -np.inf
                rows.append(_plain(named | {"measure": measure} | _at(columns, place, least=least)))
    return pa.Table.from_pylist(rows, schema=HARMONIZED_MEANS)


def harmonized_pairs(harmonized: pa.Table, compared: Sequence[tuple[str, str]], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``HARMONIZED_PAIRS``: each system of ``compared`` minus its reference, on the same composites."""
    rows: list[Row] = []
    for dataset, systems, drawn in _of_harmonized(harmonized, bootstrap=bootstrap, seed=seed):
        for system, reference in (pair for pair in compared if set(pair) <= systems.keys()):
            own, other = (systems[name][[*HARMONIZED_MEASURES]].to_numpy(np.float64) for name in (system, reference))
            columns = _summarised(own - other, drawn)
            for place, measure in enumerate(HARMONIZED_MEASURES):
                numbers = _at(columns, place)
                named = {"dataset": dataset, "system": system, "reference": reference, "measure": measure}
                rows.append(_plain(named | {"difference": numbers.pop("mean")} | numbers))
    return pa.Table.from_pylist(rows, schema=HARMONIZED_PAIRS)


def _of_harmonized(harmonized: pa.Table, *, bootstrap: int, seed: int) -> Iterator[tuple[str, dict[str, pd.DataFrame], Photographs]]:
    frame = harmonized.to_pandas()
    for name in ("lightness", "distance"):
        frame[f"{name}_change"] = frame[name].astype(np.float64) - frame[f"given_{name}"].astype(np.float64)
    return _groups(frame, "system", HARMONIZED_MEASURES, bootstrap=bootstrap, seed=seed)


def _groups(
    every: pd.DataFrame, by: str, columns: Sequence[str], *, bootstrap: int, seed: int
) -> Iterator[tuple[str, dict[str, pd.DataFrame], Photographs]]:
    """The data sets by name with each method's numbers of the same pictures, sorted by portrait; a picture is needed of all, once."""
    for dataset, part in every.groupby("dataset", sort=True):
        pictures = pd.MultiIndex.from_frame(part[["image_id", "sample_id"]]).unique().sort_values()
        portraits, starts = np.unique(pictures.get_level_values("image_id"), return_index=True)
        drawn = Photographs(starts, resamples_of(str(dataset), len(portraits), bootstrap=bootstrap, seed=seed))
        found = {}
        for name in dict.fromkeys(part[by]):
            own = part[part[by] == name].set_index(["image_id", "sample_id"])
            where = f"{dataset}, {name}"
            if own.index.has_duplicates:
                raise InputError(f"{where}: image {own.index[own.index.duplicated()][0][1]} is scored twice; expected once; evaluate again")
            if len(own) != len(pictures):
                absent = pictures[~pictures.isin(own.index)][0][1]
                raise InputError(f"{where}: {len(own)} images, {len(pictures)} of all; {absent} is absent; evaluate again")
            found[str(name)] = own[[*columns]].reindex(pictures)
        yield str(dataset), found, drawn


def _summarised(values: np.ndarray, drawn: Photographs) -> dict[str, np.ndarray]:
    """Of each column of (pictures, columns) the mean of finite values, its interval, and the counts."""
    sums, counts = by_photograph(drawn, sums_of(values[None], np.ones(len(values), bool)))
    low, high = interval(drawn, sums, counts)
    found = {"mean": ratio_of(sums.sum(0), counts.sum(0)), "low": low, "high": high}
    return found | {"n_pictures": counts.sum(0), "n_portraits": (counts > 0).sum(0)}


def _at(columns: Mapping[str, np.ndarray], place: int, *, least: float = -np.inf) -> Row:
    found = {name: column[place] for name, column in columns.items()}
    return found | {"low": np.maximum(found["low"], least)}


def _plain(row: Row) -> Row:
    """NumPy's numbers as Python's, NaN as null."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in plain.items()}
