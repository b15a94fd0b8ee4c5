"""What a step of a training sees: every part of a scene cut alike, a trimap of the matte that it sees."""

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.matting.batches import Scenes, draw_batch, of_things, trimap_tensor, unknown_of
from imharmony.matting.things import Things
from tests.imharmony.matting.scenes import SIZE, scenes_of


def drawn(scenes: Scenes, seed: int = 0, count: int = 5):
    return draw_batch(scenes, np.random.default_rng(seed), count)


def test_all_parts_are_cut_alike():
    batch = drawn(scenes_of())
    mixed = batch.alpha * batch.foreground + (1 - batch.alpha) * batch.background
    # The picture was mixed before it was cut and rounded to levels; along a soft edge two smooth parts mix to nearly the same.
    assert (mixed - batch.picture).abs().max() < 0.06
    assert (mixed - batch.picture.flip(3)).abs().max() > 0.2


def test_a_trimap_knows_nothing_wrong():
    batch = drawn(scenes_of())
    assert batch.picture.shape == (5, 3, SIZE, SIZE)
    assert set(batch.trimap.mul(255).round().unique().tolist()) == {0, 128, 255}
    assert (batch.alpha[batch.trimap == 1] >= 0.95).all()
    assert (batch.alpha[batch.trimap == 0] <= 0.05).all()
    assert torch.equal(batch.unknown, unknown_of(batch.trimap))
    assert 0 < batch.unknown.mean() < 0.7


def test_the_same_numbers_draw_the_same_batch_and_others_another():
    scenes = scenes_of()
    assert all(torch.equal(one, other) for one, other in zip(drawn(scenes, 1), drawn(scenes, 1), strict=True))
    assert not torch.equal(drawn(scenes, 1).picture, drawn(scenes, 2).picture)


def test_a_stored_trimap_is_what_networks_take():
    stored = np.array([[0, 128], [255, 0]], np.uint8)
    assert trimap_tensor(stored).tolist() == [[[[0.0, pytest.approx(128 / 255)], [1.0, 0.0]]]]


def test_no_portraits_are_one_line():
    with pytest.raises(InputError, match="no portraits to be taught on; expected one or more; widen the selection"):
        drawn(Scenes(*(each[:0] for each in scenes_of())))


def test_things_are_drawn_with_their_own_colours_and_a_trimap_of_their_own():
    split = scenes_of(4)
    draw = of_things(Things(split.foreground, split.alpha, split.background))
    batch = draw(np.random.default_rng(1), 3)
    mixed = batch.alpha * batch.foreground + (1 - batch.alpha) * batch.background
    assert (mixed - batch.picture).abs().max() <= 0.5 / 255 + 1e-6
    assert set(batch.trimap.mul(255).round().unique().tolist()) <= {0, 128, 255}
    assert batch.unknown.sum() > 0
    assert all(torch.equal(one, other) for one, other in zip(batch, draw(np.random.default_rng(1), 3), strict=True))
