"""The real photographs that judges of realism learn from, of several data sets."""

from collections.abc import Sequence

import pyarrow as pa

from imharmony.composing.packed_split import data_hash
from imharmony.realism.photographs import Photographs, photographs_of
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.params.realism import RealismJudges
from pipeline.steps.packing import packed
from pipeline.steps.paths import Places


def real_photographs(params: Params, places: Places, judges: RealismJudges, split: str) -> Photographs:
    """Those of a split of the judges' data sets, at the size that is scored; none is in another split of any data set of the run."""
    size_px = params.active.evaluation.size_px
    sources = {name: params.active.datasets[name].source for name in params.datasets}
    known = [
        (sources[name], packed(params, places, name, split, size_px) if name in judges.datasets else None, _splits(places, name))
        for name in params.datasets
    ]
    return photographs_of(known, split=split, most=judges.photographs, seed=judges.seed)


def hashes_of(places: Places, datasets: Sequence[str]) -> dict[str, str]:
    """What names the composites of each data set."""
    return {name: data_hash(places.composites(name)) for name in datasets}


def _splits(places: Places, dataset: str) -> pa.Table:
    return read_table(places.composites(dataset) / "manifest.parquet", ["image_id", "split"])
