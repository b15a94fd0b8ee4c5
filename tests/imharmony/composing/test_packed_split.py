"""Packed pictures: the same filter as the field's, the same order as the manifest, made once."""

import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from imharmony.composing import packed_split
from imharmony.composing.composites import read_composite
from imharmony.composing.packed_split import data_hash, pack_split, square_image, square_mask
from imharmony.composing.synthesis import synthesize
from imharmony.datasets.contact_sheet import composite_sheet
from imharmony.errors import InputError
from imharmony.storage.shards import ShardReader
from tests.photographs import rows_of, write_world

SIZE = 32


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    selected, images = write_world(folder, rows_of())
    counts = {"train": 2, "val": 1, "test": 1}
    options = {"dataset": "d", "composites_per_foreground": counts, "seed": 0, "workers": 1, "transfers": ["reinhard_lab"]}
    synthesize(selected=selected, images=images, out=folder / "out", work=folder / "work", **options)
    return folder / "out"


def test_pictures_follow_the_rows(composites, tmp_path):
    packed = pack_split(composites, tmp_path, split="train", size_px=SIZE)
    assert set(packed.rows["split"].to_pylist()) == {"train"}
    assert packed.composite.shape == packed.real.shape == (packed.rows.num_rows, SIZE, SIZE, 3)
    assert packed.mask.shape == (packed.rows.num_rows, SIZE, SIZE)
    reader = ShardReader(composites)
    for position, row in enumerate(packed.rows.to_pylist()):
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(packed.real[position], square_image(real, SIZE))
        assert_array_equal(packed.composite[position], square_image(composite, SIZE))
        assert_array_equal(packed.mask[position], square_mask(mask, SIZE))


def test_all_rows_of_the_splits_are_packed(composites, tmp_path):
    counts = {split: len(pack_split(composites, tmp_path, split=split, size_px=SIZE).mask) for split in ("train", "val", "test")}
    assert counts == {"train": 32, "val": 8, "test": 8}


@pytest.mark.parametrize("shape", [(61, 83), (20, 17), (32, 32)])
def test_images_are_squared_as_pillow_does_it(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    expected = np.asarray(Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    assert np.abs(square_image(image, SIZE).astype(int) - expected).max() <= 1


def test_a_mask_is_soft_at_the_edge_and_nowhere_else():
    mask = np.zeros((50, 64), np.uint8)
    mask[:, 33:] = 255
    small = square_mask(mask, SIZE)
    assert_array_equal(small[:, :15], 0)
    assert_array_equal(small[:, 18:], 255)
    assert 0 < small[0, 16] < 255


def test_a_picture_of_the_right_size_is_not_filtered():
    image = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    assert_array_equal(square_image(image, SIZE), image)


def test_arrays_are_made_once_and_mapped_read_only(composites, tmp_path, monkeypatch):
    first = pack_split(composites, tmp_path, split="val", size_px=SIZE)
    monkeypatch.setattr(packed_split, "pack_arrays", None)
    again = pack_split(composites, tmp_path, split="val", size_px=SIZE)
    assert isinstance(again.real, np.memmap)
    assert not again.real.flags.writeable
    assert_array_equal(again.composite, first.composite)


def test_who_comes_second_waits_and_keeps_what_the_first_packed(composites, tmp_path, monkeypatch):
    write, calls = packed_split.pack_arrays, []

    def write_slowly(*arguments, **options) -> None:
        calls.append(arguments)
        time.sleep(0.3)
        write(*arguments, **options)

    monkeypatch.setattr(packed_split, "pack_arrays", write_slowly)
    with ThreadPoolExecutor(2) as pool:
        packs = list(pool.map(lambda _: pack_split(composites, tmp_path, split="val", size_px=SIZE), range(2)))
    assert [len(pack.mask) for pack in packs] == [8, 8]
    assert len(calls) == 1


def flip(path: Path) -> None:
    """Another bit in the middle, as a disk does it: neither size nor name tell."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink], ids=["flipped", "cut", "gone"])
@pytest.mark.parametrize("name", ["composite.npy", "real.npy", "mask.npy", ".seal"])
def test_what_is_damaged_is_said_and_packed_again(name, harm, composites, tmp_path, caplog):
    first = pack_split(composites, tmp_path, split="val", size_px=SIZE)
    wanted = {part: getattr(first, part).copy() for part in packed_split.SHAPES}
    harm(tmp_path / f"val-{SIZE}" / name)
    again = pack_split(composites, tmp_path, split="val", size_px=SIZE)
    for part, expected in wanted.items():
        assert_array_equal(getattr(again, part), expected)
    said = [record.getMessage() for record in caplog.records if "dropped, and made again" in record.getMessage()]
    assert len(said) == (0 if harm is Path.unlink and name == ".seal" else 1)


def test_a_broken_shard_leaves_nothing_behind(composites, tmp_path, monkeypatch):
    def fail(*_arguments, **_options) -> None:
        raise InputError("broken")

    monkeypatch.setattr(packed_split, "read_real", fail)
    with pytest.raises(InputError, match="broken"):
        pack_split(composites, tmp_path, split="val", size_px=SIZE)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_an_unknown_split_is_named(composites, tmp_path):
    with pytest.raises(InputError, match=r"no composites in split 'dev'; expected some, as in \['test', 'train', 'val'\]"):
        pack_split(composites, tmp_path, split="dev", size_px=SIZE)


def test_a_contact_sheet_shows_real_mask_and_composite(composites):
    sheet = composite_sheet(composites, rows=2, columns=2, side_px=60)
    assert sheet.shape == (120, 360, 3)
    assert sheet.std() > 10


def test_the_data_hash_is_the_head_of_the_manifests(tmp_path):
    (tmp_path / "manifest.parquet").write_bytes(b"rows")
    assert data_hash(tmp_path) == sha256(b"rows").hexdigest()[:16]


def test_without_a_manifest_the_stage_to_run_is_named(tmp_path):
    with pytest.raises(InputError, match="no such table; run the stage that writes it"):
        data_hash(tmp_path)


@pytest.mark.parametrize("machines", [{"workers": 2}, {"workers": 2, "cluster_address": "local"}], ids=["processes", "cluster"])
def test_pieces_that_others_pack_change_no_byte(composites, tmp_path, monkeypatch, machines):
    pack_split(composites, tmp_path / "whole", split="train", size_px=SIZE)
    monkeypatch.setattr(packed_split, "ROWS_PER_PIECE", 5)
    monkeypatch.setattr(packed_split, "WORTH_A_PROCESS", 1)
    pack_split(composites, tmp_path / "pieces", split="train", size_px=SIZE, **machines)
    whole, pieces = ({path.name: path.read_bytes() for path in tmp_path.glob(f"{name}/train-*/*.npy")} for name in ("whole", "pieces"))
    assert sorted(whole) == ["composite.npy", "mask.npy", "real.npy"]
    assert whole == pieces


def test_a_small_split_is_packed_in_this_process(composites, tmp_path, monkeypatch):
    monkeypatch.setattr("imharmony.running.processes.ProcessPoolExecutor", None)
    assert len(pack_split(composites, tmp_path, split="train", size_px=SIZE, workers=8).mask) > 8
