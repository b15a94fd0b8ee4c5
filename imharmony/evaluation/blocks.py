"""The scores of one data set as one array, and the statistics that the summary and the pairs share.

Intervals are percentile bootstraps over photographs, not images: composites of one photograph fail together, and resampling them
singly would make intervals too narrow. All methods of a data set share the resamples, so that differences are paired.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon

from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng

REFERENCE = "identity"
BUCKETS = {  # of the foreground ratio: low < ratio <= high, so that an edge counts once
    "all": (-np.inf, np.inf),
    "0-5 %": (0.0, 0.05),
    "5-15 %": (0.05, 0.15),
    "15-100 %": (0.15, 1.0),
}
CONFIDENCE = 0.95
MOST_PERMUTED = 13  # with ties among up to so many photographs, SciPy tries every permutation of signs, column by column


class Block(NamedTuple):
    """The scores of one data set; images are sorted by photograph."""

    cells: list[tuple[Any, ...]]  # the values of the keys, one tuple for each run of a method
    values: np.ndarray  # (cells, images, metrics)
    samples: list[str]  # the images' names
    starts: np.ndarray  # first image of each photograph
    buckets: dict[str, np.ndarray]  # membership, (images,)
    resamples: np.ndarray  # how often each bootstrap resample holds each photograph, (resamples, photographs)


def blocks_of(
    scores: pd.DataFrame, *, keys: Sequence[str], metrics: Sequence[str], bootstrap: int, seed: int
) -> Iterator[tuple[str, Block]]:
    """Each data set's block, by name. ``keys`` tell the runs apart; every one of them needs the images of ``identity``."""
    for dataset, part in scores.groupby("dataset", sort=True):
        yield str(dataset), _block(part, str(dataset), keys=list(keys), metrics=list(metrics), bootstrap=bootstrap, seed=seed)


def sums_of(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the finite values of each image of a bucket, over the seeds: (images, metrics) each."""
    finite = np.isfinite(values) & inside[:, None]
    return np.where(finite, values, 0).sum(0), finite.sum(0)


def by_photograph(block: Block, parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and numbers of images (images, ...) as those of photographs (photographs, ...)."""
    sums, counts = (np.add.reduceat(part, block.starts, axis=0) for part in parts)
    return sums, counts


def interval(block: Block, sums: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval of the mean over resampled photographs for each column of ``sums`` and ``counts`` (photographs, columns).

    NaN for a single photograph, which has no spread.
    """
    distinct, inverse = np.unique(counts, axis=1, return_inverse=True)  # most columns count the same images
    means = ratio_of(block.resamples @ sums, (block.resamples @ distinct)[:, inverse.reshape(-1)])
    means[:, (counts > 0).sum(0) < 2] = np.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = _quantiles(means, [tail, 1 - tail])
    return low, high


def signed_rank(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Two-sided p of Wilcoxon's signed-rank test (1945) for each column of sums and numbers of differences (photographs, columns).

    Photographs, not images, are what was drawn independently. NaN with fewer than two photographs that differ.
    """
    alike: dict[tuple[int, bool], list[tuple[int, np.ndarray]]] = {}
    for position, column in enumerate(ratio_of(sums, counts).T):
        known = column[np.isfinite(column) & (column != 0)]
        has_ties = len(np.unique(np.abs(known))) < len(known)
        alike.setdefault((len(known), has_ties), []).append((position, known))
    p_values = np.full(sums.shape[1], np.nan)
    for (count, has_ties), columns in alike.items():  # SciPy's choice of method depends on these two alone
        if count < 2:
            continue
        at = [position for position, _ in columns]
        if has_ties and count <= MOST_PERMUTED:
            p_values[at] = [wilcoxon(known)[1] for _, known in columns]
        else:
            p_values[at] = wilcoxon(np.stack([known for _, known in columns]), axis=1)[1]
    return p_values


def ratio_of(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The quotient; NaN where nothing was counted."""
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=np.asarray(denominator) > 0)


def _quantiles(means: np.ndarray, at: list[float]) -> np.ndarray:
    """Quantiles of the numbers in each column, (at, columns); NaN for a column without any."""
    columns = np.ascontiguousarray(means.T)
    quantiles = np.quantile(columns, at, axis=1)
    for position in np.flatnonzero(np.isnan(columns).any(1)):  # a small bucket can be absent from a resample
        known = columns[position][~np.isnan(columns[position])]
        quantiles[:, position] = np.quantile(known, at) if len(known) else np.nan
    return quantiles


def _block(part: pd.DataFrame, dataset: str, *, keys: list[str], metrics: list[str], bootstrap: int, seed: int) -> Block:
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
        values=part[metrics].to_numpy(dtype=np.float64).reshape(len(cells), len(images), len(metrics)),
        samples=images["sample_id"].tolist(),
        starts=starts,
        buckets={name: (ratio > low) & (ratio <= high) for name, (low, high) in BUCKETS.items()},
        resamples=rng.multinomial(len(photographs), np.full(len(photographs), 1 / len(photographs)), size=bootstrap).astype(np.float64),
    )


def _check_complete(part: pd.DataFrame, keys: list[str], samples: pd.Series, dataset: str) -> None:
    for names, cell in part.groupby(keys, sort=False):
        found = cell["sample_id"]
        protocol = "/".join(str(name) for name in names[2:])
        where = f"{dataset}, method {names[0]!r}, seed {names[1]}{protocol and f', {protocol}'}"
        if found.duplicated().any():
            raise InputError(f"{where}: image {found[found.duplicated()].iloc[0]} is scored twice; expected once; evaluate it again")
        if other := sorted(set(found) ^ set(samples)):
            raise InputError(f"{where}: {len(found)} images, {len(samples)} of {REFERENCE!r}; {other[0]} is in one only; evaluate again")
