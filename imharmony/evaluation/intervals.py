"""How far a mean may be from what other photographs, and other trainings, would give.

On each side an interval is as wide as Student's t or as the studentised bootstrap over photographs (Efron & Tibshirani 1993, section
12.5), whichever is wider: the first falls short where scores are skewed, the second where they have heavy tails. Where a method has
several seeds, their variance is added, photographs and seeds as two ways of clustering (Cameron, Gelbach & Miller 2011), with the
degrees of freedom of Satterthwaite 1946. How often such intervals cover the truth is in benchmarks/results/interval_coverage.csv.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from scipy.stats import t

from imharmony.evaluation.blocks import Resampled, ratio_of, sums_of
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.measures import MEASURES

CONFIDENCE = 0.95
FEW_BITS = 52  # of a double's 53, so that sums of whole multiples are exact
RESOLUTION = 1e-9  # of the squares' sum
AT_ONCE = 64  # columns whose resamples stay in a processor's cache
PHOTOGRAPHS_AT_ONCE = 2048  # whose resamples are in memory as 8 bytes each
TAIL = (1 - CONFIDENCE) / 2
Sums = tuple[np.ndarray, np.ndarray]


def interval(block: Resampled, sums: np.ndarray, counts: np.ndarray, seeds: Sequence[Sums] = ()) -> Sums:
    """Low and high of the mean of each column of ``sums`` and ``counts`` (photographs, columns); NaN below ``LEAST_PHOTOGRAPHS``.

    ``seeds`` are, for each method that has several, its seeds' sums and counts (seeds, columns); of two methods compared, both may.
    """
    photographs = (counts > 0).sum(0)
    mean = ratio_of(exactly_summed(sums).sum(0), counts.sum(0))
    mean[photographs < LEAST_PHOTOGRAPHS] = np.nan
    (own, freedom), *others = (_variance(mean, *parts) for parts in ((sums, counts), *seeds))
    critical = t.ppf(1 - TAIL, np.maximum(freedom, 1))
    low, high = _studentised(block, mean, sums, counts)
    seeds_own = np.sum([part for part, _ in others], axis=0)
    widest = critical
    if others:
        squares = np.sum([part**2 / number for part, number in ((own, freedom), *others)], axis=0)
        widest = t.ppf(1 - TAIL, np.where(seeds_own > 0, ratio_of((own + seeds_own) ** 2, squares), freedom))
    # Seeds are not resampled: of two there are three resamples, whose quantiles say nothing. Distances add as variances do.
    distances = [np.hypot(np.fmax(side / critical, 1) * np.sqrt(own), np.sqrt(seeds_own)) * widest for side in (high, -low)]
    return mean - distances[0], mean + distances[1]


def possible(ends: Sums, metrics: Sequence[str]) -> Sums:
    """Low and high of means (..., metrics), cut to what such a mean can be: an error is not below 0, a similarity within -1 and 1."""
    chosen = [MEASURES[metric] for metric in metrics]
    least = np.array([-1.0 if measure.is_similarity else -np.inf if measure.error else 0.0 for measure in chosen])
    most = np.array([1.0 if measure.is_similarity else np.inf for measure in chosen])
    return np.maximum(ends[0], least), np.minimum(ends[1], most)


def of_seeds(values: np.ndarray, inside: np.ndarray) -> Sums:
    """Sum and number of each seed's finite values in a bucket, (seeds, columns) each; ``values`` is (seeds, images, columns)."""
    sums, counts = zip(*(sums_of(one[None], inside) for one in values), strict=True)
    return np.stack([exactly_summed(part).sum(0) for part in sums]), np.stack([part.sum(0) for part in counts])


