"""The tables that a selection leaves, each in the order of the annotations, written in row groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.composing.candidates import CODES, KEPT, Candidates
from imharmony.composing.instances import DROPPED, INSTANCES, SELECTED
from imharmony.composing.splits import SPLITS
from imharmony.storage.streams import Buckets, buckets_in, read_rows, write_groups

DROPPED_ROWS = 1 << 20  # of a row group


class Kept(NamedTuple):
    """The kept instances in the order of the table that is written."""

    positions: np.ndarray  # in the source's table, int64
    ratios: np.ndarray  # float64
    splits: np.ndarray  # in ``SPLITS``, uint8


def write_kept(kept: Kept, *, instances: Path, out: Path, size: int) -> None:
    """Writes ``instances.parquet`` in row groups of ``size``."""
    with buckets_in(out) as buckets:
        ranks = np.argsort(kept.positions)
        for part, batch in read_rows(instances, kept.positions[ranks], INSTANCES.names):
            buckets.add(batch.append_column("rank", pa.array(ranks[part])), ranks[part] // size)
        write_groups(out / "instances.parquet", SELECTED, _groups(kept, buckets))


def _groups(kept: Kept, buckets: Buckets) -> Iterator[pa.Table]:
    for bucket in buckets:
        table = bucket.sort_by("rank")
        ranks = table["rank"].to_numpy()
        table = table.select(INSTANCES.names).append_column("foreground_ratio", pa.array(kept.ratios[ranks]))
        yield table.append_column("split", pa.array(SPLITS).take(pa.array(kept.splits[ranks]))).cast(SELECTED)


def write_dropped(candidates: Candidates, *, out: Path) -> None:
    """Writes ``dropped.parquet``."""
    positions = candidates.sorted(np.flatnonzero(candidates.reasons != KEPT))
    starts = range(0, max(len(positions), 1), DROPPED_ROWS)
    write_groups(out / "dropped.parquet", DROPPED, (_dropped(candidates, positions[start : start + DROPPED_ROWS]) for start in starts))


def _dropped(candidates: Candidates, positions: np.ndarray) -> pa.Table:
    columns = {
        "annotation_id": pa.array(candidates.annotation_ids[positions]),
        "image_id": pa.array(candidates.image_ids[positions]),
        "category": pa.array(candidates.category_names, pa.string()).take(pa.array(candidates.categories[positions])),
        "reason": pa.array(list(CODES)).take(pa.array(candidates.reasons[positions])),
    }
    return pa.table(columns, schema=DROPPED)
