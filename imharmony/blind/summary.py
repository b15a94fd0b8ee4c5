"""What pictures harmonized without a mask are worth: means, paired differences, and when they are better left alone.

All is made of rows of ``judging.JUDGED``, a table for each blind variant, by its name; the first variant is what the others are compared
with. The headline is the error of the own whole picture, ``judging.HEADLINE``; ``pasted_mse`` stands beside it and is never compared.
What is resampled are photographs, as everywhere (``evaluation.intervals``); all systems of a data set share the resamples.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.blind.judging import BINARY, BLIND, CAUTIOUS, HEADLINE, STRENGTHS, SYSTEMS, TRUE_MASK, UNTOUCHED, VISIBLE
from imharmony.errors import InputError
from imharmony.evaluation.blocks import by_photograph, ratio_of, resamples_of, sums_of
from imharmony.evaluation.control_summary import Photographs
from imharmony.evaluation.intervals import interval
from imharmony.metrics.detection import harm_rate_at
from imharmony.storage.shards import Row

MEASURES = (HEADLINE, "psnr", "lpips", "background_mse", "fmse", "pasted_mse", "harm", "visible", "mask_mean")
COMPARED = (HEADLINE, "psnr", "lpips")
WITHIN = ((BLIND, UNTOUCHED), (TRUE_MASK, UNTOUCHED), (BLIND, TRUE_MASK), (BINARY, BLIND), (CAUTIOUS, BLIND))  # minus the second
CORRUPTED = "corrupted"  # the variant that is the control of whatever was taught further
COVERAGES = (1.0, 0.9, 0.8, 0.6)
BLANK = 0.01  # mean of a mask below which nothing was found

# One row for each variant, data set, system, and composites or photographs as they are.
BLIND_MEANS = pa.schema(
    [
        ("variant", pa.string()),
        ("dataset", pa.string()),
        ("system", pa.string()),  # of judging.SYSTEMS
        ("is_real", pa.bool_()),  # photographs as they are were given
        ("mse", pa.float64()),  # the headline: of the own whole picture
        ("low", pa.float64()),  # its 95 % interval (intervals); null with fewer than ten photographs
        ("high", pa.float64()),
        ("psnr", pa.float64()),  # of finite ones
        ("lpips", pa.float64()),  # null where it was not computed
        ("background_mse", pa.float64()),
        ("fmse", pa.float64()),
        ("pasted_mse", pa.float64()),  # with the true background put back: no blind system could
        ("harm", pa.float64()),  # share of pictures with a larger error than what was given
        ("visible", pa.float64()),  # share of pictures with a change above judging.VISIBLE
        ("mask_mean", pa.float64()),
        ("n_pictures", pa.int64()),
        ("n_photographs", pa.int64()),
    ]
)
# One row for each pair of systems, data set and metric of COMPARED.
BLIND_PAIRS = pa.schema(
    [
        ("dataset", pa.string()),
        ("is_real", pa.bool_()),
        ("variant", pa.string()),
        ("system", pa.string()),
        ("reference_variant", pa.string()),  # the same variant, or the same system of another
        ("reference", pa.string()),
        ("metric", pa.string()),
        ("difference", pa.float64()),  # mean of system minus reference over the pictures where both have a number
        ("low", pa.float64()),  # 95 % interval; null with fewer than ten photographs
        ("high", pa.float64()),
        ("n_pictures", pa.int64()),
        ("n_photographs", pa.int64()),
    ]
)
# One row for each variant, data set, system with a risk, and coverage.
BLIND_RISKS = pa.schema(
    [
        ("variant", pa.string()),
        ("dataset", pa.string()),
        ("system", pa.string()),
        ("is_real", pa.bool_()),
        ("coverage", pa.float64()),  # the share of pictures that is changed, those of the lowest risk
        ("harm_rate", pa.float64()),
        ("n_pictures", pa.int64()),
    ]
)
# One row for each variant and data set, of composites.
BLIND_REASONS = pa.schema(
    [
        ("variant", pa.string()),
        ("dataset", pa.string()),
        ("n_pictures", pa.int64()),
        ("better", pa.float64()),  # share of pictures with a smaller error by the own mask than by the true one
        ("blank", pa.float64()),  # of those: the own mask's mean is below BLANK
        ("weaker", pa.float64()),  # of those: not blank, with a smaller mean than the true mask
        ("other", pa.float64()),  # of those: all others; the three sum to 1, and are null where there is none
        ("true_mask_harms", pa.float64()),  # of those: by the true mask the error is larger than the composite's
        ("true_mask_mse", pa.float64()),
        ("strength_mse", pa.float64()),  # the same with the best multiple of that mask, which only the truth tells
        ("strengths", pa.list_(pa.float64())),  # how often each of judging.STRENGTHS is that multiple
    ]
)


class Cell(NamedTuple):
    """A system of a variant: its numbers by the data set's pictures."""

    variant: str
    system: str
    numbers: pd.DataFrame


