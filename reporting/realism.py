"""The report's part on realism without a reference: how well each judge tells real photographs from composites."""

import pyarrow as pa

from imharmony.realism.judging import JUDGED, REALISM, areas
from imharmony.storage.tables import read_typed
from pipeline.params.file import Params
from pipeline.steps.paths import Places


def realism_of(params: Params, places: Places) -> pa.Table:
    """The rows of ``judging.REALISM`` from what the stage ``evaluate_realism`` left of each entry of ``judges``."""
    tables = [REALISM.empty_table()]
    for name in params.judges:
        judged = read_typed(places.realism(name, "judged") / "judged.parquet", JUDGED, filled=["dataset", "image_id", "is_real"])
        tables.append(areas(judged, judges=name, bootstrap=params.active.evaluation.bootstrap))
    return pa.concat_tables(tables)
