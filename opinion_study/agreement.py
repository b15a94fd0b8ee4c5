"""How far raters agree: Krippendorff's alpha of ratings, Kendall's u of choices between two."""

from collections.abc import Callable

import numpy as np

Difference = Callable[[np.ndarray], np.ndarray]  # how often each value occurs (V,) -> squared differences of values (V, V)


def interval_difference(counts: np.ndarray) -> np.ndarray:
    """(c - k)^2 of values that are whole steps apart."""
    values = np.arange(len(counts), dtype=np.float64)
    return (values[:, None] - values) ** 2


def ordinal_difference(counts: np.ndarray) -> np.ndarray:
    """The square of how many of all answers lie between two values, the values' own answers by half."""
    centres = np.cumsum(counts) - counts / 2
    return (centres[:, None] - centres) ** 2


def krippendorff_alpha(counts: np.ndarray, difference: Difference) -> float:
    """Alpha (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability") of how often each unit got each value, (units, values).

    1: all agree; 0: as chance would have it. Units with fewer than two answers do not count. NaN where nothing varies.
    """
    answers = counts.sum(1)
    pairable = counts[answers > 1].astype(np.float64)
    totals = pairable.sum(0)
    within = pairable[:, :, None] * pairable[:, None, :]
    within[:, range(counts.shape[1]), range(counts.shape[1])] -= pairable  # an answer is not compared with itself
    observed = (within / (answers[answers > 1] - 1)[:, None, None]).sum(0)
    weights = difference(totals)
    expected = (np.outer(totals, totals) * weights).sum()
    return float(1 - (totals.sum() - 1) * (observed * weights).sum() / expected) if expected > 0 else float("nan")


def kendall_u(first: np.ndarray, second: np.ndarray) -> float:
    """Kendall and Babington Smith's u (1940) of how many chose the first and the second of each pair.

    Twice the share of pairs of raters that chose alike, minus one: 1 where all agree, near 0 by chance. NaN without two raters of one pair.
    """
    answers = first + second
    alike = (first * (first - 1) + second * (second - 1)).sum()
    possible = (answers * (answers - 1)).sum()
    return float(2 * alike / possible - 1) if possible > 0 else float("nan")
