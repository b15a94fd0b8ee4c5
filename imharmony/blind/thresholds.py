"""From which offset on a detector sees a change, beside the observer whom it is to imitate.

All is made of rows of ``detections.PSYCHOMETRIC``, a table for each blind variant, by its name. The observer is the law of
``observer.thresholds_of``, so an error here is the distance to that law, not to people.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.blind.detections import PSYCHOMETRIC, thresholds_in
from imharmony.blind.observer import POPULATION, detection_probability, thresholds_of
from imharmony.storage.shards import Row

# One row for each variant, data set and offset.
CURVES = pa.schema(
    [
        ("variant", pa.string()),
        ("dataset", pa.string()),
        ("stops", pa.float64()),
        ("negative", pa.float64()),  # mean probability over the foregrounds
        ("positive", pa.float64()),
        ("detected", pa.float64()),  # that of the offset's own sign; the larger one at no offset
        ("observer", pa.float64()),  # the same by the law, of the same foregrounds
        ("n_foregrounds", pa.int64()),
    ]
)
# One row for each variant, data set and sign.
THRESHOLDS = pa.schema(
    [
        ("variant", pa.string()),
        ("dataset", pa.string()),
        ("kind", pa.string()),  # negative, positive
        ("error", pa.float64()),  # mean |threshold - the law's|, stops, of the foregrounds that have one; null where none has
        ("constant_error", pa.float64()),  # that of observer.POPULATION, whatever the object, on the same foregrounds
        ("n_crossed", pa.int64()),  # foregrounds at which the detector becomes as sure as not
        ("n_foregrounds", pa.int64()),
    ]
)


def curves(tables: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of ``CURVES``."""
    rows: list[Row] = []
    for variant, dataset, part in _parts(tables):
        laws = {lightness: thresholds_of(lightness) for lightness in part["lightness"].unique().tolist()}
        for stops, own in part.groupby("stops", sort=True):
            offset = float(own["stops"].iloc[0])
            negative, positive = float(own["negative"].mean()), float(own["positive"].mean())
            seen = negative if offset < 0 else positive if offset > 0 else max(negative, positive)
            law = np.mean([detection_probability(offset, laws[each]) for each in own["lightness"].tolist()])
            row = {"variant": variant, "dataset": dataset, "stops": stops, "negative": negative, "positive": positive}
            rows.append(row | {"detected": seen, "observer": float(law), "n_foregrounds": len(own)})
    return pa.Table.from_pylist(rows, schema=CURVES)


def threshold_errors(tables: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of ``THRESHOLDS``."""
    rows: list[Row] = []
    for variant, dataset, part in _parts(tables):
        found = thresholds_in(pa.Table.from_pandas(part, schema=PSYCHOMETRIC, preserve_index=False).to_pylist())
        for place, kind in enumerate(("negative", "positive")):
            own, law = (np.array([pair[which][place] for pair in found]) for which in (0, 1))
            crossed = np.isfinite(own)
            errors = {"error": np.abs(own - law)[crossed], "constant_error": np.abs(POPULATION[place] - law)[crossed]}
            row: Row = {"variant": variant, "dataset": dataset, "kind": kind}
            row |= {name: float(values.mean()) if crossed.any() else None for name, values in errors.items()}
            rows.append(row | {"n_crossed": int(crossed.sum()), "n_foregrounds": len(own)})
    return pa.Table.from_pylist(rows, schema=THRESHOLDS)


def _parts(tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows of each variant and data set, by foreground and offset whatever the order in which they came."""
    for variant, table in tables.items():
        frame = table.to_pandas().sort_values(["dataset", "sample_id", "stops"], kind="stable")
        for dataset, part in frame.groupby("dataset", sort=True):
            yield variant, str(dataset), part
