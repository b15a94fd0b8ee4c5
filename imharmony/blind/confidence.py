"""Whether a system's picture is to be trusted, from what it did and without a truth: the probability that it does harm.

Harm: the whole picture's squared error is larger than that of the picture which was given. A logistic regression of few numbers, learned
from photographs that nothing else learned from.
"""

from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from scipy.optimize import minimize
from scipy.special import expit

from imharmony.errors import InputError

FEATURES = ("log_change", "log_change_inside", "mask_mean", "mask_most", "mask_share", "doubt")
RIDGE = 1e-2  # times the number of pictures
LEAST_CHANGE = 0.05  # levels: less is nothing
FEWEST = 4
VISIBLE_SHARE = 0.05  # of untouched photographs of ``val`` that may be changed visibly, so that of others hardly a tenth is

OfEach = Meta(min_length=len(FEATURES), max_length=len(FEATURES))
Numbers = Annotated[tuple[float, ...], OfEach]


class Confidence(Struct, frozen=True, forbid_unknown_fields=True):
    """The regression, and the risk above which the given picture is kept."""

    means: Numbers
    scales: Annotated[tuple[Annotated[float, Meta(gt=0)], ...], OfEach]
    weights: Numbers
    bias: float
    limit: Annotated[float, Meta(ge=0, le=1)]

    def risk(self, features: np.ndarray) -> np.ndarray:
        """The probability of harm, (N,), of features (N, len(FEATURES))."""
        return expit((np.atleast_2d(features) - self.means) / np.array(self.scales) @ np.array(self.weights) + self.bias)


def features_of(given: np.ndarray, made: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``FEATURES`` of one picture (H, W, 3) in levels, what was made of it, and the mask (H, W) in [0, 1] that was found."""
    squares = np.square(made.astype(np.float64) - given).mean()
    change, found = np.sqrt(squares) + LEAST_CHANGE, mask.astype(np.float64)
    inside = np.sqrt(squares / max(found.mean(), 1e-4)) + LEAST_CHANGE
    doubt = (found * (1 - found)).sum() / max(found.sum(), 1e-6)
    return np.array([np.log(change), np.log(inside), found.mean(), found.max(), (found >= 0.5).mean(), doubt])


def fit_confidence(features: np.ndarray, harms: np.ndarray, *, visible: np.ndarray, untouched: np.ndarray) -> Confidence:
    """From composites' features (N, F) and whether each was harmed (N,).

    ``untouched`` (M, F) are features of photographs as they were, ``visible`` (M,) whether they were changed visibly: the limit is the
    largest, at most a half, at which no more than ``VISIBLE_SHARE`` of all untouched ones are.
    """
    if len(features) < FEWEST or len(untouched) == 0:
        came = f"{len(features)} composites and {len(untouched)} photographs to learn confidence from"
        raise InputError(f"{came}; expected {FEWEST} and 1 or more; widen the split val")
    means, scales = features.mean(0), features.std(0) + 1e-3
    units, signs = (features - means) / scales, np.where(harms, 1.0, -1.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        margin = signs * (units @ parameters[:-1] + parameters[-1])
        slope = -signs * expit(-margin)
        ridge = RIDGE * len(units) * parameters * np.append(np.ones(len(means)), 0)
        value = np.logaddexp(0, -margin).sum() + (ridge * parameters).sum() / 2
        return value, np.append(units.T @ slope, slope.sum()) + ridge

    found = minimize(loss, np.zeros(len(means) + 1), jac=True, method="L-BFGS-B").x
    numbers = {"means": means, "scales": scales, "weights": found[:-1]}
    whole = Confidence(**{name: tuple(map(float, each)) for name, each in numbers.items()}, bias=float(found[-1]), limit=1.0)
    return Confidence(whole.means, whole.scales, whole.weights, whole.bias, _limit(whole.risk(untouched), visible))


def _limit(risks: np.ndarray, visible: np.ndarray) -> float:
    """The largest of the risks, and a half, up to which few enough are changed visibly; below all of them where none is."""
    allowed = VISIBLE_SHARE * len(risks)
    fits = [limit for limit in (*risks, 0.5) if limit <= 0.5 and (visible & (risks <= limit)).sum() <= allowed]
    return float(max(fits, default=0.0))
