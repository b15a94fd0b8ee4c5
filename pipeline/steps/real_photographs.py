"""The real photographs that judges of realism and detectors learn from, of several data sets."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from imharmony.composing.packed_split import data_hash
from imharmony.realism.photographs import Photographs, photographs_of
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.steps.packing import packed
from pipeline.steps.paths import Places


class Learner(Protocol):
    """What learns from photographs: of which data sets, of at most how many foregrounds, drawn by which seed."""

    @property
    def datasets(self) -> Sequence[str]: ...

    @property
    def photographs(self) -> int: ...

    @property
    def seed(self) -> int: ...


def real_photographs(params: Params, places: Places, learner: Learner, split: str, *, size_px: int | None = None) -> Photographs:
    """Those of a split of the learner's data sets, at a size or that which is scored; none is in another split of any set of the run."""
    size_px = size_px or params.active.evaluation.size_px
    sources = {name: params.active.datasets[name].source for name in params.datasets}
    known = [
        (sources[name], packed(params, places, name, split, size_px) if name in learner.datasets else None, _splits(places, name))
        for name in params.datasets
    ]
    return photographs_of(known, split=split, most=learner.photographs, seed=learner.seed)


def hashes_of(places: Places, datasets: Sequence[str]) -> dict[str, str]:
    """What names the composites of each data set."""
    return {name: data_hash(places.composites(name)) for name in datasets}


def _splits(places: Places, dataset: str) -> pa.Table:
    return read_table(places.composites(dataset) / "manifest.parquet", ["image_id", "split"])
