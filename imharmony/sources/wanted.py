"""The photographs that a data set needs of its source, by tables that are never held whole."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.streams import read_batches


class Wanted(NamedTuple):
    """The wanted rows of ``tables.PHOTOGRAPHS``, and how many the source lists of each official split."""

    photographs: pa.Table
    listed: Mapping[str, int]


def read_wanted(listing: Path, instances: Path) -> Wanted:
    """The photographs of a source's table that these instances are in; both tables are read some rows at a time."""
    parts = [np.unique(batch["image_id"]) for batch in read_batches(instances, ["image_id"])]
    wanted = np.unique(np.concatenate([np.empty(0, np.int64), *parts]))
    found, listed = [PHOTOGRAPHS.empty_table()], Counter[str]()
    for batch in read_batches(listing, PHOTOGRAPHS.names):
        rows = pa.Table.from_batches([batch])
        first, last = (np.searchsorted(wanted, rows["image_id"].to_numpy(), side) for side in ("left", "right"))
        found.append(rows.filter(pa.array(first < last)).cast(PHOTOGRAPHS))
        for each in rows["official_split"].value_counts().to_pylist():
            listed[each["values"]] += each["counts"]
    return Wanted(pa.concat_tables(found), listed)
