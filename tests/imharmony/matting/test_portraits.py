"""Packed portraits: their arrays are the layers at a network's size, compose to the composites, and are packed once."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch.testing import assert_close

from imharmony.composing.composites import read_composite
from imharmony.composing.packed_split import pack_split, square_image, square_mask
from imharmony.composing.regions import RegionRules
from imharmony.errors import InputError
from imharmony.matting.layers import LayerMaker
from imharmony.matting.portraits import (
    composed,
    disharmonious,
    native_portrait,
    pack_portraits,
    recomposed_real,
    square_trimap,
    tensors_of,
    unit_tensor,
)
from imharmony.matting.stored_trimaps import StoredTrimaps, make_trimaps
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.portraits import write_portraits

CPU = torch.device("cpu")
SIZE = 32


@pytest.fixture(scope="module")
def maker(world) -> LayerMaker:
    return LayerMaker(world.composites, world.images, world.regions)


@pytest.fixture(scope="module")
def trimaps(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("t") / "trimaps"
    make_trimaps(world.composites, folder, work=folder.parent / "work", unknown=0.3)
    return folder


@pytest.fixture(scope="module")
def train(world, maker, tmp_path_factory):
    return pack_portraits(maker, world.composites, tmp_path_factory.mktemp("cache"), split="train", size_px=SIZE)


def names_of(world, split: str) -> list[str]:
    return [row["sample_id"] for row in read_table(world.composites / "manifest.parquet").to_pylist() if row["split"] == split]


def test_each_composite_of_the_split_has_a_row(world, train):
    assert_array_equal(train.rows["sample_id"], names_of(world, "train"))
    assert len(train) == 18
    assert (train.size_px, train.direction, train.trimap) == (SIZE, "background", None)
    assert [train.rows["sample_id"][index].as_py().rsplit("_", 1)[1] for index in train.first_of_each()] == ["0"] * 9


def test_arrays_are_the_layers_squared_as_composites_are(world, maker, train, tmp_path):
    other = pack_split(world.composites, tmp_path, split="train", size_px=SIZE)
    assert_array_equal(train.picture, other.real)
    for index, row in enumerate(train.rows.to_pylist()[:4]):
        made = maker.layers(row)
        assert_array_equal(train.alpha[index], square_mask(made.matte, SIZE))
        assert_array_equal(train.plate[index], square_image(made.plate, SIZE))
        assert_array_equal(train.changed[index], square_image(made.changed, SIZE))


def test_stored_trimaps_come_with_those_that_are_tested_on(world, maker, trimaps, tmp_path):
    found = pack_portraits(maker, world.composites, tmp_path, split="test", size_px=SIZE, trimaps=trimaps)
    stored = StoredTrimaps(trimaps)
    for index, row in enumerate(found.rows.to_pylist()):
        assert_array_equal(found.trimap[index], square_trimap(stored.of(row), SIZE))
        assert set(np.unique(found.trimap[index])) <= {0, 128, 255}
    with pytest.raises(InputError, match="no trimap; expected one for each portrait of val and test"):
        pack_portraits(maker, world.composites, tmp_path, split="train", size_px=SIZE, trimaps=trimaps)


def test_few_portraits_are_chosen_by_hash_with_all_their_composites(world, maker, tmp_path):
    few = [pack_portraits(maker, world.composites, tmp_path, split="train", size_px=8, most=4, seed=seed) for seed in (0, 1)]
    images = [set(each.rows["image_id"].to_pylist()) for each in few]
    assert [len(each) for each in few] == [8, 8]
    assert len(images[0]) == len(images[1]) == 4
    assert images[0] != images[1]


def test_what_is_packed_is_not_made_again(world, maker, tmp_path, monkeypatch):
    first = pack_portraits(maker, world.composites, tmp_path, split="val", size_px=8)
    monkeypatch.setattr(LayerMaker, "layers", None)
    assert_array_equal(pack_portraits(maker, world.composites, tmp_path, split="val", size_px=8).changed, first.changed)


def test_an_empty_split_is_refused(world, maker, tmp_path):
    with pytest.raises(InputError, match=r"no portraits in split 'holdout'; expected some, as in \['test', 'train', 'val'\]"):
        pack_portraits(maker, world.composites, tmp_path, split="holdout", size_px=8)


@pytest.mark.parametrize("direction", ["background", "foreground"])
def test_by_the_true_matte_the_disharmonious_picture_is_the_stored_composite(direction, tmp_path):
    world = write_portraits(tmp_path, count=10, regions=RegionRules(direction))
    maker, reader = LayerMaker(world.composites, world.images, world.regions), ShardReader(world.composites)
    rows = pack_portraits(maker, world.composites, tmp_path / "cache", split="test", size_px=8).rows.to_pylist()
    for row in rows:
        made = maker.layers(row)
        picture, changed, alpha = (unit_tensor(array[None]) for array in (made.picture, made.changed, made.matte))
        stored = unit_tensor(read_composite(reader, row["shard"], row["row"])[1][None])
        assert (disharmonious(alpha, picture, changed, direction) - stored).abs().max() <= 0.5001 / 255


def test_the_photograph_over_its_own_plate_is_itself_where_the_matte_is_opaque_or_the_plate_is_the_photograph(train):
    batch = tensors_of(train, range(3), device=CPU)
    made = recomposed_real(batch["alpha"], batch["picture"], batch["plate"])
    same = (batch["alpha"] == 1) | (batch["plate"] == batch["picture"]).all(1, keepdim=True)
    assert_close(torch.where(same, made, 0), torch.where(same, batch["picture"], 0))
    assert not same.all()


def test_the_gradient_to_alpha_is_the_difference_of_the_layers():
    over, under = torch.rand(2, 1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    alpha = torch.full((1, 1, 4, 4), 0.3, requires_grad=True)
    composed(alpha, over, under).sum().backward()
    assert_close(alpha.grad, (over - under).sum(1, keepdim=True))


def test_a_batch_is_in_unit_range_and_in_the_order_asked_for(train):
    batch = tensors_of(train, [5, 2], device=CPU)
    assert {name: tuple(tensor.shape) for name, tensor in batch.items()} == {
        "picture": (2, 3, SIZE, SIZE),
        "alpha": (2, 1, SIZE, SIZE),
        "plate": (2, 3, SIZE, SIZE),
        "changed": (2, 3, SIZE, SIZE),
    }
    assert_array_equal(batch["changed"][0].permute(1, 2, 0).mul(255).round().byte(), train.changed[5])
    assert all(tensor.min() >= 0 and tensor.max() <= 1 for tensor in batch.values())


def test_a_portrait_at_its_own_size(world, trimaps, maker, tmp_path):
    row = pack_portraits(maker, world.composites, tmp_path, split="test", size_px=8).rows.to_pylist()[0]
    own = native_portrait(world.composites, StoredTrimaps(trimaps), row)
    made = maker.layers(row)
    assert_array_equal(own.picture, made.picture)
    assert_array_equal(own.alpha, made.matte)
    assert own.trimap.shape == (row["height"], row["width"])
