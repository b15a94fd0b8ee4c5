"""How well a score tells real photographs from composites: the area under the ROC curve, with an interval over photographs."""

from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError
from imharmony.running.seeds import numpy_rng

CONFIDENCE = 0.95
FEWEST = 10  # photographs of either kind below which an interval would be a guess
AT_ONCE = 256  # resamples


class Auc(NamedTuple):
    """The area, and its interval; NaN where there are too few photographs."""

    value: float
    low: float
    high: float


def auc(real: np.ndarray, composite: np.ndarray) -> float:
    """The share of pairs in which the real picture's score (N,) is above the composite's (M,); a tie counts half.

    From 0 to 1; 0.5 tells nothing. It is Mann and Whitney's U (1947) over N M.
    """
    _expect_scores(real, composite)
    ordered = np.sort(composite)
    below, not_above = (np.searchsorted(ordered, real, side=side).sum() for side in ("left", "right"))
    return float((below + not_above) / 2 / (len(real) * len(composite)))


def auc_of(
    real: np.ndarray, composite: np.ndarray, *, photographs: tuple[np.ndarray, np.ndarray], bootstrap: int, name: str, seed: int = 0
) -> Auc:
    """The area with its 95 % percentile bootstrap over photographs, whose real picture and composites are drawn together.

    ``photographs`` are the names of each real picture's and of each composite's. ``name`` and ``seed`` decide what is drawn. No
    interval where real pictures or composites are of fewer than ten photographs: of one real picture all resamples are alike.
    """
    value = auc(real, composite)
    known, places = np.unique(np.concatenate(photographs), return_inverse=True)
    if min(len(np.unique(each)) for each in photographs) < FEWEST:
        return Auc(value, float("nan"), float("nan"))
    own, other = places[: len(real)], places[len(real) :]
    wins = (real[:, None] > composite).astype(np.float64) + 0.5 * (real[:, None] == composite)
    won = np.zeros((len(known), len(known)))
    np.add.at(won, (own[:, None], other[None]), wins)
    pairs = np.outer(*(np.bincount(each, minlength=len(known)).astype(np.float64) for each in (own, other)))
    rng = numpy_rng(seed, name, "auc")
    areas = []
    for start in range(0, bootstrap, AT_ONCE):
        times = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=min(AT_ONCE, bootstrap - start)).astype(np.float64)
        counted = ((times @ pairs) * times).sum(axis=1)
        areas.append((((times @ won) * times).sum(axis=1)[counted > 0]) / counted[counted > 0])
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(areas), [tail, 1 - tail])
    return Auc(value, float(low), float(high))


def _expect_scores(real: np.ndarray, composite: np.ndarray) -> None:
    if len(real) == 0 or len(composite) == 0:
        raise InputError(f"{len(real)} real pictures and {len(composite)} composites; expected one or more of each to tell them apart")
    if not (np.isfinite(real).all() and np.isfinite(composite).all()):
        raise InputError("a score that is no finite number; expected one for each picture")
