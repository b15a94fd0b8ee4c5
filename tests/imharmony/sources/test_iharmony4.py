"""A subset becomes a folder of composites like ours: the same samples from our own export, the files as they are from another."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing.composites import pixels_sha256, read_composite, read_real
from imharmony.composing.manifest import MANIFEST
from imharmony.composing.packed_split import pack_split
from imharmony.composing.rules import SplitRule
from imharmony.composing.splits import split_of
from imharmony.datasets.contents import contents
from imharmony.datasets.iharmony4_export import export_iharmony4
from imharmony.errors import InputError
from imharmony.pictures.images import decode_png, encode_png, read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.sources import iharmony4
from imharmony.sources.iharmony4 import import_iharmony4
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table
from tests.datasets import made, scene, write, write_subset

PHOTOGRAPHS = {"train": {f"a{number:04d}": scene(number) for number in range(1, 9)}, "test": {"a0010": scene(10), "a0011": scene(11)}}
MEASURED = {"delta_e", "clipped_fraction", "sha256_composite"}


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """A subset and, beside it, what was made of it."""
    folder = tmp_path_factory.mktemp("published")
    write_subset(folder, "HAdobe5k", PHOTOGRAPHS)
    import_iharmony4(folder, folder / "out", subset="HAdobe5k", val=0.5)
    return folder


def rows_of(folder: Path) -> list[Row]:
    return read_table(folder / "manifest.parquet").to_pylist()


def test_a_lossless_export_comes_back_byte_for_byte(composites, tmp_path):
    export_iharmony4(composites, tmp_path, lossless=True)
    import_iharmony4(tmp_path, tmp_path / "again", subset="people", val=0.5)
    assert rows_of(tmp_path / "again") == rows_of(composites)
    assert (tmp_path / "again" / "shard-00000.arrow").read_bytes() == (composites / "shard-00000.arrow").read_bytes()


def test_an_export_as_jpeg_comes_back_but_for_the_composites_pixels(composites, tmp_path):
    export_iharmony4(composites, tmp_path)
    import_iharmony4(tmp_path, tmp_path / "again", subset="people", val=0.5)
    rows, again = rows_of(composites), rows_of(tmp_path / "again")
    for row, other in zip(rows, again, strict=True):
        assert {name for name, value in row.items() if other[name] != value} <= MEASURED
        assert other["sha256_composite"] != row["sha256_composite"]
        assert other["delta_e"] == pytest.approx(row["delta_e"], abs=3)
    reader, ours = ShardReader(tmp_path / "again"), ShardReader(composites)
    for row in rows:
        place = row["shard"], row["row"]
        assert reader.value(*place, "real") == ours.value(*place, "real")
        assert_array_equal(decode_png(reader.value(*place, "mask"), name="x"), decode_png(ours.value(*place, "mask"), name="x"))


def test_a_lossless_import_packs_like_the_original(composites, tmp_path):
    export_iharmony4(composites, tmp_path, lossless=True)
    import_iharmony4(tmp_path, tmp_path / "again", subset="people", val=0.5)
    for split in ("train", "val", "test"):
        packs = [
            pack_split(folder, tmp_path / name, split=split, size_px=24) for name, folder in (("a", composites), ("b", tmp_path / "again"))
        ]
        for picture in ("composite", "real", "mask"):
            assert_array_equal(getattr(packs[0], picture), getattr(packs[1], picture))


def test_a_published_subset_keeps_its_lists_and_names(published):
    table = read_table(published / "out" / "manifest.parquet")
    assert table.schema == MANIFEST
    rows = {row["sample_id"]: row for row in table.to_pylist()}
    assert {name for name, row in rows.items() if row["split"] == "test"} == {"10_1_1", "11_1_1"}
    row = rows["3_1_1"]
    expected = {"image_id": 3, "annotation_id": 1, "dataset": "HAdobe5k", "transfer": "published", "direction": "foreground"}
    assert {name: row[name] for name in expected} == expected
    assert row["transfer_params"] == '{"file": "a0003_1_1.jpg"}'
    assert [row[name] for name in ("category", "reference_image_id", "reference_annotation_id", "seed", "licence")] == [None] * 5


def test_validation_is_drawn_by_photograph_as_for_an_official_split(published):
    rule = SplitRule(by="official", val=0.5, test=0.0)
    splits = {row["image_id"]: row["split"] for row in rows_of(published / "out") if row["split"] != "test"}
    assert splits == {image_id: split_of(image_id, official="train", rule=rule) for image_id in range(1, 9)}
    assert set(splits.values()) == {"train", "val"}


def test_a_published_composite_is_its_own_file_with_what_is_measured_on_it(published):
    reader, root = ShardReader(published / "out"), published / "HAdobe5k"
    for row in rows_of(published / "out"):
        name, place = f"a{row['image_id']:04d}", (row["shard"], row["row"])
        composite = root / "composite_images" / f"{name}_1_1.jpg"
        real, pixels, mask = (
            read_rgb(root / "real_images" / f"{name}.jpg"),
            read_rgb(composite),
            read_mask(root / "masks" / f"{name}_1.png"),
        )
        assert reader.value(*place, "patch") is None
        assert reader.value(*place, "composite") == composite.read_bytes()
        assert reader.value(*place, "real") == (root / "real_images" / f"{name}.jpg").read_bytes()
        assert_array_equal(read_real(reader, *place), real)
        assert [row[f"sha256_{picture}"] for picture in ("real", "composite", "mask")] == [
            pixels_sha256(each) for each in (real, pixels, mask)
        ]
        assert (row["width"], row["height"]) == (real.shape[1], real.shape[0])
        assert row["foreground_ratio"] == (mask == 255).mean()
        assert row["delta_e"] > 2


def test_a_published_subset_is_read_and_packed_as_its_files_are(published, tmp_path):
    reader, root = ShardReader(published / "out"), published / "HAdobe5k"
    for row in rows_of(published / "out"):
        name = f"a{row['image_id']:04d}"
        files = [f"real_images/{name}.jpg", f"composite_images/{name}_1_1.jpg"]
        expected = [*(read_rgb(root / file) for file in files), read_mask(root / "masks" / f"{name}_1.png")]
        for seen, picture in zip(read_composite(reader, row["shard"], row["row"]), expected, strict=True):
            assert_array_equal(seen, picture)
    assert len(pack_split(published / "out", tmp_path, split="test", size_px=24).composite) == 2
    assert contents(published / "out").findings == []


def test_a_published_subset_is_exported_with_the_same_files(published, tmp_path):
    exported, root = export_iharmony4(published / "out", tmp_path, subset="HAdobe5k"), published / "HAdobe5k"
    for row in rows_of(published / "out"):
        name = f"a{row['image_id']:04d}_1_1.jpg"
        composite = exported / "composite_images" / f"a{row['image_id']}_1_1.jpg"
        assert composite.read_bytes() == (root / "composite_images" / name).read_bytes()


def test_a_composite_that_is_pasted_exactly_needs_no_file_of_its_own(tmp_path):
    root = write_subset(tmp_path, "HAdobe5k", PHOTOGRAPHS)
    real, mask = read_rgb(root / "real_images" / "a0010.jpg"), read_mask(root / "masks" / "a0010_1.png")
    pasted = np.where(mask[..., None] > 0, 255 - real, real)
    (root / "composite_images" / "a0010_1_1.jpg").unlink()
    write(root / "composite_images" / "a0010_1_1.png", encode_png(pasted))
    (root / "HAdobe5k_test.txt").write_text("a0010_1_1.png\n")
    import_iharmony4(tmp_path, tmp_path / "out", subset="HAdobe5k", val=0.5)
    row = next(row for row in rows_of(tmp_path / "out") if row["split"] == "test")
    reader = ShardReader(tmp_path / "out")
    assert reader.value(row["shard"], row["row"], "composite") is None
    for seen, expected in zip(read_composite(reader, row["shard"], row["row"]), (real, pasted, mask), strict=True):
        assert_array_equal(seen, expected)


def test_the_number_of_processes_changes_no_byte(published, tmp_path, monkeypatch):
    monkeypatch.setattr(iharmony4, "PHOTOGRAPHS_PER_SHARD", 4)
    contents = []
    for workers in (1, 2):
        import_iharmony4(published, tmp_path / str(workers), subset="HAdobe5k", val=0.5, workers=workers)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / str(workers)).iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 3 + 2


def test_a_soft_mask_stays_soft(tmp_path):
    root = write_subset(tmp_path, "HAdobe5k", PHOTOGRAPHS)
    soft = np.zeros((72, 96), np.uint8)
    soft[10:20, 10:20], soft[12:18, 12:18] = 60, 200
    write(root / "masks" / "a0010_1.png", encode_png(soft))
    import_iharmony4(tmp_path, tmp_path / "out", subset="HAdobe5k", val=0.5)
    row = next(row for row in rows_of(tmp_path / "out") if row["image_id"] == 10)
    assert_array_equal(decode_png(ShardReader(tmp_path / "out").value(row["shard"], row["row"], "mask"), name="x"), soft[10:20, 10:20])
    assert row["foreground_ratio"] == 36 / soft.size


def test_a_photograph_named_without_a_number_has_an_id_of_its_own(tmp_path):
    photographs = {"train": {"d90-2015-08": scene(1), "d90-2015-09": scene(2)}, "test": {"d7": scene(3)}}
    write_subset(tmp_path, "Hday2night", photographs)
    import_iharmony4(tmp_path, tmp_path / "out", subset="Hday2night", val=0.0)
    ids = [row["image_id"] for row in rows_of(tmp_path / "out")]
    assert len(set(ids)) == 3
    assert 7 in ids
    assert min(ids) >= 0


def damaged(root: Path, file: str, data: bytes | None) -> None:
    if data is None:
        (root / file).unlink()
    else:
        (root / file).write_bytes(data)


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("masks/a0003_1.png", None, r"a0003_1_1.jpg: it is in a list, but there is no masks/a0003_1.png \(1 missing in all\)"),
        ("real_images/a0003.jpg", b"nothing", "real_images/a0003.jpg: not a readable image"),
        ("masks/a0003_1.png", encode_png(np.zeros((72, 96), np.uint8)), "a0003_1.png: an empty mask"),
        ("masks/a0003_1.png", encode_png(np.ones((7, 9), np.uint8)), "composite_images 96x72, masks 9x7"),
        ("HAdobe5k_test.txt", b"a0001_1_1.jpg\n", "listed 2 times, in train and test"),
        ("HAdobe5k_train.txt", b"a0001_1_1.jpg\n", "no composite in val"),
    ],
)
def test_a_subset_that_is_not_sound_is_refused(tmp_path, file, data, message):
    damaged(write_subset(tmp_path, "HAdobe5k", PHOTOGRAPHS), file, data)
    with pytest.raises(InputError, match=message):
        import_iharmony4(tmp_path, tmp_path / "out", subset="HAdobe5k", val=0.5)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("file", ["composite_images/a0003_1_1.jpg", "real_images/a0003.jpg"])
def test_half_a_file_is_refused(tmp_path, file):
    path = write_subset(tmp_path, "HAdobe5k", PHOTOGRAPHS) / file
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match=f"{path.name}: not a readable image"):
        import_iharmony4(tmp_path, tmp_path / "out", subset="HAdobe5k", val=0.5)


def test_two_photographs_of_one_number_are_refused(tmp_path):
    write_subset(tmp_path, "HAdobe5k", {"train": {"a1": scene(1), "a01": scene(2)}, "test": {"a3": scene(3)}})
    with pytest.raises(InputError, match="photographs 1 and 01 would both be 1"):
        import_iharmony4(tmp_path, tmp_path / "out", subset="HAdobe5k", val=0.0)


def test_a_lineage_without_a_listed_composite_is_refused(composites, tmp_path):
    export_iharmony4(composites, tmp_path)
    root = tmp_path / "people"
    name = (root / "people_test.txt").read_text().split()[0]
    other = name.replace("_0.jpg", "_7.jpg")
    (root / "composite_images" / name).rename(root / "composite_images" / other)
    (root / "people_test.txt").write_text((root / "people_test.txt").read_text().replace(name, other))
    with pytest.raises(InputError, match=f"no row for {other}"):
        import_iharmony4(tmp_path, tmp_path / "out", subset="people", val=0.1)
