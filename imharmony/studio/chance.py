"""Drawing one of a few, and other small things that NumPy does slowly for single numbers."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def choose(rng: np.random.Generator, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
    """One of the options, with equal or with the given relative weights."""
    if weights is None:
        return options[int(rng.random() * len(options))]
    left = rng.random() * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        left -= weight
        if left < 0:
            return option
    return options[-1]


def bounded(value: float, lowest: float, highest: float) -> float:
    """A single number, clipped."""
    return min(max(float(value), lowest), highest)


def unit(values: np.ndarray) -> np.ndarray:
    """The array clipped to 0..1 in place; several times quicker than ``np.clip`` on small arrays."""
    np.maximum(values, 0, out=values)
    return np.minimum(values, 1, out=values)
