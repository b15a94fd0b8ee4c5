"""Rows of ``measures.SCORES`` to arrays, batch after batch: which images there are, and what one method's seed has on each of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.measures import MEASURES, SCORES

Protocol = tuple[str, str]  # background and quantisation
TEXTS = ("dataset", "background", "quantisation", "sample_id")
IMAGE_COLUMNS = ("dataset", "sample_id", "image_id", "foreground_ratio")
COLUMNS = ("method", "seed", *TEXTS, "is_flat", "data_hash", *MEASURES)


class SeedScores(NamedTuple):
    """What one seed of a method has on the images of a data set."""

    values: dict[Protocol, np.ndarray]  # (images, measures), NaN where there is no number
    is_flat: np.ndarray  # whether the output has a foreground of one colour, (images,)


class _Seen(NamedTuple):
    """What was read of a data set under a protocol."""

    values: np.ndarray
    times: np.ndarray  # rows of each image
    unknown: list[str]  # images that the reference does not have


def images_of(batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Distinct images of rows with ``IMAGE_COLUMNS``, as they first occur, sorted by data set, photograph and name."""
    schema = pa.schema([SCORES.field(name) for name in IMAGE_COLUMNS])
    once = pa.concat_tables([schema.empty_table(), *(_distinct(pa.Table.from_batches([batch.cast(schema)])) for batch in batches)])
    return _distinct(once).sort_by([("dataset", "ascending"), ("image_id", "ascending"), ("sample_id", "ascending")])


class SeedReader:
    """Reads the rows of one seed of a method on images that are known by data set."""

    def __init__(self, method: str, seed: int, images: Mapping[str, Sequence[str]]) -> None:
        self._method, self._seed = method, seed
        self._images = {name: pa.array(samples, pa.string()) for name, samples in images.items()}
        self._seen: dict[tuple[str, Protocol], _Seen] = {}
        self._is_flat: dict[str, np.ndarray] = {}
        self.data_hashes: set[tuple[str, str]] = set()

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes up rows with ``COLUMNS``."""
        self._expect_own(batch)
        codes, texts = zip(*(_codes(batch[name]) for name in TEXTS), strict=True)
        is_flat = pc.fill_null(batch["is_flat"].cast(pa.bool_()), False).to_numpy(zero_copy_only=False)
        numbers = np.column_stack([batch[metric].cast(pa.float64()).to_numpy(zero_copy_only=False) for metric in MEASURES])
        *groups, samples = codes
        self.data_hashes |= _pairs(batch["dataset"], batch["data_hash"])
        order = np.lexsort(groups[::-1])
        is_first = np.any([np.diff(group[order], prepend=-1) != 0 for group in groups], axis=0)
        places: dict[str, np.ndarray] = {}
        for rows in np.split(order, np.flatnonzero(is_first)[1:]) if len(order) else []:
            dataset, *protocol = (names[group[rows[0]]].as_py() for group, names in zip(groups, texts, strict=False))
            if dataset not in places:
                places[dataset] = self._places(dataset, texts[-1])
            place = places[dataset][samples[rows]]
            seen = self._take(dataset, (protocol[0], protocol[1]), place, numbers[rows], is_flat[rows])
            seen.unknown.extend(texts[-1][code].as_py() for code in samples[rows[place < 0]].tolist())

    def finished(self) -> Iterator[tuple[str, SeedScores]]:
        """Each data set with its scores, once all rows were taken up; an image that is missing, unknown or there twice is refused."""
        for dataset in sorted(self._is_flat):
            own = {protocol: seen for (name, protocol), seen in sorted(self._seen.items(), key=lambda item: item[0]) if name == dataset}
            for protocol, seen in own.items():
                self._expect_complete(dataset, protocol, seen)
            yield dataset, SeedScores({protocol: seen.values for protocol, seen in own.items()}, self._is_flat[dataset])

    def _places(self, dataset: str, names: pa.Array) -> np.ndarray:
        """Where images are in their data set; -1 for one that is not."""
        if dataset not in self._images:
            raise InputError(f"{dataset}: no scores of {REFERENCE!r}, which every method is compared to; add it to `baselines`")
        found = pc.call_function("index_in", [names], pc.SetLookupOptions(value_set=self._images[dataset]))
        return pc.fill_null(found, -1).to_numpy(zero_copy_only=False)

    def _take(self, dataset: str, protocol: Protocol, place: np.ndarray, numbers: np.ndarray, is_flat: np.ndarray) -> _Seen:
        count = len(self._images[dataset])
        if (dataset, protocol) not in self._seen:
            self._seen[dataset, protocol] = _Seen(np.full((count, len(MEASURES)), np.nan), np.zeros(count, np.int64), [])
            self._is_flat.setdefault(dataset, np.zeros(count, bool))
        seen, known = self._seen[dataset, protocol], place >= 0
        seen.values[place[known]] = numbers[known]
        np.add.at(seen.times, place[known], 1)
        self._is_flat[dataset][place[known]] = is_flat[known]
        return seen

    def _expect_own(self, batch: pa.RecordBatch) -> None:
        for name, expected in (("method", self._method), ("seed", self._seed)):
            if others := set(batch[name].unique().to_pylist()) - {expected}:
                raise InputError(f"{self._method!r}, seed {self._seed}: rows of {name} {sorted(others, key=str)[0]!r}; evaluate it again")
        for name in TEXTS:
            if batch[name].null_count:
                came = f"{batch[name].null_count} rows without {name}"
                raise InputError(f"{self._method!r}, seed {self._seed}: {came}; expected one in each; evaluate it again")

    def _expect_complete(self, dataset: str, protocol: Protocol, seen: _Seen) -> None:
        if not seen.unknown and (seen.times == 1).all():
            return
        images = self._images[dataset]
        where = f"{dataset}, method {self._method!r}, seed {self._seed}, {'/'.join(protocol)}"
        twice = [images[place].as_py() for place in np.flatnonzero(seen.times > 1)[:1]]
        twice += sorted(name for name, times in Counter(seen.unknown).items() if times > 1)[:1]
        if twice:
            raise InputError(f"{where}: image {twice[0]} is scored twice; expected once; evaluate it again")
        missing = images.filter(pa.array(seen.times == 0)).to_pylist()
        found = int(seen.times.sum()) + len(seen.unknown)
        differing = min([*missing, *seen.unknown])
        raise InputError(f"{where}: {found} images, {len(images)} of {REFERENCE!r}; {differing} is in one only; evaluate again")


def _distinct(rows: pa.Table) -> pa.Table:
    first = rows.group_by(["dataset", "sample_id"], use_threads=False).aggregate([("image_id", "first"), ("foreground_ratio", "first")])
    return first.rename_columns(list(IMAGE_COLUMNS))


def _codes(column: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """For each row the place of its text among the distinct ones, and those."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary


def _pairs(first: pa.Array, second: pa.Array) -> set[tuple[str, str]]:
    """The distinct pairs of texts, without those that have a null."""
    (one, names), (other, texts) = _codes(first), _codes(pc.fill_null(second.cast(pa.string()), ""))
    found = np.unique(one.astype(np.int64) * len(texts) + other)
    pairs = {(names[code // len(texts)].as_py(), texts[code % len(texts)].as_py()) for code in found.tolist()}
    return {pair for pair in pairs if pair[1]}
