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