def quantiles(columns: np.ndarray, at: list[float]) -> np.ndarray:
    """Quantiles (at, columns) of the numbers in each row of (columns, resamples), as ``numpy.quantile`` has them; NaN without any."""
    found = np.full((len(at), len(columns)), np.nan)
    is_whole = ~np.isnan(columns).any(1)
    found[:, is_whole] = np.quantile(columns if is_whole.all() else columns[is_whole], at, axis=1)
    ordered = np.sort(columns[~is_whole], axis=1)  # NaN comes last
    last = np.maximum((~np.isnan(ordered)).sum(1) - 1, 0)
    rows = np.arange(len(ordered))
    for place, share in enumerate(at):
        index = np.floor(share * last).astype(np.int64)
        low, high, part = ordered[rows, index], ordered[rows, np.minimum(index + 1, last)], share * last - index
        found[place, ~is_whole] = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))
    return found


def exactly_summed(sums: np.ndarray) -> np.ndarray:
    """The columns rounded to multiples of a power of two of which any resample's sum is exact, in whatever order it is added.

    That is 2**-52 of the largest possible sum: a thousand times finer than the scores, which are single precision.
    """
    largest = np.abs(sums).max(0, initial=0.0) * len(sums)
    step = np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0))) - FEW_BITS)
    return np.rint(sums / step) * step


def _studentised(block: Resampled, mean: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The resamples' quantiles of (mean of the resample - mean) / its standard error, (2, columns); NaN where nothing varies."""
    residuals = np.where(counts > 0, sums - mean * counts, 0.0)
    found = np.empty((2, len(mean)))
    for columns in _alike(counts):  # most count the same images
        for start in range(0, len(columns), AT_ONCE):
            some = columns[start : start + AT_ONCE]
            found[:, some] = _quantiles_of_resamples(block, residuals[:, some], counts[:, columns[0]])
    return found


def _alike(columns: np.ndarray) -> list[list[int]]:
    """Which columns are equal."""
    groups: dict[bytes, list[int]] = {}
    for place, column in enumerate(columns.T):
        groups.setdefault(sha256(column.tobytes()).digest(), []).append(place)
    return list(groups.values())


def _quantiles_of_resamples(block: Resampled, residuals: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The same of columns of residuals that count the same images. Sums are exact, so in whatever parts they are added."""
    counted = np.flatnonzero(counts > 0)
    parts = exactly_summed(residuals), exactly_summed(residuals**2), exactly_summed(residuals * counts[:, None])
    is_once = bool((counts[counted] == 1).all())  # then the third is the first
    shift, spread, product = (np.zeros((residuals.shape[1], len(block.resamples))) for _ in parts)
    numbers, squares = np.zeros((2, len(block.resamples)))
    for start in range(0, len(counted), PHOTOGRAPHS_AT_ONCE):
        some = counted[start : start + PHOTOGRAPHS_AT_ONCE]
        drawn = block.resamples.T[some].astype(np.float64)
        numbers += counts[some] @ drawn
        squares += counts[some] ** 2 @ drawn
        for total, part in zip((shift, spread) if is_once else (shift, spread, product), parts, strict=False):
            total += part[some].T @ drawn
    with np.errstate(invalid="ignore"):  # a resample without any of the columns' photographs
        by = shift / numbers
    spread += by * (by * squares - 2 * (shift if is_once else product))  # the sum of (residual - by * count)^2
    # A resample with less is one photograph over and over.
    spread[spread <= RESOLUTION * parts[1].sum(0)[:, None]] = np.nan
    return quantiles(shift / np.sqrt(spread * ratio_of(np.array(len(counted)), np.array(len(counted) - 1))), [TAIL, 1 - TAIL])


def _variance(mean: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the mean, as far as what the rows stand for was drawn at random, and its degrees of freedom, (columns,) each; 0 of one row."""
    groups = (counts > 0).sum(0)
    residuals = ratio_of(np.where(counts > 0, sums - mean * counts, 0.0), np.broadcast_to(counts.sum(0), counts.shape))
    squares = exactly_summed(np.nan_to_num(residuals) ** 2).sum(0)
    return np.where(groups > 1, squares * groups / np.maximum(groups - 1, 1), 0.0), np.maximum(groups - 1, 1).astype(np.float64)
