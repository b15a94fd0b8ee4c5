"""The loss between two frames: an oracle in NumPy, an exact value, what it does not depend on, its gradient."""

import numpy as np
import pytest
import torch

from imharmony.losses.temporal import temporal

STILL = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
SHIFT = torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]])  # a pixel was two to the right and one below


def pictures(count: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(1, 3, 8, 9, generator=generator) * 2 - 1 for _ in range(count)]


def loss(now, before, real, earlier, mask, mask_before, motion=STILL):
    return temporal(now, before, real=(real, earlier), masks=(mask, mask_before), backward=motion)


def test_a_constant_difference_is_its_square():
    (real,) = pictures(1)
    ones = torch.ones(1, 1, 8, 9)
    assert loss(real + 0.25, real, real, real, ones, ones).item() == pytest.approx(0.0625, rel=1e-5)


def test_it_is_what_numpy_says_of_a_shift_by_whole_pixels():
    now, before, real, earlier = pictures(4)
    mask, mask_before = torch.rand(2, 1, 1, 8, 9)
    expected, area = 0.0, 0.0
    for row in range(8):
        for column in range(9):
            if row + 1 > 7 or column + 2 > 8:
                continue
            seen = mask[0, 0, row, column].item() * mask_before[0, 0, row + 1, column + 2].item()
            area += seen
            for channel in range(3):
                truth = real[0, channel, row, column] - earlier[0, channel, row + 1, column + 2]
                difference = now[0, channel, row, column] - before[0, channel, row + 1, column + 2]
                expected += seen * np.exp(-abs(truth.item()) / 2) * difference.item() ** 2
    assert loss(now, before, real, earlier, mask, mask_before, SHIFT).item() == pytest.approx(expected / (3 * area), rel=1e-4)


def test_the_background_counts_for_nothing():
    now, before, real, other = pictures(4)
    mask = torch.zeros(1, 1, 8, 9)
    mask[..., 2:6, 2:6] = 1
    own = loss(now, before, real, real, mask, mask)
    assert torch.equal(own, loss(now * mask + other * (1 - mask), before, real, real, mask, mask))


def test_where_the_truth_changes_it_weighs_less():
    now, before, real, other = pictures(4)
    ones = torch.ones(1, 1, 8, 9)
    assert loss(now, before, real, other, ones, ones) < loss(now, before, real, real, ones, ones)


def test_without_a_foreground_it_is_nothing():
    now, before, real, earlier = pictures(4)
    nothing = torch.zeros(1, 1, 8, 9)
    assert loss(now, before, real, earlier, nothing, nothing).item() == 0


def test_both_frames_have_a_gradient():
    now, before, real, earlier = (each.double() for each in pictures(4))
    mask = torch.rand(1, 1, 8, 9, dtype=torch.float64)
    now.requires_grad_()
    before.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: loss(a, b, real, earlier, mask, mask, SHIFT.double() * 0.9), (now, before))
