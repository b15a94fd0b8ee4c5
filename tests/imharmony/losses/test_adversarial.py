"""Adversarial losses against independent formulas, hand-made numbers and the direction in which they pull."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from imharmony.losses import ADVERSARIAL_LOSSES, CRITICS_OF_MANY_FAKES, least_squares
from imharmony.losses.adversarial import DISHARMONY, AdversarialLoss

SCORING = {name: loss for name, loss in ADVERSARIAL_LOSSES.items() if isinstance(loss, AdversarialLoss)}
TOWARDS_REAL = {name: loss for name, loss in SCORING.items() if name != "squared_score"}


@pytest.fixture
def scores():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 1, 5, 5, generator=generator), torch.randn(4, 1, 5, 5, generator=generator)


def gradient(loss, point: float) -> float:
    score = torch.tensor([point], requires_grad=True)
    (slope,) = torch.autograd.grad(loss(score), score)
    return slope.item()


def test_hinge_of_undecided_scores_is_two():
    assert ADVERSARIAL_LOSSES["hinge"].discriminator(torch.zeros(2, 3), torch.zeros(2, 3)).item() == 2.0


def test_hinge_does_not_reward_more_than_its_margin():
    assert ADVERSARIAL_LOSSES["hinge"].discriminator(torch.tensor([1.0, 7.0]), torch.tensor([-1.0, -9.0])).item() == 0.0


def test_least_squares_at_a_half_is_an_eighth_for_each_term():
    half = torch.full((2, 3), 0.5)
    loss = ADVERSARIAL_LOSSES["least_squares"]
    assert loss.discriminator(half, half).item() == 0.5 * (0.25 + 0.25)
    assert loss.generator(half).item() == 0.5 * 0.25


@pytest.mark.parametrize("name", ["bce", "squared_score"])
def test_cross_entropy_of_an_undecided_critic_is_the_logarithm_of_two(name):
    zeros = torch.zeros(2, 3)
    assert ADVERSARIAL_LOSSES[name].discriminator(zeros, zeros).item() == pytest.approx(0.5 * 2 * math.log(2))
    assert ADVERSARIAL_LOSSES["bce"].generator(zeros).item() == pytest.approx(0.6931472)


def test_squared_score_of_an_undecided_critic_is_a_quarter():
    assert ADVERSARIAL_LOSSES["squared_score"].generator(torch.zeros(2, 3)).item() == 0.25


def test_cross_entropy_agrees_with_the_one_of_probabilities(scores):
    real, fake = scores
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    expected = (binary_cross_entropy(real.sigmoid(), ones) + binary_cross_entropy(fake.sigmoid(), zeros)) / 2
    torch.testing.assert_close(ADVERSARIAL_LOSSES["bce"].discriminator(real, fake), expected)
    torch.testing.assert_close(ADVERSARIAL_LOSSES["bce"].generator(fake), binary_cross_entropy(fake.sigmoid(), ones))


def test_hinge_and_least_squares_agree_with_numpy(scores):
    real, fake = (tensor.double().numpy() for tensor in scores)
    hinge = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
    squares = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
    assert ADVERSARIAL_LOSSES["hinge"].discriminator(*scores).item() == pytest.approx(hinge, rel=1e-5)
    assert ADVERSARIAL_LOSSES["least_squares"].discriminator(*scores).item() == pytest.approx(squares, rel=1e-5)


@pytest.mark.parametrize("name", SCORING)
def test_adversarial_losses_are_means_over_patches_and_batch(name, scores):
    real, fake = scores
    loss = ADVERSARIAL_LOSSES[name]
    twice = loss.discriminator(torch.cat([real, real]), torch.cat([fake, fake]))
    torch.testing.assert_close(twice, loss.discriminator(real.flatten(), fake.flatten()))
    torch.testing.assert_close(loss.generator(torch.cat([fake, fake])), loss.generator(fake))


@pytest.mark.parametrize("name", SCORING)
def test_the_critic_pushes_real_scores_up_and_fake_scores_down(name):
    loss = ADVERSARIAL_LOSSES[name].discriminator
    other = torch.zeros(1)
    assert gradient(lambda score: loss(score, other), 0.2) < 0
    assert gradient(lambda score: loss(other, score), 0.2) > 0


@pytest.mark.parametrize("point", [-2.0, 0.0, 0.4])
@pytest.mark.parametrize("name", TOWARDS_REAL)
def test_a_generator_step_moves_the_score_towards_real(name, point):
    assert gradient(TOWARDS_REAL[name].generator, point) < 0


@pytest.mark.parametrize("point", [-2.0, 0.0, 0.4])
def test_the_printed_equation_of_report_000_moves_the_score_towards_fake(point):
    assert gradient(ADVERSARIAL_LOSSES["squared_score"].generator, point) > 0


@pytest.mark.parametrize(("real_label", "fake_label"), [(1.0, 0.0), (0.0, 1.0), (1.0, -1.0)])
def test_least_squares_follows_its_labels(real_label, fake_label):
    loss = least_squares(real_label=real_label, fake_label=fake_label)
    assert loss.discriminator(torch.full((3,), real_label), torch.full((3,), fake_label)).item() == 0
    assert loss.generator(torch.full((3,), real_label)).item() == 0
    step = -gradient(loss.generator, fake_label)
    assert math.copysign(1, step) == math.copysign(1, real_label - fake_label)


def test_the_unhalved_cross_entropy_of_an_undecided_critic_is_twice_the_logarithm_of_two():
    zeros = torch.zeros(2, 3)
    assert ADVERSARIAL_LOSSES["bce_sum"].discriminator(zeros, zeros).item() == pytest.approx(2 * math.log(2))
    assert ADVERSARIAL_LOSSES["bce_sum"].generator(zeros).item() == pytest.approx(math.log(2))


def test_the_wasserstein_critic_measures_how_far_apart_the_mean_scores_are():
    loss = ADVERSARIAL_LOSSES["wasserstein"]
    assert loss.discriminator(torch.tensor([4.0, 2.0]), torch.tensor([1.0])).item() == 1.0 - 3.0
    assert loss.generator(torch.tensor([1.0, 2.0])).item() == -1.5


@pytest.mark.parametrize(("form", "expected"), [("paper", 2 * 0.7), ("balanced", 0.0)])
def test_a_critic_that_says_the_same_of_three_fakes_and_the_real_scores(form, expected):
    same = torch.full((4, 1), 0.7)
    assert CRITICS_OF_MANY_FAKES[form](same, [same, same, same]).item() == pytest.approx(expected)


def test_many_fakes_agree_with_a_sum_by_hand():
    real, fakes = torch.tensor([5.0]), [torch.tensor([1.0, 3.0]), torch.tensor([4.0]), torch.tensor([0.0])]
    assert CRITICS_OF_MANY_FAKES["paper"](real, fakes).item() == 2 + 4 + 0 - 5
    assert CRITICS_OF_MANY_FAKES["balanced"](real, fakes).item() == 2 - 5


@pytest.mark.parametrize(("form", "gain"), [("paper", 2.0), ("balanced", 0.0)])
def test_only_the_printed_form_of_many_fakes_rewards_a_critic_for_its_bias(form, gain, scores):
    real, fake = scores
    bias = torch.zeros(1, requires_grad=True)
    CRITICS_OF_MANY_FAKES[form](real + bias, [fake + bias, fake.flip(0) + bias, 2 * fake + bias]).backward()
    assert bias.grad.item() == pytest.approx(gain, abs=1e-6)


@pytest.mark.parametrize("form", CRITICS_OF_MANY_FAKES)
def test_one_kind_of_fake_is_the_wasserstein_critic(form, scores):
    real, fake = scores
    torch.testing.assert_close(CRITICS_OF_MANY_FAKES[form](real, [fake]), ADVERSARIAL_LOSSES["wasserstein"].discriminator(real, fake))


def test_a_critic_that_marks_the_foreground_of_fakes_and_nothing_of_the_real_has_no_loss():
    mask = torch.zeros(2, 1, 4, 4)
    mask[..., :2] = 1
    nothing = torch.zeros_like(mask)
    assert DISHARMONY.discriminator(mask, mask, nothing, mask).item() == 0
    assert DISHARMONY.discriminator(nothing, nothing, mask, mask).item() == 3 * 0.5
    assert DISHARMONY.generator(mask).item() == 0.5


def test_disharmony_agrees_with_numpy_under_a_soft_mask(scores):
    real, fake = scores
    mask = torch.linspace(0, 1, fake.numel()).view_as(fake)
    composite, output, truth, target = (tensor.double().numpy() for tensor in (fake, 2 * fake, real, mask))
    expected = ((composite - target) ** 2).mean() + ((output - target) ** 2).mean() + (truth**2).mean()
    assert DISHARMONY.discriminator(fake, 2 * fake, real, mask).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("point", [0.2, 1.0])
def test_a_generator_step_lowers_the_disharmony_and_a_critic_step_moves_it_towards_the_mask(point):
    here, there = torch.ones(1), torch.zeros(1)
    assert gradient(DISHARMONY.generator, point) > 0
    assert gradient(lambda score: DISHARMONY.discriminator(there, score, there, here), point - 0.5) < 0
    assert gradient(lambda score: DISHARMONY.discriminator(there, there, score, here), point) > 0
