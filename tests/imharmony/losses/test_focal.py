"""Focal losses against cross entropies of torch and torchvision, numbers by hand, and where they are least."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot
from torch.testing import assert_close
from torchvision.ops import sigmoid_focal_loss

from imharmony.losses.focal import categorical_focal, focal


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of two channels, and hard targets."""
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(3, 2, 8, 10, generator=generator), (torch.rand(3, 2, 8, 10, generator=generator) < 0.3).float()


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (4.0, 0.75), (0.5, 0.5)])
def test_on_hard_targets_it_is_torchvisions(gamma, alpha, batch):
    assert_close(focal(*batch, gamma=gamma, alpha=alpha), sigmoid_focal_loss(*batch, alpha=alpha, gamma=gamma, reduction="mean"))


@pytest.mark.parametrize("soft", [False, True])
def test_at_gamma_zero_and_even_weights_it_is_half_the_cross_entropy(soft, batch):
    logits, targets = batch
    targets = targets * 0.7 + 0.1 if soft else targets
    assert_close(focal(logits, targets, gamma=0, alpha=0.5), binary_cross_entropy_with_logits(logits, targets) / 2)


def test_values_by_hand():
    undecided = torch.zeros(1, 1, 1, 1)
    assert focal(undecided, torch.ones_like(undecided), gamma=2, alpha=0.25).item() == pytest.approx(0.25 * 0.25 * math.log(2))
    assert focal(undecided, undecided, gamma=2, alpha=0.25).item() == pytest.approx(0.75 * 0.25 * math.log(2))
    certain = torch.full_like(undecided, math.log(9))  # 0.9
    assert focal(certain, torch.ones_like(certain), gamma=4, alpha=0.5).item() == pytest.approx(0.5 * 1e-4 * -math.log(0.9), rel=1e-4)


def test_exchanged_classes_with_exchanged_weights_cost_the_same(batch):
    logits, targets = batch
    assert_close(focal(logits, targets, gamma=2, alpha=0.2), focal(-logits, 1 - targets, gamma=2, alpha=0.8))


@pytest.mark.parametrize("target", [0.0, 0.1, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 2.0, 4.0])
def test_it_is_least_where_the_sigmoid_is_the_target(gamma, target):
    logits = torch.linspace(-8, 8, 1601).view(-1, 1, 1, 1)
    costs = torch.stack([focal(logit[None], torch.full((1, 1, 1, 1), target), gamma=gamma, alpha=0.3) for logit in logits])
    assert abs(logits.flatten()[costs.argmin()].sigmoid() - target) < 0.01


def test_what_is_decided_well_counts_less_the_higher_gamma_is():
    logits, targets = torch.tensor([4.0, -1.0]).view(2, 1, 1, 1), torch.ones(2, 1, 1, 1)
    costs = [[focal(logits[i : i + 1], targets[:1], gamma=gamma, alpha=0.5) for i in range(2)] for gamma in (0, 1, 2, 4)]
    shares = [(easy / hard).item() for easy, hard in costs]
    assert shares == sorted(set(shares), reverse=True)


def test_categorical_focal_at_gamma_zero_is_the_cross_entropy():
    logits, labels = torch.randn(2, 3, 6, 5, generator=torch.Generator().manual_seed(1)), torch.arange(60).view(2, 6, 5) % 3
    assert_close(categorical_focal(logits, labels, gamma=0, alpha=1), cross_entropy(logits, labels))


def test_categorical_focal_agrees_with_its_formula_in_probabilities():
    logits, labels = 2 * torch.randn(2, 3, 6, 5, generator=torch.Generator().manual_seed(2)), torch.arange(60).view(2, 6, 5) % 3
    chances, truth = logits.double().softmax(1), one_hot(labels, 3).movedim(-1, 1)
    expected = -(0.25 * truth * (1 - chances) ** 4 * chances.log()).sum(1).mean()
    assert_close(categorical_focal(logits, labels, gamma=4, alpha=0.25).double(), expected, rtol=1e-5, atol=0)


def test_categorical_focal_by_hand():
    undecided, label = torch.zeros(1, 3, 1, 1), torch.zeros(1, 1, 1, dtype=torch.long)
    assert categorical_focal(undecided, label, gamma=2, alpha=0.25).item() == pytest.approx(0.25 * 4 / 9 * math.log(3))


def test_categorical_focal_knows_no_order_of_classes_and_no_level_of_the_logits():
    logits, labels = torch.randn(2, 3, 6, 5, generator=torch.Generator().manual_seed(3)), torch.arange(60).view(2, 6, 5) % 3
    loss = categorical_focal(logits, labels, gamma=2, alpha=1)
    assert_close(categorical_focal(logits[:, [2, 0, 1]], (labels + 1) % 3, gamma=2, alpha=1), loss)
    assert_close(categorical_focal(logits + 5, labels, gamma=2, alpha=1), loss)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_gradients_are_finite_where_nothing_is_missed(gamma):
    logits = torch.tensor([-200.0, -20.0, 0.0, 20.0, 200.0]).view(1, 1, 1, 5).requires_grad_()
    focal(logits, torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]).view(1, 1, 1, 5), gamma=gamma, alpha=0.5).backward()
    assert logits.grad.isfinite().all()
    pair = torch.tensor([200.0, 0.0]).view(1, 2, 1, 1).requires_grad_()
    categorical_focal(pair, torch.zeros(1, 1, 1, dtype=torch.long), gamma=gamma, alpha=0.5).backward()
    assert pair.grad.isfinite().all()


def test_half_precision_is_worked_out_in_single(batch):
    logits, targets = batch[0].bfloat16(), batch[1]
    assert torch.equal(focal(logits, targets, gamma=2, alpha=0.5), focal(logits.float(), targets, gamma=2, alpha=0.5))
