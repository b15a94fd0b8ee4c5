"""Intervals of what raters say of images: both are drawn anew, each on their own (Owen 2007, "The pigeonhole bootstrap").

Another panel would judge other images, and the votes of one rater, like those on one image, go together: an interval over single
votes would be too narrow.
"""

from collections.abc import Callable

import numpy as np

from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.intervals import TAIL

AT_ONCE = 100  # resamples that are held in memory


def resampled(
    cells: np.ndarray, value: Callable[[np.ndarray], np.ndarray], *, resamples: int, rng: np.random.Generator
) -> np.ndarray | None:
    """``value`` (resamples, ...) of the sums of ``cells`` (raters, images, ...) over raters and images drawn with replacement.

    None with fewer than ``LEAST_PHOTOGRAPHS`` raters or judged images, of which no interval covers as often as it says.
    """
    raters, images = cells.shape[:2]
    judged = (cells.reshape(raters, images, -1).sum(-1) > 0).any(0).sum()
    if min(raters, judged) < LEAST_PHOTOGRAPHS:
        return None
    values = []
    for start in range(0, resamples, AT_ONCE):
        size = min(AT_ONCE, resamples - start)
        by_rater, by_image = (rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64) for n in (raters, images))
        values.append(value(np.einsum("bi,bi...->b...", by_image, np.tensordot(by_rater, cells, 1))))
    return np.concatenate(values)


def interval(column: np.ndarray) -> tuple[float | None, float | None]:
    """The percentile interval of a value over its resamples; those from which all its votes are absent are NaN and do not count."""
    known = column[~np.isnan(column)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [TAIL, 1 - TAIL]).tolist()
    return low, high
