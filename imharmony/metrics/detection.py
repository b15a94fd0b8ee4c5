"""How well a map of scores finds what was changed, and how well a risk says which pictures to leave alone.

Scores are numbers of any shape, higher = changed; those of ``calibration`` and of bins are probabilities in [0, 1]. Labels have the same
shape, boolean or in [0, 1], changed above .5. Scores and labels are those of one picture, or of many in one array, which pools their
pixels. Results are float64. A score that is NaN or beyond its range is an ``InputError``.
"""

import math
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError


class Calibration(NamedTuple):
    """Of each bin of scores, float64 (bins,): NaN where no score fell."""

    score: np.ndarray  # the mean
    positive: np.ndarray  # the share of labels that are positive
    pixels: np.ndarray  # how many, int64


class RiskCoverage(NamedTuple):
    """The curve's points by rising coverage, float64 (K,), one for each value of the risk."""

    coverage: np.ndarray  # the share of pictures whose risk is that value or less
    harm_rate: np.ndarray  # the mean harm of those


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """The area under precision over recall, as the sum of steps: each rise of recall times the precision after it; NaN without positives.

    Equal scores are one threshold, so their order does not count.
    """
    values, positive = _flat(scores, labels)
    thresholds, found = np.unique(values[positive], return_counts=True)  # recall rises nowhere else
    others = np.sort(values[~positive])
    true = found[::-1].cumsum()[::-1]
    false = len(others) - np.searchsorted(others, thresholds)
    return _area(found, true, false)


def average_precision_binned(scores: np.ndarray, labels: np.ndarray, *, bins: int = 200) -> float:
    """``average_precision`` of the scores' bins, equal parts of [0, 1], whose scores count as equal: in linear time, without sorting.

    Mostly a little lower than it, by more the more scores are near 0 or 1, where one bin holds many.
    """
    values, positive = _flat(scores, labels)
    places = _places(values, bins)
    both = np.bincount(places, minlength=bins)
    found = np.bincount(places[positive], minlength=bins)
    true, false = (counts[::-1].cumsum()[::-1] for counts in (found, both - found))
    filled = found > 0
    return _area(found[filled], true[filled], false[filled])


def intersection_over_union(scores: np.ndarray, labels: np.ndarray, *, at: float = 0.5) -> float:
    """Of the pixels whose score is above ``at`` and the positive ones; NaN if there are neither."""
    values, positive = _flat(scores, labels)
    found = values > at
    union = np.count_nonzero(found | positive)
    return np.count_nonzero(found & positive) / union if union else math.nan


def calibration(scores: np.ndarray, labels: np.ndarray, *, bins: int = 10) -> Calibration:
    """Whether of the pixels with a score of p a share of p is positive, in equal parts of [0, 1]; an edge belongs to the upper."""
    values, positive = _flat(scores, labels)
    places = _places(values, bins)
    pixels = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):  # 0 / 0 is an empty bin's NaN
        score, share = (np.bincount(places, weights=weights, minlength=bins) / pixels for weights in (values, positive))
    return Calibration(score, share, pixels)


def expected_calibration_error(curve: Calibration) -> float:
    """The mean distance of score and share over the bins, weighed by their pixels, in [0, 1]; NaN without pixels.

    As Guo et al. (2017, arXiv:1706.04599) have it, for the positive class.
    """
    filled = curve.pixels > 0
    if not filled.any():
        return math.nan
    return float(np.average(np.abs(curve.score - curve.positive)[filled], weights=curve.pixels[filled]))


def risk_coverage(risk: np.ndarray, harms: np.ndarray) -> RiskCoverage:
    """How often a method harms if it is applied to the pictures of the lowest risk alone.

    ``risk`` and ``harms`` are (N,), one for each picture: harm as a truth value or as an amount. Pictures of one risk are taken together.
    """
    reached, harm = _cumulated(risk, harms)
    return RiskCoverage(reached / max(len(risk), 1), harm / reached)


def harm_rate_at(risk: np.ndarray, harms: np.ndarray, coverage: float) -> float:
    """The mean harm of the share ``coverage`` in (0, 1] of pictures that has the lowest risk; NaN without pictures.

    Of pictures of one risk that do not all belong to it their mean counts, as if they were drawn: on average over all orders.
    """
    if not 0 < coverage <= 1:
        raise InputError(f"a coverage of {coverage}; expected a share of the pictures, above 0 and at most 1; take another")
    reached, harm = _cumulated(risk, harms)
    taken = coverage * len(risk)
    return float(np.interp(taken, [0, *reached], [0, *harm]) / taken) if taken else math.nan


def _cumulated(risk: np.ndarray, harms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Up to and with each value of the risk the count of pictures and the sum of their harms."""
    _expect_alike(risk, harms, "risks")
    _, places, counts = np.unique(risk, return_inverse=True, return_counts=True)
    return counts.cumsum(), np.bincount(places, weights=harms, minlength=len(counts)).cumsum()


def _area(found: np.ndarray, true: np.ndarray, false: np.ndarray) -> float:
    """From the positives of each threshold, and from the positives and the others at or above it."""
    return float((found * (true / (true + false))).sum() / found.sum()) if found.size else math.nan


def _places(values: np.ndarray, bins: int) -> np.ndarray:
    """Each score's bin."""
    if values.size and not 0 <= values.min() <= values.max() <= 1:
        raise InputError(f"scores from {values.min():g} to {values.max():g}; expected probabilities from 0 to 1; give a sigmoid's")
    return np.minimum((values * bins).astype(np.intp), bins - 1)


def _flat(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _expect_alike(scores, labels, "scores")
    return scores.ravel(), (labels if labels.dtype == bool else labels > 0.5).ravel()


def _expect_alike(numbers: np.ndarray, others: np.ndarray, what: str) -> None:
    if numbers.shape != others.shape:
        raise InputError(f"{what} of shape {numbers.shape} beside {others.shape}; expected equal shapes; give one for each")
    if np.isnan(numbers).any():
        raise InputError(f"{what} with {np.count_nonzero(np.isnan(numbers))} NaN; expected numbers; leave out what has none")