class Group(NamedTuple):
    """The pictures of one data set, composites or photographs as they are, sorted by photograph, and all systems' numbers of them."""

    dataset: str
    is_real: bool
    cells: list[Cell]
    drawn: Photographs

    @property
    def names(self) -> Row:
        """What a row of the group begins with."""
        return {"dataset": self.dataset, "is_real": self.is_real}


def means(judged: Mapping[str, pa.Table], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``BLIND_MEANS``, in the order of data sets, variants and systems."""
    rows: list[Row] = []
    for group in _groups(judged, bootstrap=bootstrap, seed=seed):
        found = [_summarised(cell.numbers[[*MEASURES]].to_numpy(np.float64), group.drawn) for cell in group.cells]
        for cell, columns in zip(group.cells, found, strict=True):
            row = group.names | {"variant": cell.variant, "system": cell.system}
            row |= dict(zip(MEASURES, columns["mean"], strict=True))
            low, high = columns["low"][0], columns["high"][0]
            row |= {"low": np.maximum(low, 0.0), "high": high, "n_pictures": columns["n_pictures"][0]}
            rows.append(_plain(row | {"n_photographs": columns["n_photographs"][0]}))
    return pa.Table.from_pylist(rows, schema=BLIND_MEANS)


def pairs(judged: Mapping[str, pa.Table], *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The rows of ``BLIND_PAIRS``: within each variant those of ``WITHIN``; then ``blind`` of each variant minus that of the first, and of
    ``CORRUPTED``. A metric that no picture has of both has no row.
    """
    rows: list[Row] = []
    for group in _groups(judged, bootstrap=bootstrap, seed=seed):
        by_name = {(cell.variant, cell.system): cell.numbers[[*COMPARED]].to_numpy(np.float64) for cell in group.cells}
        for own, other in _compared([name for name in judged if (name, BLIND) in by_name]):
            columns = _summarised(by_name[own] - by_name[other], group.drawn)
            named = group.names | {"variant": own[0], "system": own[1], "reference_variant": other[0], "reference": other[1]}
            for place, metric in enumerate(COMPARED):
                if columns["n_pictures"][place]:
                    numbers = {name: column[place] for name, column in columns.items()}
                    rows.append(_plain(named | {"metric": metric, "difference": numbers.pop("mean")} | numbers))
    return pa.Table.from_pylist(rows, schema=BLIND_PAIRS)


def risks(judged: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of ``BLIND_RISKS``: the share of pictures that are made worse if those of the highest risk are left as they were given."""
    rows: list[Row] = []
    for group in _groups(judged, bootstrap=1, seed=0):
        for cell in group.cells:
            risk, harm = (cell.numbers[name].to_numpy(np.float64) for name in ("risk", "harm"))
            if cell.system not in (BLIND, TRUE_MASK) or np.isnan(risk).all():
                continue
            named = group.names | {"variant": cell.variant, "system": cell.system, "n_pictures": len(risk)}
            rows += [named | {"coverage": share, "harm_rate": harm_rate_at(risk, harm, share)} for share in COVERAGES]
    return pa.Table.from_pylist(rows, schema=BLIND_RISKS)


def reasons(judged: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of ``BLIND_REASONS``: where the own mask beats the true one, and how strong the true one should have been."""
    rows: list[Row] = []
    for group in _groups(judged, bootstrap=1, seed=0):
        by_name = {(cell.variant, cell.system): cell.numbers for cell in group.cells}
        for variant in [] if group.is_real else dict.fromkeys(cell.variant for cell in group.cells):
            rows.append({"variant": variant, "dataset": group.dataset} | _reasons(by_name[variant, BLIND], by_name[variant, TRUE_MASK]))
    return pa.Table.from_pylist(rows, schema=BLIND_REASONS)


def _reasons(own: pd.DataFrame, told: pd.DataFrame) -> Row:
    better = (own[HEADLINE] < told[HEADLINE]).to_numpy()
    blank = (own["mask_mean"] < BLANK).to_numpy()
    weaker = ~blank & (own["mask_mean"] < told["mask_mean"]).to_numpy()
    kinds = {"blank": blank, "weaker": weaker, "other": ~blank & ~weaker, "true_mask_harms": told["harm"].eq(1).to_numpy()}
    strengths = told["strength"].dropna().to_numpy()
    return _plain(
        {"n_pictures": len(own), "better": better.mean()}
        | {name: kind[better].mean() if better.any() else np.nan for name, kind in kinds.items()}
        | {"true_mask_mse": told[HEADLINE].mean(), "strength_mse": told["strength_mse"].mean()}
        | {"strengths": [float((strengths == each).mean()) for each in STRENGTHS] if len(strengths) else None}
    )


def _compared(variants: list[str]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Variant and system, and those that they are compared with."""
    for variant in variants:
        yield from (((variant, own), (variant, other)) for own, other in WITHIN)
    first = variants[:1]
    yield from (((variant, BLIND), (base, BLIND)) for base in first for variant in variants if variant != base)
    for base in [name for name in variants if name == CORRUPTED and [name] != first]:
        yield from (((variant, BLIND), (base, BLIND)) for variant in variants if variant not in (base, *first))


def _groups(judged: Mapping[str, pa.Table], *, bootstrap: int, seed: int) -> Iterator[Group]:
    """The data sets by name, composites first; every system of every variant needs the same pictures, each once."""
    frames = [table.to_pandas().assign(variant=variant) for variant, table in judged.items() if table.num_rows]
    if not frames:
        return
    every = pd.concat(frames, ignore_index=True)
    every = every.assign(harm=every["is_harm"].astype(np.float64), visible=every["visible"].gt(VISIBLE).astype(np.float64))
    for (dataset, is_real), part in every.groupby(["dataset", "is_real"], sort=True):
        pictures = pd.MultiIndex.from_frame(part[["image_id", "sample_id"]]).unique().sort_values()
        photographs, starts = np.unique(pictures.get_level_values("image_id"), return_index=True)
        drawn = Photographs(starts, resamples_of(str(dataset), len(photographs), bootstrap=bootstrap, seed=seed))
        cells = []
        for variant in [name for name in judged if name in set(part["variant"])]:
            for system in SYSTEMS:
                own = part[(part["variant"] == variant) & (part["system"] == system)].set_index(["image_id", "sample_id"])
                _expect_pictures(own.index, pictures, f"blind: {dataset}, {variant}, {system}")
                cells.append(Cell(variant, system, own.reindex(pictures)))
        yield Group(str(dataset), bool(is_real), cells, drawn)


def _expect_pictures(own: pd.Index, pictures: pd.MultiIndex, where: str) -> None:
    if own.has_duplicates:
        raise InputError(f"{where}: image {own[own.duplicated()][0][1]} is scored twice; expected once; evaluate it again")
    if len(own) != len(pictures):
        absent = pictures[~pictures.isin(own)][0][1]
        raise InputError(f"{where}: {len(own)} images, {len(pictures)} of all systems; {absent} is absent; evaluate it again")


def _summarised(values: np.ndarray, drawn: Photographs) -> dict[str, np.ndarray]:
    """Of each column of (pictures, columns) the mean of finite values, its interval, and the counts, (columns,) each."""
    sums, counts = by_photograph(drawn, sums_of(values[None], np.ones(len(values), bool)))
    low, high = interval(drawn, sums, counts)
    found = {"mean": ratio_of(sums.sum(0), counts.sum(0)), "low": low, "high": high}
    return found | {"n_pictures": counts.sum(0), "n_photographs": (counts > 0).sum(0)}


def _plain(row: Row) -> Row:
    """NumPy's numbers as Python's, NaN as null."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in plain.items()}
