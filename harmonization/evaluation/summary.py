"""Per-image scores to one row per method, data set, protocol, foreground-ratio bucket and metric.

Intervals are percentile bootstraps over photographs, not images: composites of one photograph fail together, and resampling them
singly would make intervals too narrow. All methods of a data set share the resamples, so that differences are paired.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import wilcoxon

from harmonization.errors import InputError
from harmonization.evaluation.conventions import HEADLINE, rows_of
from harmonization.seeding import numpy_rng
from harmonization.shards import Row

REFERENCE = "identity"
METRICS = {  # whether more is better
    "mse": False,
    "fmse": False,
    "psnr_255": True,
    "psnr_target": True,
    "psnr_range": True,
    "fpsnr": True,
    "ssim": True,
    "fssim": True,
    "lpips": False,
    "ciede2000": False,
    "gradient_energy_log2": False,
    "local_contrast_log2": False,
    "background_mse": False,
    "idempotence": False,
}
BUCKETS = {  # of the foreground ratio: low < ratio <= high, so that an edge counts once
    "all": (-np.inf, np.inf),
    "0-5 %": (0.0, 0.05),
    "5-15 %": (0.05, 0.15),
    "15-100 %": (0.15, 1.0),
}
CONFIDENCE = 0.95

SUMMARY = pa.schema(
    [
        ("method", pa.string()),
        ("dataset", pa.string()),
        ("background", pa.string()),
        ("quantisation", pa.string()),
        ("bucket", pa.string()),
        ("metric", pa.string()),
        ("mean", pa.float64()),  # over finite values, like every column up to difference_high
        ("median", pa.float64()),
        ("low", pa.float64()),  # 95 % interval of the mean; null with fewer than two photographs
        ("high", pa.float64()),
        ("difference", pa.float64()),  # mean of method minus identity, image by image
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("p_value", pa.float64()),  # Wilcoxon's signed-rank test of the photographs' mean differences; headline protocol only
        ("harm_rate", pa.float64()),  # share of images strictly worse than the composite
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
        ("n_infinite", pa.int64()),  # values counted here and left out of the averages
    ]
)


class Block(NamedTuple):
    """The scores of one data set; images are sorted by photograph."""

    cells: list[tuple[str, int, str, str]]  # method, seed, background, quantisation
    values: np.ndarray  # (cells, images, metrics)
    starts: np.ndarray  # first image of each photograph
    buckets: dict[str, np.ndarray]  # membership, (images,)
    resamples: np.ndarray  # how often each bootstrap resample holds each photograph, (resamples, photographs)


def summarise(scores: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The summary of rows of ``tables.SCORES``. The seeds of a method are pooled; every method needs the images of ``identity``."""
    columns = ["method", "seed", "dataset", "sample_id", "image_id", "foreground_ratio", "background", "quantisation", *METRICS]
    frame = scores.select(columns).to_pandas()
    rows = []
    for dataset, part in frame.groupby("dataset", sort=True):
        block = _block(part, str(dataset), bootstrap=bootstrap, seed=seed)
        rows += [{"dataset": dataset, **row} for row in _rows(block)]
    return pa.Table.from_pylist(rows, schema=SUMMARY)


def headline_means(scores: pa.Table) -> dict[str, dict[str, float]]:
    """Means over the images of each data set under the headline protocol; infinite PSNRs and unknown metrics are left out."""
    rows = rows_of(scores).to_pandas().replace([np.inf, -np.inf], np.nan)
    named = {"fmse": "fmse", "psnr": "psnr_255", "ssim": "ssim"}
    return {
        str(dataset): {
            **{name: float(part[column].mean()) for name, column in named.items() if part[column].notna().any()},
            "images": len(part),
        }
        for dataset, part in rows.groupby("dataset", sort=True)
    }


def _block(part: pd.DataFrame, dataset: str, *, bootstrap: int, seed: int) -> Block:
    keys = ["method", "seed", "background", "quantisation"]
    part = part.sort_values([*keys, "image_id", "sample_id"], kind="stable")
    cells = list(part[keys].drop_duplicates().itertuples(index=False, name=None))
    reference = part[part["method"] == REFERENCE]
    if reference.empty:
        raise InputError(f"{dataset}: no scores of {REFERENCE!r}, which every method is compared to; add it to `baselines`")
    images = reference.drop_duplicates(["image_id", "sample_id"])
    _check_complete(part, keys, images["sample_id"], dataset)
    photographs, starts = np.unique(images["image_id"].to_numpy(), return_index=True)
    ratio = images["foreground_ratio"].to_numpy()
    rng = numpy_rng(seed, dataset, "bootstrap")
    return Block(
        cells=cells,
        values=part[list(METRICS)].to_numpy(dtype=np.float64).reshape(len(cells), len(images), len(METRICS)),
        starts=starts,
        buckets={name: (ratio > low) & (ratio <= high) for name, (low, high) in BUCKETS.items()},
        resamples=rng.multinomial(len(photographs), np.full(len(photographs), 1 / len(photographs)), size=bootstrap).astype(np.float64),
    )


