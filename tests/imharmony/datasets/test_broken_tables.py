"""A broken manifest or shard is one line for every command that reads it."""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from imharmony.composing.manifest import COMPOSITE_SHARD, read_manifest
from imharmony.datasets.check import check
from imharmony.datasets.contact_sheet import composite_sheet
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.errors import InputError
from imharmony.storage.shards import ShardReader, shard_path, write_shard
from imharmony.storage.tables import read_table, write_table
from opinion_study.creation import chosen_rows
from tests.datasets import made


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"))


@pytest.fixture
def composites(world, tmp_path) -> Path:
    return shutil.copytree(world, tmp_path / "people")


COMMANDS = {
    "check": check,
    "export": lambda folder: export_iharmony4(folder, folder.parent / "exported"),
    "sheet": lambda folder: composite_sheet(folder, rows=20),
    "study": lambda folder: chosen_rows(folder, count=1, split="test", seed=0),
}


def replaced(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, values)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns(["shard"]), "expected shard as well"),
        (lambda table: table.append_column("row", table["row"]), "Multiple matches for FieldRef.Name.row."),
        (lambda table: table.select([]), "has columns none"),
        (lambda table: replaced(table, "row", table["row"].cast(pa.string())), "column row is string; expected int32"),
        (lambda table: replaced(table, "image_id", table["image_id"].cast(pa.float64(), safe=False)), "column image_id is double"),
        (lambda table: replaced(table, "split", pa.nulls(len(table))), "column split has 48 empty cells"),
        (lambda table: replaced(table, "transfer", pa.array([["x"]] * len(table))), "column transfer is list"),
        (lambda table: replaced(table, "shard", pa.array([2**40] * len(table))), "column shard is no int32"),
        (lambda table: replaced(table, "row", pa.array([-1] * len(table))), "column row has -1; expected 0 or more"),
    ],
)
def test_a_manifest_of_other_columns_is_one_line(composites, command, change, message):
    path = composites / "manifest.parquet"
    write_table(path, change(read_table(path)))
    with pytest.raises(InputError, match=rf"manifest\.parquet: .*{message}"):
        command(composites)


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_manifest_that_another_program_wrote_anew_is_the_same(composites, kind):
    path = composites / "manifest.parquet"
    before = read_manifest(composites)
    write_table(path, replaced(replaced(before, "split", before["split"].cast(kind)), "row", before["row"].cast(pa.int64())))
    assert read_manifest(composites) == before


def test_a_flipped_bit_of_a_manifest_is_a_line_or_a_table(composites):
    path, rng = composites / "manifest.parquet", random.Random(0)
    data = path.read_bytes()
    for _ in range(150):
        flipped = bytearray(data)
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(flipped))
        try:
            read_manifest(composites)
        except InputError:
            continue


def test_a_folder_in_place_of_a_manifest_is_named(composites):
    path = composites / "manifest.parquet"
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match=r"manifest\.parquet: a folder"):
        read_manifest(composites)


def cells(composites, **changes):
    rows = [ShardReader(composites).row(0, row) for row in range(read_table(composites / "manifest.parquet").num_rows)]
    write_shard(composites, 0, [row | changes for row in rows], COMPOSITE_SHARD)


def shard_of_other_columns(composites, *names):
    with pa.OSFile(str(shard_path(composites, 0)), "wb") as sink:
        batch = pa.RecordBatch.from_pylist([dict.fromkeys(names, "x")] * 48)
        with pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)


DAMAGES = {
    "missing": lambda folder: shard_path(folder, 0).unlink(),
    "a folder": lambda folder: (shard_path(folder, 0).unlink(), shard_path(folder, 0).mkdir()),
    "empty": lambda folder: shard_path(folder, 0).write_bytes(b""),
    "parquet": lambda folder: pq.write_table(pa.table({"real": [b"x"]}), shard_path(folder, 0)),
    "other columns": lambda folder: shard_of_other_columns(folder, "picture"),
    "other types": lambda folder: shard_of_other_columns(folder, *COMPOSITE_SHARD.names),
    "few rows": lambda folder: write_shard(folder, 0, [], COMPOSITE_SHARD),
    "no mask": lambda folder: cells(folder, mask=None),
    "an empty mask file": lambda folder: cells(folder, mask=b""),
    "no box": lambda folder: cells(folder, box_x=None),
    "a box outside": lambda folder: cells(folder, box_x=-5),
    "a large box": lambda folder: cells(folder, box_width=10**9),
    "a row of nowhere": lambda folder: cells(folder, real_row=10**6),
    "no row": lambda folder: cells(folder, real_row=None),
    "no picture": lambda folder: cells(folder, patch=b"no picture"),
    "no composite": lambda folder: cells(folder, patch=None),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_broken_shard_is_one_line_or_a_finding(composites, damage):
    damage(composites)
    assert not check(composites).is_sound
    for command in ("export", "sheet"):
        with pytest.raises(InputError, match=r"shard"):
            COMMANDS[command](composites)
