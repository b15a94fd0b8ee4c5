"""The images of a data set by the share of the picture that their foreground covers."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

ALL = "all"
EDGES = (0.0, 0.05, 0.15, 1.0)  # as published tables have them
LEAST_PHOTOGRAPHS = 10  # of fewer, no interval that was tried covers skewed scores as often as it says


def buckets_of(ratio: np.ndarray, photographs: np.ndarray) -> dict[str, np.ndarray]:
    """Membership (images,) of ``all`` and of each bucket, by labels such as ``0-5 %``; low < ratio <= high, so that an edge counts once.

    A bucket of fewer than ``LEAST_PHOTOGRAPHS`` photographs is one with its neighbour, the one with fewer of them; where one bucket would
    be left there is none but ``all``. ``photographs`` says of each image which one it is of.
    """
    bounds = list(pairwise(EDGES))
    while len(bounds) > 1:
        sizes = [len(np.unique(photographs[_inside(ratio, *bound)])) for bound in bounds]
        place = int(np.argmin(sizes))
        if sizes[place] >= LEAST_PHOTOGRAPHS:
            break
        neighbour = min((near for near in (place - 1, place + 1) if 0 <= near < len(bounds)), key=lambda near: (sizes[near], near))
        first, second = sorted((place, neighbour))
        bounds[first : second + 1] = [(bounds[first][0], bounds[second][1])]
    parts = {_label(*bound): _inside(ratio, *bound) for bound in bounds} if len(bounds) > 1 else {}
    return {ALL: np.ones(len(ratio), bool), **parts}


def in_order(labels: Iterable[str]) -> list[str]:
    """Labels of buckets from the smallest foregrounds up, without ``all``."""
    return sorted((label for label in labels if label != ALL), key=lambda label: float(label.partition("-")[0]))


def _inside(ratio: np.ndarray, low: float, high: float) -> np.ndarray:
    return (ratio > low) & (ratio <= high)


def _label(low: float, high: float) -> str:
    return f"{100 * low:.0f}-{100 * high:.0f} %"
