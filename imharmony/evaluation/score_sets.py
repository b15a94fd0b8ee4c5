"""The scores of all methods, set by data set, as arrays from which blocks are taken: a few methods and columns at a time.

Rows are read a batch at a time and one method's seed after another, so that what is held while they are read are the numbers of one
seed, 8 bytes each. With a folder the arrays lie on disk, and what is held does not grow with the number of methods.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE, Block, Column, resamples_of
from imharmony.evaluation.buckets import buckets_of
from imharmony.evaluation.conventions import HEADLINE
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_rows import COLUMNS, IMAGE_COLUMNS, Protocol, SeedReader, SeedScores, images_of
from imharmony.storage.arrays import Arrays

Cell = tuple[str, int]  # method and seed
NUMBERS_AT_ONCE = 2**19  # of one seed, in a block: a few dozen arrays of 4 MB


class Part(NamedTuple):
    """The rows of ``measures.SCORES`` of one method and seed, which are read anew at each call, with at least the columns asked for."""

    method: str
    seed: int
    batches: Callable[[Sequence[str]], Iterable[pa.RecordBatch]]


@dataclass
class ScoreSet:
    """The scores of one data set."""

    name: str
    samples: list[str]  # the images' names, sorted by photograph
    starts: np.ndarray  # first image of each photograph
    buckets: dict[str, np.ndarray]  # membership, (images,)
    arrays: Arrays
    scored: dict[Cell, dict[Protocol, list[str]]] = field(default_factory=dict)  # under which protocols, and the metrics with a number
    marks: dict[Cell, str] = field(default_factory=dict)  # hashes of a seed's scores

    @property
    def methods(self) -> list[str]:
        """The methods, sorted."""
        return sorted({method for method, _ in self.scored})

    def protocols(self, methods: Collection[str] | None = None) -> list[Protocol]:
        """Under which the methods, or all of them, were scored, sorted."""
        return sorted({protocol for (method, _), own in self.scored.items() if methods is None or method in methods for protocol in own})

    def mark(self, method: str) -> str:
        """A hash of all that a method's statistics depend on, but for the other methods."""
        digest = sha256(json.dumps([self.samples, self.starts.tolist()]).encode())
        for inside in self.buckets.values():
            digest.update(inside.tobytes())
        digest.update(json.dumps([[cell[1], self.marks[cell]] for cell in sorted(self.scored) if cell[0] == method]).encode())
        return digest.hexdigest()

    def values(self, cell: Cell, protocol: Protocol) -> tuple[list[str], np.ndarray]:
        """A seed's metrics that have a number under a protocol, and these, (images, metrics)."""
        metrics = self.scored[cell].get(protocol, [])
        return metrics, self.arrays.get((self.name, cell, protocol)) if metrics else np.empty((len(self.samples), 0))

    def resamples(self, *, bootstrap: int, seed: int = 0) -> np.ndarray:
        """Those of the data set's photographs, drawn once."""
        name = (self.name, "resamples", bootstrap, seed)
        if name not in self.arrays:
            self.arrays.put(name, resamples_of(self.name, len(self.starts), bootstrap=bootstrap, seed=seed))
        return self.arrays.get(name)

    def block(self, protocols: Sequence[Protocol], methods: Collection[str], *, bootstrap: int = 0, seed: int = 0) -> Block:
        """The scores of some methods under some protocols, sorted; ``bootstrap`` resamples, none for what needs no interval."""
        cells = sorted(cell for cell in self.scored if cell[0] in methods)
        known = {protocol: {metric for cell in cells for metric in self.scored[cell].get(protocol, [])} for protocol in protocols}
        columns = [Column(*protocol, metric) for protocol in protocols for metric in MEASURES if metric in known[protocol]]
        places = {column: place for place, column in enumerate(columns)}
        values = np.full((len(cells), len(self.samples), len(columns)), np.nan)
        is_scored = np.zeros((len(cells), len(columns)), bool)
        for place, cell in enumerate(cells):
            for protocol in protocols:
                metrics, own = self.values(cell, protocol)
                values[place][:, [places[Column(*protocol, metric)] for metric in metrics]] = own
                is_scored[place, [column[:2] == protocol for column in columns]] = protocol in self.scored[cell]
        is_flat = [self.arrays.get((self.name, cell, "is_flat")) for cell in cells]
        return Block(
            dataset=self.name,
            cells=cells,
            columns=columns,
            values=values,
            is_scored=is_scored,
            is_flat=np.stack(is_flat) if is_flat else np.empty((0, len(self.samples)), bool),
            samples=self.samples,
            starts=self.starts,
            buckets=self.buckets,
            resamples=self.resamples(bootstrap=bootstrap, seed=seed) if bootstrap else np.empty((0, len(self.starts)), np.uint8),
        )

    def groups(self, protocols: Iterable[Protocol], methods: Collection[str]) -> Iterator[list[Protocol]]:
        """Protocols in groups, of which a block has no more than so many numbers of each seed, unless one protocol alone has more."""
        group: list[Protocol] = []
        width = 0
        for protocol in protocols:
            own = max((len(part.get(protocol, [])) for cell, part in self.scored.items() if cell[0] in methods), default=0)
            if group and (width + own) * len(self.samples) > NUMBERS_AT_ONCE:
                yield group
                group, width = [], 0
            group.append(protocol)
            width += own
        if group:
            yield group


