"""Scores of one data set as one array, and the statistics that the summary and the pairs share.

What is resampled (``intervals``) are photographs, not images: composites of one photograph fail together, and resampling them singly
would make intervals too narrow. All methods of a data set share the resamples, so that differences are paired.

A number does not depend, to the last bit, on which others are computed beside it: parts may be computed apart and joined.
"""

from typing import NamedTuple, Protocol

import numpy as np
from scipy.stats import wilcoxon

from imharmony.running.seeds import numpy_rng

REFERENCE = "identity"
DRAWN_AT_ONCE = 64  # resamples, whose numbers are drawn as whole ones of 8 bytes
MOST_PERMUTED = 13  # with ties among up to so many photographs, SciPy tries every permutation of signs, column by column


class Column(NamedTuple):
    """What a number of a block is: a metric under a protocol."""

    background: str
    quantisation: str
    metric: str


class Resampled(Protocol):
    """Images sorted by photograph, and resamples of the photographs."""

    @property
    def starts(self) -> np.ndarray:
        """First image of each photograph."""
        ...

    @property
    def resamples(self) -> np.ndarray:
        """How often each bootstrap resample holds each photograph, (resamples, photographs)."""
        ...


class Block(NamedTuple):
    """Scores of one data set, of all methods and columns or of some; images are sorted by photograph."""

    dataset: str
    cells: list[tuple[str, int]]  # method and seed, sorted
    columns: list[Column]  # those that have a number, sorted by protocol and then as MEASURES
    values: np.ndarray  # (cells, images, columns)
    is_scored: np.ndarray  # whether a cell was scored under the column's protocol, (cells, columns)
    is_flat: np.ndarray  # whether a cell's output has a foreground of one colour, (cells, images)
    samples: list[str]  # the images' names
    starts: np.ndarray  # first image of each photograph
    buckets: dict[str, np.ndarray]  # membership, (images,)
    resamples: np.ndarray  # how often each bootstrap resample holds each photograph, (resamples, photographs)

    def members(self, method: str) -> list[int]:
        """The positions of a method's seeds."""
        return [index for index, (name, _) in enumerate(self.cells) if name == method]

    @property
    def methods(self) -> list[str]:
        """The methods, sorted."""
        return list(dict.fromkeys(name for name, _ in self.cells))


def sums_of(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the finite values of each image of a bucket, over the seeds: (images, metrics) each."""
    finite = np.isfinite(values) & inside[:, None]
    return np.where(finite, values, 0).sum(0), finite.sum(0)


def by_photograph(block: Resampled, parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and numbers of images (images, ...) as those of photographs (photographs, ...)."""
    sums, counts = (np.add.reduceat(part, block.starts, axis=0) for part in parts)
    return sums, counts


def resamples_of(dataset: str, photographs: int, *, bootstrap: int, seed: int) -> np.ndarray:
    """How often each of ``bootstrap`` resamples of a data set holds each photograph, uint8 (resamples, photographs).

    That one holds a photograph more than 255 times has a chance of less than one in 255!.
    """
    rng, chances = numpy_rng(seed, dataset, "bootstrap"), np.full(photographs, 1 / photographs)
    drawn = np.empty((bootstrap, photographs), np.uint8, order="F")  # what is looked at are some photographs of all resamples
    for start in range(0, bootstrap, DRAWN_AT_ONCE):
        some = drawn[start : start + DRAWN_AT_ONCE]
        some[:] = rng.multinomial(photographs, chances, size=len(some))
    return drawn


def signed_rank(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Two-sided p of Wilcoxon's signed-rank test (1945) for each column of sums and numbers of differences (photographs, columns).

    Photographs, not images, are what was drawn independently. NaN with fewer than two photographs that differ.
    """
    alike: dict[tuple[int, bool], list[tuple[int, np.ndarray]]] = {}
    differences = ratio_of(sums, counts).T
    is_known = np.isfinite(differences) & (differences != 0)
    ordered = np.sort(np.where(is_known, np.abs(differences), np.nan), axis=1)
    has_ties = (ordered[:, 1:] == ordered[:, :-1]).any(1)
    for position, count in enumerate(is_known.sum(1).tolist()):
        alike.setdefault((count, bool(has_ties[position])), []).append((position, differences[position][is_known[position]]))
    p_values = np.full(sums.shape[1], np.nan)
    for (count, is_tied), columns in alike.items():  # SciPy's choice of method depends on these two alone
        if count < 2:
            continue
        at = [position for position, _ in columns]
        if is_tied and count <= MOST_PERMUTED:
            p_values[at] = [wilcoxon(known)[1] for _, known in columns]
        else:
            p_values[at] = wilcoxon(np.stack([known for _, known in columns]), axis=1)[1]
    return p_values


def ratio_of(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """The quotient; NaN where nothing was counted."""
    return np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=np.asarray(denominator) > 0)