def _check_complete(part: pd.DataFrame, keys: list[str], samples: pd.Series, dataset: str) -> None:
    for names, cell in part.groupby(keys, sort=False):
        found = cell["sample_id"]
        where = f"{dataset}, method {names[0]!r}, seed {names[1]}, {names[2]}/{names[3]}"
        if found.duplicated().any():
            raise InputError(f"{where}: image {found[found.duplicated()].iloc[0]} is scored twice; expected once; evaluate it again")
        if other := sorted(set(found) ^ set(samples)):
            raise InputError(f"{where}: {len(found)} images, {len(samples)} of {REFERENCE!r}; {other[0]} is in one only; evaluate again")


def _rows(block: Block) -> Iterator[Row]:
    positions: dict[tuple[str, str, str], list[int]] = {}
    for index, (method, _, background, quantisation) in enumerate(block.cells):
        positions.setdefault((method, background, quantisation), []).append(index)
    for (method, background, quantisation), members in positions.items():
        reference = positions.get((REFERENCE, background, quantisation))
        if reference is None:
            raise InputError(f"{method!r} is scored under {background}/{quantisation}, {REFERENCE!r} is not; evaluate both again")
        names = {"method": method, "background": background, "quantisation": quantisation}
        is_tested = method != REFERENCE and (background, quantisation) == (HEADLINE.background, HEADLINE.quantisation)
        for row in _statistics(block, block.values[members], block.values[reference[0]], is_tested=is_tested):
            yield {**names, **row, "n_seeds": len(members)}


def _statistics(block: Block, values: np.ndarray, reference: np.ndarray, *, is_tested: bool) -> Iterator[Row]:
    """Rows of one method under one protocol; ``values`` is (seeds, images, metrics), ``reference`` (images, metrics)."""
    with np.errstate(invalid="ignore"):
        differences = values - reference  # inf - inf is NaN, and not averaged
    sign = np.where(list(METRICS.values()), 1.0, -1.0)
    worse, comparable = sign * values < sign * reference, ~np.isnan(values) & ~np.isnan(reference)
    for bucket, inside in block.buckets.items():
        low, high = _interval(block, values, inside)
        difference_low, difference_high = _interval(block, differences, inside)
        columns = {
            "mean": _mean(values, inside),
            "median": _median(values, inside),
            "low": low,
            "high": high,
            "difference": _mean(differences, inside),
            "difference_low": difference_low,
            "difference_high": difference_high,
            "p_value": _signed_rank(block, differences, inside) if is_tested else np.full(len(METRICS), np.nan),
            "harm_rate": _share(worse & comparable, comparable, inside),
            "n_images": (~np.isnan(values) & inside[:, None]).any(0).sum(0),
            "n_photographs": np.add.reduceat((~np.isnan(values)).any(0) & inside[:, None], block.starts, axis=0, dtype=np.int64)
            .astype(bool)
            .sum(0),
            "n_infinite": (np.isinf(values) & inside[:, None]).sum((0, 1)),
        }
        for index, metric in enumerate(METRICS):
            if columns["n_images"][index]:
                yield {"bucket": bucket, "metric": metric, **{name: _plain(column[index]) for name, column in columns.items()}}


def _sums(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the finite values of each image of a bucket, over the seeds: (images, metrics) each."""
    finite = np.isfinite(values) & inside[:, None]
    return np.where(finite, values, 0).sum(0), finite.sum(0)


def _mean(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    sums, counts = _sums(values, inside)
    return _ratio(sums.sum(0), counts.sum(0))


def _median(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    pooled = values[:, inside].reshape(-1, values.shape[-1])
    return np.array([np.median(column[np.isfinite(column)]) if np.isfinite(column).any() else np.nan for column in pooled.T])


def _share(part: np.ndarray, whole: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return _ratio(part[:, inside].sum((0, 1)), whole[:, inside].sum((0, 1)))


def _interval(block: Block, values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of the mean over resampled photographs, for each metric; NaN for a single photograph, which has no spread."""
    sums, counts = (np.add.reduceat(part, block.starts, axis=0) for part in _sums(values, inside))
    means = _ratio(block.resamples @ sums, block.resamples @ counts)
    means[:, (counts > 0).sum(0) < 2] = np.nan
    tail = (1 - CONFIDENCE) / 2
    bounds = [_quantiles(column, [tail, 1 - tail]) for column in means.T]
    return np.array([low for low, _ in bounds]), np.array([high for _, high in bounds])


def _signed_rank(block: Block, differences: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Two-sided p of Wilcoxon's signed-rank test (1945) for each metric: photographs, not images, are what was drawn independently.

    NaN with fewer than two photographs that differ.
    """
    sums, counts = (np.add.reduceat(part, block.starts, axis=0) for part in _sums(differences, inside))
    columns = (column[np.isfinite(column) & (column != 0)] for column in _ratio(sums, counts).T)
    return np.array([wilcoxon(column)[1] if len(column) > 1 else np.nan for column in columns])


def _quantiles(column: np.ndarray, at: list[float]) -> np.ndarray:
    known = column[~np.isnan(column)]  # a small bucket can be absent from a resample
    return np.quantile(known, at) if len(known) else np.full(len(at), np.nan)


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=np.asarray(denominator) > 0)


def _plain(number: np.generic) -> float | int | None:
    value = number.item()
    return None if isinstance(value, float) and np.isnan(value) else value
