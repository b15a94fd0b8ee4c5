"""Deep supervision is the weighted sum of what each side output would cost alone."""

import pytest
import torch
from torch.testing import assert_close

from imharmony.losses import l1, mask_weighted_mse
from imharmony.losses.deep_supervision import deep_supervision

REAL = torch.zeros(2, 3, 32, 32)
MASK = torch.ones(2, 1, 32, 32)


def test_constant_side_outputs_of_any_size_have_a_known_loss():
    sides = [torch.full((2, 3, size, size), error) for size, error in [(32, 0.5), (16, 0.25), (2, 1.0)]]
    assert deep_supervision(sides, REAL, MASK, loss=l1, weights=[1, 2, 0.5]).item() == 0.5 + 2 * 0.25 + 0.5 * 1.0


def test_one_side_output_of_full_size_is_the_loss_itself():
    output = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert_close(deep_supervision([output], REAL, MASK, loss=mask_weighted_mse, weights=[1.0]), mask_weighted_mse(output, REAL, MASK))


def test_every_side_output_learns_in_proportion_to_its_weight():
    sides = [torch.ones(2, 3, 8, 8, requires_grad=True) for _ in range(2)]
    deep_supervision(sides, REAL, MASK, loss=l1, weights=[1.0, 3.0]).backward()
    assert_close(3 * sides[0].grad, sides[1].grad)


def test_a_missing_weight_is_named():
    with pytest.raises(ValueError, match="2 side outputs and 1 weights"):
        deep_supervision([REAL, REAL], REAL, MASK, loss=l1, weights=[1.0])
