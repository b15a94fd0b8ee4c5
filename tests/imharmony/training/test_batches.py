"""Batches: every composite once an epoch, in an order that names alone decide."""

import numpy as np
import pytest
import torch

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.training.batches import Batches, FreshPictures, augmentation_rng, shuffled
from tests.composites import packed

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def split() -> PackedSplit:
    return packed(10, 32)


def test_pictures_come_in_the_networks_range(split):
    batch = Batches(split, device=CPU).take(np.array([3, 1]))
    assert batch.composite.shape == batch.real.shape == (2, 3, 32, 32)
    assert batch.mask.shape == (2, 1, 32, 32)
    assert batch.real[1, 2, 5, 7].item() == pytest.approx(split.real[1, 5, 7, 2] / 127.5 - 1)
    assert batch.mask[0, 0].numpy() == pytest.approx(split.mask[3] / 255)


def test_an_epoch_takes_every_composite_once_in_batches_of_nearly_equal_size():
    parts = shuffled(10, batch_size=4, seed=0, epoch=1)
    assert [len(part) for part in parts] == [4, 3, 3]
    assert sorted(np.concatenate(parts)) == list(range(10))


def test_the_order_depends_on_seed_and_epoch_alone():
    def order(**names) -> list[int]:
        return np.concatenate(shuffled(50, batch_size=8, **names)).tolist()

    assert order(seed=0, epoch=1) == order(seed=0, epoch=1)
    assert order(seed=0, epoch=1) != order(seed=0, epoch=2)
    assert order(seed=0, epoch=1) != order(seed=1, epoch=1)


def test_in_order_follows_the_table(split):
    composites = torch.cat([batch.composite for batch in Batches(split, device=CPU).in_order(4)])
    assert torch.equal(composites, Batches(split, device=CPU).take(np.arange(10)).composite)


def test_augmented_pictures_still_agree_outside_the_mask(split):
    batch = Batches(split, device=CPU).take(np.arange(10), augmentation_rng(0, epoch=1, step=0))
    outside = (batch.mask == 0).expand_as(batch.real)
    assert torch.equal(batch.composite[outside], batch.real[outside])
    assert 0 < batch.mask.mean() < 1


def test_augmentation_depends_on_seed_epoch_and_step(split):
    batches = Batches(split, device=CPU)

    def picture(seed: int, epoch: int, step: int) -> torch.Tensor:
        return batches.take(np.arange(4), augmentation_rng(seed, epoch=epoch, step=step)).real

    first = picture(0, 1, 0)
    assert torch.equal(first, picture(0, 1, 0))
    assert not any(torch.equal(first, picture(*other)) for other in ((1, 1, 0), (0, 2, 0), (0, 1, 1)))


def test_rows_of_a_batch_are_cropped_as_in_the_whole_one(split):
    batches, index = Batches(split, device=CPU), np.array([7, 2, 5, 0])
    whole = batches.take(index, augmentation_rng(0, epoch=1, step=0))
    parts = [batches.take(index, augmentation_rng(0, epoch=1, step=0), rows=rows) for rows in (slice(0, 1), slice(1, 4))]
    for one, other in zip(whole, zip(*parts, strict=True), strict=True):
        assert torch.equal(torch.cat(other), one)


def test_fresh_composites_take_the_place_of_stored_ones(split):
    picture = np.full((32, 32, 3), 51, np.uint8)
    batches, asked = Batches(split, device=CPU), []

    def fresh(index: np.ndarray) -> dict[int, FreshPictures]:
        asked.extend(index.tolist())
        return {1: FreshPictures(picture)}

    stored, batch = batches.take(np.array([3, 1, 4])), batches.take(np.array([3, 1, 4]), fresh=fresh)
    assert asked == [3, 1, 4]
    assert batch.composite[1].unique().tolist() == pytest.approx([51 / 127.5 - 1])
    assert torch.equal(batch.composite[[0, 2]], stored.composite[[0, 2]])
    assert torch.equal(batch.real, stored.real)
    assert not np.array_equal(split.composite[1], picture)


def test_a_fresh_composite_may_have_a_truth_of_its_own(split):
    pictures = FreshPictures(*(np.full((32, 32, 3), level, np.uint8) for level in (51, 204)))
    batches = Batches(split, device=CPU)
    stored, batch = batches.take(np.array([3, 1])), batches.take(np.array([3, 1]), fresh=lambda _: {1: pictures})
    for part, level in ((batch.composite, 51), (batch.real, 204)):
        assert part[1].unique().tolist() == pytest.approx([level / 127.5 - 1])
    assert torch.equal(batch.real[0], stored.real[0])
    assert torch.equal(batch.mask, stored.mask)
    assert not np.array_equal(split.real[1], pictures.real)


def test_names_of_a_batch_are_those_of_its_rows(split):
    assert Batches(split, device=CPU).sample_ids(np.array([2, 0])) == ["2_2_0", "0_0_0"]


def test_read_only_memory_maps_are_only_read(split, tmp_path):
    files = {name: tmp_path / f"{name}.npy" for name in ("composite", "real", "mask")}
    for name, path in files.items():
        np.save(path, getattr(split, name))
    mapped = PackedSplit(split.rows, **{name: np.load(path, mmap_mode="r") for name, path in files.items()})
    near, far = Batches(split, device=CPU), Batches(mapped, device=CPU)
    assert torch.equal(far.take(np.array([5, 2])).real, near.take(np.array([5, 2])).real)


def test_an_empty_split_is_refused():
    with pytest.raises(InputError, match="the split has no composites"):
        Batches(PackedSplit(packed(1, 16).rows.slice(0, 0), *(np.empty((0, 16, 16), np.uint8) for _ in range(3))), device=CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_holds_the_data_and_gives_the_same_pictures(split):
    device = torch.device("cuda")
    near = Batches(split, device=device).take(np.array([5, 2]), augmentation_rng(0, epoch=1, step=0))
    far = Batches(split, device=CPU).take(np.array([5, 2]), augmentation_rng(0, epoch=1, step=0))
    assert near.real.device.type == "cuda"
    torch.testing.assert_close(near.real.cpu(), far.real, atol=1e-4, rtol=0)
