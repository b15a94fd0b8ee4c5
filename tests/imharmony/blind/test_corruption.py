"""Masks that are wrong: in range, of the generator alone, and as often blank as said."""

import numpy as np
import torch

from imharmony.blind.corruption import BLANK, corrupted

SIZE = 48


def disc(radius: float = 0.2) -> torch.Tensor:
    down, across = torch.meshgrid(*[torch.arange(SIZE) / SIZE - 0.5] * 2, indexing="ij")
    return (torch.hypot(down, across) < radius).float()[None, None]


def many(count: int = 400, seed: int = 0) -> torch.Tensor:
    return corrupted(disc().repeat(count, 1, 1, 1), np.random.default_rng(seed))


def test_they_are_masks_and_one_in_ten_is_blank():
    found = many(1500)
    assert found.shape == (1500, 1, SIZE, SIZE)
    assert 0 <= found.min() <= found.max() <= 1
    blank = found.amax((1, 2, 3)) == 0
    assert abs(blank.float().mean() - BLANK) < 0.03


def test_some_are_larger_some_smaller_some_moved_some_weak():
    found = many()
    found = found[found.amax((1, 2, 3)) > 0]
    strength = found.amax((1, 2, 3))
    assert 0.2 <= strength.min() < 0.4
    assert 0.8 < strength.max() <= 1
    areas = (found / strength[:, None, None, None] > 0.5).float().mean((1, 2, 3)) / disc().mean()
    assert areas.min() < 0.8
    assert areas.max() > 1.3
    overlap = ((found > 0) & (disc() > 0)).float().sum((1, 2, 3)) / disc().sum()
    assert overlap.min() < 1


def test_the_generator_alone_decides_and_each_mask_is_wrong_in_its_own_way():
    assert torch.equal(many(20, seed=3), many(20, seed=3))
    assert not torch.equal(many(20, seed=3), many(20, seed=4))
    found = many(20)
    assert len({each.numpy().tobytes() for each in found}) > 15


def test_what_was_given_is_left_as_it_was():
    given = disc().repeat(30, 1, 1, 1)
    corrupted(given, np.random.default_rng(0))
    assert torch.equal(given, disc().repeat(30, 1, 1, 1))


def test_blank_and_full_masks_are_taken():
    for level in (0.0, 1.0):
        found = corrupted(torch.full((40, 1, 32, 32), level), np.random.default_rng(0))
        assert 0 <= found.min() <= found.max() <= 1


def test_what_is_moved_out_of_the_picture_does_not_come_back_at_the_other_side():
    given = torch.zeros(300, 1, SIZE, SIZE)
    given[..., -3:, 20:28] = 1
    found = corrupted(given, np.random.default_rng(0))
    without = (found[..., 8:-12, :] == 0).all((1, 2, 3)) & (found[..., :8, :20] == 0).all((1, 2, 3))  # another place
    assert without.sum() > 50
    assert found[without][..., :8, :].amax() == 0
