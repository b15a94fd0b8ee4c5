"""The stage's trimaps: one for each portrait that is tested on, chosen elsewhere, and only for the matte that they were made of."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing.composites import read_composite
from imharmony.errors import InputError
from imharmony.matting.stored_trimaps import MARGIN, TABLE, TRIMAPS, StoredTrimaps, make_trimaps, portraits_of
from imharmony.matting.trimaps import fixed_trimap
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table, write_table


@pytest.fixture(scope="module")
def made(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "trimaps"
    return folder, make_trimaps(world.composites, folder, work=folder.parent / "work", unknown=0.3)


def test_each_portrait_of_val_and_test_has_one(world, made):
    table = read_table(made[0] / TABLE)
    assert table.schema == TRIMAPS
    manifest = read_table(world.composites / "manifest.parquet").to_pylist()
    assert table["image_id"].to_pylist() == [row["image_id"] for split in ("val", "test") for row in manifest if row["split"] == split]


def test_they_are_the_mattes_trimaps_of_one_margin(world, made):
    folder, margin = made
    stored, reader = StoredTrimaps(folder), ShardReader(world.composites)
    for row in read_table(world.composites / "manifest.parquet").to_pylist():
        if row["split"] == "train":
            continue
        matte = read_composite(reader, row["shard"], row["row"])[2]
        assert_array_equal(stored.of(row), fixed_trimap(matte / 255, margin.at_600))
    table = read_table(folder / TABLE)
    assert table["unknown"].to_pylist() == [float((stored.of(row) == 128).mean()) for row in table.to_pylist()]


def test_the_margin_was_chosen_on_val_alone(made):
    folder, margin = made
    written = json.loads((folder / MARGIN).read_text())
    assert written == {"wanted": 0.3, "chosen_on": "val", "at_600": margin.at_600, "unknown": margin.unknown}
    rows = read_table(folder / TABLE).to_pylist()
    assert margin.unknown == pytest.approx(np.mean([row["unknown"] for row in rows if row["split"] == "val"]))


def test_a_portrait_counts_once_however_many_composites_it_has(world):
    images = portraits_of(world.composites, "train")["image_id"].to_pylist()
    assert len(images) == len(set(images)) == 9


def test_made_again_they_are_the_same_bytes(world, made, tmp_path):
    make_trimaps(world.composites, tmp_path / "again", work=tmp_path / "work", unknown=0.3)
    for path in made[0].iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_nothing_is_chosen_on_test(world, tmp_path):
    with pytest.raises(InputError, match="trimaps chosen on test; expected train or val"):
        make_trimaps(world.composites, tmp_path / "out", work=tmp_path / "work", unknown=0.2, chosen_on="test")


def test_a_split_without_portraits_is_refused(world, tmp_path):
    with pytest.raises(InputError, match="no composites in split 'other'"):
        make_trimaps(world.composites, tmp_path / "out", work=tmp_path / "work", unknown=0.2, splits=("other",))
    assert not (tmp_path / "out").exists()


def test_a_portrait_without_trimap_and_a_trimap_of_another_matte_are_refused(world, made):
    stored = StoredTrimaps(made[0])
    rows = read_table(world.composites / "manifest.parquet").to_pylist()
    with pytest.raises(InputError, match="no trimap; expected one for each portrait of val and test"):
        stored.of(next(row for row in rows if row["split"] == "train"))
    tested = next(row for row in rows if row["split"] == "test")
    with pytest.raises(InputError, match="a trimap of another matte; expected that of the present composites"):
        stored.of(tested | {"sha256_mask": "0"})


def test_damaged_pixels_are_found(made, tmp_path):
    folder = shutil.copytree(made[0], tmp_path / "copy")
    table = read_table(folder / TABLE)
    at = table.schema.get_field_index("sha256_trimap")
    write_table(folder / TABLE, table.set_column(at, "sha256_trimap", pa.array(["0"] * table.num_rows)))
    with pytest.raises(InputError, match="a trimap of other pixels than its table says"):
        StoredTrimaps(folder).of(table.to_pylist()[0])
