"""The scores of one data set as one array, and the statistics that the summary and the pairs share.

What is resampled (``intervals``) are photographs, not images: composites of one photograph fail together, and resampling them singly
would make intervals too narrow. All methods of a data set share the resamples, so that differences are paired.

A number does not depend, to the last bit, on which others are computed beside it: parts may be computed apart and joined.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import wilcoxon

from imharmony.errors import InputError
from imharmony.evaluation.buckets import buckets_of
from imharmony.evaluation.measures import MEASURES
from imharmony.running.seeds import numpy_rng

REFERENCE = "identity"
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
    """The scores of one data set; images are sorted by photograph."""

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


def blocks_of(scores: pa.Table, *, bootstrap: int, seed: int) -> Iterator[Block]:
    """Each data set's block of rows of ``measures.SCORES``, by name. Every method needs the images of ``identity``."""
    names = ["dataset", "method", "seed", "background", "quantisation", "sample_id", "image_id", "foreground_ratio"]
    frame = scores.select([*names, *MEASURES, "is_flat"]).to_pandas()
    for dataset, part in frame.groupby("dataset", sort=True):
        yield _block(part, str(dataset), bootstrap=bootstrap, seed=seed)


def sums_of(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the finite values of each image of a bucket, over the seeds: (images, metrics) each."""
    finite = np.isfinite(values) & inside[:, None]
    return np.where(finite, values, 0).sum(0), finite.sum(0)


def by_photograph(block: Resampled, parts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and numbers of images (images, ...) as those of photographs (photographs, ...)."""
    sums, counts = (np.add.reduceat(part, block.starts, axis=0) for part in parts)
    return sums, counts


def resamples_of(dataset: str, photographs: int, *, bootstrap: int, seed: int) -> np.ndarray:
    """How often each of ``bootstrap`` resamples of a data set holds each photograph, (resamples, photographs)."""
    rng = numpy_rng(seed, dataset, "bootstrap")
    return rng.multinomial(photographs, np.full(photographs, 1 / photographs), size=bootstrap).astype(np.float64)


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


def _block(part: pd.DataFrame, dataset: str, *, bootstrap: int, seed: int) -> Block:
    images = part.loc[part["method"] == REFERENCE, ["image_id", "sample_id", "foreground_ratio"]].drop_duplicates("sample_id")
    if images.empty:
        raise InputError(f"{dataset}: no scores of {REFERENCE!r}, which every method is compared to; add it to `baselines`")
    images = images.sort_values(["image_id", "sample_id"], kind="stable")
    (cell, cells), (protocol, protocols) = (_codes(part, keys) for keys in (["method", "seed"], ["background", "quantisation"]))
    place = pd.Index(images["sample_id"]).get_indexer(pd.Index(part["sample_id"]))
    is_scored = _expect_complete(part, dataset, cells, protocols, cell, protocol, place, len(images))
    metrics = list(MEASURES)
    values = np.full((len(cells), len(images), len(protocols), len(metrics)), np.nan)
    values[cell, place, protocol] = part[metrics].to_numpy(dtype=np.float64)
    values = values.reshape(len(cells), len(images), -1)
    is_flat = np.zeros((len(cells), len(images)), bool)
    is_flat[cell, place] = part["is_flat"].eq(True)
    kept = np.flatnonzero(~np.isnan(values).all(axis=(0, 1)))
    columns = [Column(background, quantisation, metric) for background, quantisation in protocols for metric in metrics]
    photographs, starts = np.unique(images["image_id"].to_numpy(), return_index=True)
    ratio = images["foreground_ratio"].to_numpy()
    return Block(
        dataset=dataset,
        cells=cells,
        columns=[columns[index] for index in kept],
        values=np.ascontiguousarray(values[:, :, kept]),
        is_scored=is_scored.repeat(len(metrics), axis=1)[:, kept],
        is_flat=is_flat,
        samples=images["sample_id"].tolist(),
        starts=starts,
        buckets=buckets_of(ratio, images["image_id"].to_numpy()),
        resamples=resamples_of(dataset, len(photographs), bootstrap=bootstrap, seed=seed),
    )


def _codes(part: pd.DataFrame, keys: list[str]) -> tuple[np.ndarray, list]:
    """For each row the position of its keys' values among the sorted distinct ones, and those."""
    grouped = part.groupby(keys, sort=True)
    return grouped.ngroup().to_numpy(), list(grouped.size().index)


def _expect_complete(
    part: pd.DataFrame, dataset: str, cells: list, protocols: list, cell: np.ndarray, protocol: np.ndarray, place: np.ndarray, count: int
) -> np.ndarray:
    """Whether each cell was scored under each protocol, (cells, protocols); an image missing, unknown or there twice is refused."""
    shape = len(cells), len(protocols), count
    known = place >= 0
    times = np.bincount(np.ravel_multi_index((cell[known], protocol[known], place[known]), shape), minlength=int(np.prod(shape)))
    times = times.reshape(shape)
    is_scored = np.zeros(shape[:2], bool)
    is_scored[cell, protocol] = True
    unknown = np.zeros(shape[:2], bool)
    unknown[cell[~known], protocol[~known]] = True
    for one, other in np.argwhere((is_scored & (times != 1).any(2)) | unknown).tolist():
        found = part["sample_id"][(cell == one) & (protocol == other)]
        where = f"{dataset}, method {cells[one][0]!r}, seed {cells[one][1]}, {'/'.join(protocols[other])}"
        if found.duplicated().any():
            raise InputError(f"{where}: image {found[found.duplicated()].iloc[0]} is scored twice; expected once; evaluate it again")
        differing = sorted(set(found) ^ set(part["sample_id"][part["method"] == REFERENCE]))
        raise InputError(f"{where}: {len(found)} images, {count} of {REFERENCE!r}; {differing[0]} is in one only; evaluate again")
    reference = is_scored[[name == REFERENCE for name, _ in cells]].any(0)
    for one, other in np.argwhere(is_scored & ~reference).tolist():
        where = "/".join(protocols[other])
        raise InputError(f"{cells[one][0]!r} is scored under {where}, {REFERENCE!r} is not; evaluate both again")
    return is_scored