@dataclass
class Scores:
    """The scores of all data sets, by name, and where each data set came from."""

    sets: dict[str, ScoreSet]
    data_hashes: set[tuple[str, str]]  # of data sets, as the rows say


def gathered(parts: Sequence[Part], folder: Path | None = None) -> Scores:
    """Reads the scores; every method needs the images of ``identity``, each once under each of its protocols.

    With a folder the arrays are kept there, without one in memory. An image that is missing, unknown or there twice is an
    ``InputError`` that names it.
    """
    arrays = Arrays(folder)
    sets = _sets(parts, arrays)
    hashes: set[tuple[str, str]] = set()
    for part in sorted(parts, key=lambda part: (part.method != REFERENCE, part.method, part.seed)):
        reader = SeedReader(part.method, part.seed, {name: own.samples for name, own in sets.items()})
        for batch in part.batches(COLUMNS):
            reader.add(batch)
        hashes |= reader.data_hashes
        for name, seed in reader.finished():
            _expect_reference(sets[name], (part.method, part.seed), list(seed.values))
            _keep(sets[name], (part.method, part.seed), seed)
    pa.default_memory_pool().release_unused()  # what Arrow keeps for later, which the statistics have a use for
    return Scores(sets, hashes)


def gathered_from(scores: pa.Table) -> Scores:
    """The same of one table, in memory."""
    return gathered(parts_of(scores))


def headline_block(scores: ScoreSet, methods: Collection[str] | None = None) -> Block:
    """The headline's scores of the methods that have some, or of some of these, without resamples."""
    protocol = HEADLINE.protocol
    known = {method for (method, _), own in scores.scored.items() if protocol in own and (methods is None or method in methods)}
    return scores.block([protocol], known)


def parts_of(scores: pa.Table) -> list[Part]:
    """Rows of ``measures.SCORES`` by method and seed."""
    distinct = scores.select(["method", "seed"]).group_by(["method", "seed"]).aggregate([]).to_pylist()
    cells = sorted((row["method"], row["seed"]) for row in distinct)

    def part(method: str, seed: int) -> Part:
        own = scores.filter((pc.field("method") == method) & (pc.field("seed") == seed)).combine_chunks()
        return Part(method, seed, lambda columns: own.select(list(columns)).to_batches())

    return [part(*cell) for cell in cells]


def _sets(parts: Sequence[Part], arrays: Arrays) -> dict[str, ScoreSet]:
    """The data sets of the reference with their images, without any scores."""
    images = images_of(batch for part in parts if part.method == REFERENCE for batch in part.batches(IMAGE_COLUMNS))
    names = sorted(images["dataset"].unique().to_pylist())
    return {name: _set(name, images.filter(pc.field("dataset") == name), arrays) for name in names}


def _set(name: str, images: pa.Table, arrays: Arrays) -> ScoreSet:
    photographs = images["image_id"].to_numpy()
    starts = np.unique(photographs, return_index=True)[1]
    return ScoreSet(name, images["sample_id"].to_pylist(), starts, buckets_of(images["foreground_ratio"].to_numpy(), photographs), arrays)


def _keep(own: ScoreSet, cell: Cell, seed: SeedScores) -> None:
    """Puts a seed's scores among the arrays, without the measures that have no number, and notes their hash."""
    digest, own.scored[cell] = sha256(), {}
    for protocol, values in seed.values.items():
        is_known = ~np.asarray(np.isnan(values).all(0))
        metrics = [metric for metric, known in zip(MEASURES, is_known, strict=True) if known]
        kept = np.ascontiguousarray(values[:, is_known])
        digest.update(json.dumps([protocol, metrics]).encode())
        digest.update(kept.data)
        own.scored[cell][protocol] = metrics
        own.arrays.put((own.name, cell, protocol), kept)
    digest.update(seed.is_flat.data)
    own.arrays.put((own.name, cell, "is_flat"), seed.is_flat)
    own.marks[cell] = digest.hexdigest()


def _expect_reference(own: ScoreSet, cell: Cell, protocols: Sequence[Protocol]) -> None:
    """Refuses a protocol under which the reference, which is read first, has no scores."""
    known = own.protocols([REFERENCE])
    for protocol in protocols if cell[0] != REFERENCE else []:
        if protocol not in known:
            raise InputError(f"{cell[0]!r} is scored under {'/'.join(protocol)}, {REFERENCE!r} is not; evaluate both again")
