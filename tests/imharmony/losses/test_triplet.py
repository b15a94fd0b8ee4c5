"""Triplets against NumPy and the margins that their papers print."""

import numpy as np
import pytest
import torch

from imharmony.losses import DOMAIN_TRIPLETS
from imharmony.losses.triplet import DomainCodes, domain_triplets


@pytest.fixture
def codes():
    rng = torch.Generator().manual_seed(0)
    return DomainCodes(*(torch.randn(5, 16, generator=rng) for _ in range(4)))


def triplet(anchor: np.ndarray, positive: np.ndarray, negative: np.ndarray, margin: float) -> float:
    near, far = np.linalg.norm(anchor - positive, axis=1), np.linalg.norm(anchor - negative, axis=1)
    return np.maximum(near - far + margin, 0).mean()


@pytest.mark.parametrize(("foreground_weight", "background_weight"), [(1.0, 0.0), (0.0, 1.0)])
def test_equal_distances_cost_the_margin(foreground_weight, background_weight):
    same = DomainCodes(*(torch.ones(3, 16) for _ in range(4)))
    loss = domain_triplets(margin=0.1, foreground_weight=foreground_weight, background_weight=background_weight)
    assert loss(same).item() == pytest.approx(0.1)


@pytest.mark.parametrize(("name", "margin", "weights"), [("bargainnet", 0.1, (1, 1)), ("report_002", 1.0, (1, 0.5))])
def test_the_triplets_agree_with_numpy(name, margin, weights, codes):
    real, output, composite, background = (code.double().numpy() for code in codes)
    expected = weights[0] * triplet(real, output, composite, margin) + weights[1] * triplet(output, background, composite, margin)
    assert DOMAIN_TRIPLETS[name](codes).item() == pytest.approx(expected, rel=1e-5)


def test_as_coded_each_number_of_a_code_is_compared_by_itself(codes):
    """The oracle: torch on codes of the shape that report 002's extractor gives, (B, 16, 1, 1)."""
    real, output, composite, background = (code[:, :, None, None] for code in codes)
    compare = torch.nn.TripletMarginLoss(margin=1, p=2)
    expected = compare(real, output, composite) + 0.5 * compare(output, background, composite)
    torch.testing.assert_close(DOMAIN_TRIPLETS["report_002_code"](codes), expected)
    numbers = [code.double().numpy() for code in codes]
    near, far, beside = (np.abs(numbers[one] - numbers[other] + 1e-6) for one, other in ((0, 1), (0, 2), (1, 3)))
    other = np.abs(numbers[1] - numbers[2] + 1e-6)
    by_hand = np.maximum(near - far + 1, 0).mean() + 0.5 * np.maximum(beside - other + 1, 0).mean()
    assert expected.item() == pytest.approx(by_hand, rel=1e-5)


def test_as_coded_equal_distances_cost_the_margin_of_each_number():
    same = DomainCodes(*(torch.ones(3, 16) for _ in range(4)))
    assert DOMAIN_TRIPLETS["report_002_code"](same).item() == pytest.approx(1.5)


def test_a_composite_that_is_farther_by_the_margin_costs_nothing():
    near = torch.zeros(2, 16)
    far = near.clone()
    far[:, 0] = 0.2
    assert DOMAIN_TRIPLETS["bargainnet"](DomainCodes(near, near, far, near)).item() == 0


@pytest.mark.parametrize("name", DOMAIN_TRIPLETS)
def test_only_the_differences_of_codes_count(name, codes):
    moved = DomainCodes(*(code + 3 for code in codes))
    torch.testing.assert_close(DOMAIN_TRIPLETS[name](moved), DOMAIN_TRIPLETS[name](codes), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", DOMAIN_TRIPLETS)
def test_a_step_brings_the_output_nearer_to_the_real_and_the_background_than_to_the_composite(name):
    output = torch.zeros(1, 2, requires_grad=True)
    good, bad = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    DOMAIN_TRIPLETS[name](DomainCodes(good, output, bad, good)).backward()
    assert output.grad[0, 0] < 0


@pytest.mark.parametrize("name", DOMAIN_TRIPLETS)
def test_equal_codes_have_finite_gradients(name):
    codes = DomainCodes(*(torch.zeros(2, 16, requires_grad=True) for _ in range(4)))
    DOMAIN_TRIPLETS[name](codes).backward()
    assert all(code.grad.isfinite().all() for code in codes)
