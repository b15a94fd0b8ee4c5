"""Histograms of a region, as few as their bins are, and the chi-square distance between them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from imharmony.colour.integer_lab import lab_from_pixels

LOWEST, HIGHEST = np.array([0.0, -100, -100]), np.array([100.0, 100, 100])  # of L, a and b, as the authors' code has them


class Histogram(NamedTuple):
    """The bins that hold something, ascending, int64 (K,), and their shares, float64 (K,), which add up to 1."""

    places: np.ndarray
    shares: np.ndarray


class Stack(NamedTuple):
    """Histograms one after the other; the k-th is from ``starts[k]`` to ``starts[k + 1]``."""

    starts: np.ndarray  # int64 (N + 1,)
    places: np.ndarray  # int64
    shares: np.ndarray  # float64

    def __len__(self) -> int:
        """The number of histograms."""
        return len(self.starts) - 1


def histogram_of(labels: np.ndarray, weights: np.ndarray) -> Histogram:
    """The histogram of whole numbers (N,), each counted by its weight (N,) of 0 or more; one of them is above 0."""
    places, inverse = np.unique(labels, return_inverse=True)
    sums = np.bincount(inverse, weights, minlength=len(places))
    return Histogram(places[sums > 0], sums[sums > 0] / sums.sum())


def colour_labels(picture: np.ndarray, *, bins: int) -> np.ndarray:
    """The bin of each pixel of uint8 (H, W, 3) in the joint histogram of L, a and b, ``bins`` along each axis, int64 (H * W,)."""
    scaled = (lab_from_pixels(picture.reshape(-1, 3)) - LOWEST) / (HIGHEST - LOWEST)
    axes = np.clip(np.floor(scaled * bins), 0, bins - 1).astype(np.int64)
    return (axes[:, 0] * bins + axes[:, 1]) * bins + axes[:, 2]


def stacked(histograms: Sequence[Histogram]) -> Stack:
    """The histograms as one."""
    starts = np.cumsum([0, *(len(each.places) for each in histograms)])
    return Stack(starts, *(np.concatenate([each[part] for each in histograms]) for part in range(2)))


def chi_square(own: Histogram, others: Stack) -> np.ndarray:
    """Half the sum of (h - g)² / (h + g) over all bins, float64 (N,): 0 where two histograms are equal, 1 where they share no bin."""
    # Of shares it is 1 - 2 sum h g / (h + g): of the bins of the others alone, since h is 0 elsewhere, and g is above 0 in all of them.
    written = np.zeros(1 + max(int(own.places[-1]), int(others.places.max())))
    written[own.places] = own.shares
    here = written[others.places]
    common = here * others.shares
    common /= np.add(here, others.shares, out=here)
    return np.clip(1 - 2 * np.add.reduceat(common, others.starts[:-1]), 0, 1)
