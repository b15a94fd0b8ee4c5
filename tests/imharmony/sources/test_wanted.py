"""Which photographs a data set needs of its source."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.sources.wanted import Wanted, read_wanted
from imharmony.storage.tables import write_table

SPLITS = ("train2017", "val2017")


def listing(count: int) -> pa.Table:
    rows = [{"image_id": number, "official_split": SPLITS[number % 3 == 0], "file_name": f"{number}.jpg"} for number in range(count)]
    return pa.Table.from_pylist(rows, schema=PHOTOGRAPHS)


def read(folder: Path, photographs: pa.Table, instances: list[int]) -> Wanted:
    write_table(folder / "photographs.parquet", photographs)
    write_table(folder / "instances.parquet", pa.table({"image_id": pa.array(instances, pa.int64())}))
    return read_wanted(folder / "photographs.parquet", folder / "instances.parquet")


@pytest.mark.parametrize("count", [7, 70_000])  # of one piece of a table, and of several
def test_photographs_of_the_instances_are_wanted_once_and_in_the_order_of_the_source(tmp_path, count):
    photographs = listing(count)
    instances = np.random.default_rng(0).integers(-3, count + 3, count).tolist()
    found = read(tmp_path, photographs, instances)
    chosen = set(instances)
    assert found.photographs.equals(photographs.filter(pa.array([number in chosen for number in range(count)])))
    assert found.listed == {"val2017": -(-count // 3), "train2017": count - -(-count // 3)}


def test_without_instances_no_photograph_is_wanted(tmp_path):
    found = read(tmp_path, listing(5), [])
    assert found.photographs.num_rows == 0
    assert sum(found.listed.values()) == 5
