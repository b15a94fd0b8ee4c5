"""Test images that stand for a data set: chosen by their composites alone, so that no method's luck decides what is shown."""

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.evaluation.conventions import rows_of
from imharmony.evaluation.summary import REFERENCE

QUANTILES = (0.25, 0.5, 0.75)


def typical(scores: pa.Table, dataset: str) -> list[str]:
    """The names of the images at the quartiles of the untouched composites' foreground error; fewer where there are fewer images."""
    own = rows_of(scores).filter((pc.field("dataset") == dataset) & (pc.field("method") == REFERENCE))
    ordered = own.sort_by([("fmse", "ascending"), ("sample_id", "ascending")])["sample_id"].to_pylist()
    places = sorted({round(quantile * (len(ordered) - 1)) for quantile in QUANTILES if ordered})
    return [ordered[place] for place in places]
