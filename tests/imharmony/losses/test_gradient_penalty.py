"""The gradient penalty against critics whose slope is known."""

import pytest
import torch
from torch.testing import assert_close

from imharmony.losses.gradient_penalty import gradient_penalty


@pytest.fixture
def pair():
    rng = torch.Generator().manual_seed(0)
    return torch.randn(4, 3, 5, 5, generator=rng), torch.randn(4, 3, 5, 5, generator=rng)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0, 3.0])
def test_a_linear_critic_pays_the_square_of_its_slope_less_one(slope, pair):
    direction = torch.randn(3, 5, 5, generator=rng(1))
    weights = slope * direction / direction.norm()
    penalty = gradient_penalty(lambda images: (images * weights).sum((1, 2, 3)), *pair, rng=rng())
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_a_critic_of_patches_is_taken_by_its_mean_score(pair):
    def scores(images: torch.Tensor) -> torch.Tensor:
        return 5 * images.mean(1, keepdim=True)

    penalty = gradient_penalty(scores, *pair, rng=rng())
    expected = (5 / 75 * 75**0.5 - 1) ** 2  # 75 numbers, each of which moves the mean score by 5 / 75
    assert penalty.item() == pytest.approx(expected, rel=1e-5)


def test_slopes_are_those_between_the_real_and_the_fake(pair):
    real, fake = pair
    penalty = gradient_penalty(lambda images: images.square().sum((1, 2, 3)) / 2, real, fake, rng=rng(3))  # its gradient is the image
    share = torch.rand(4, 1, 1, 1, generator=rng(3))
    slopes = ((1 - share) * real + share * fake).square().sum((1, 2, 3)).sqrt()
    assert_close(penalty, ((slopes - 1) ** 2).mean())


def test_the_same_random_numbers_give_the_same_penalty_and_leave_torchs_own_alone(pair):
    def critic(images: torch.Tensor) -> torch.Tensor:
        return images.square().sum((1, 2, 3))

    before = torch.random.get_rng_state()
    first, second, other = (gradient_penalty(critic, *pair, rng=rng(seed)).item() for seed in (0, 0, 1))
    assert first == second != other
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_critic_learns_from_it_and_the_generator_does_not(pair):
    real, fake = pair
    fake.requires_grad_()
    critic = torch.nn.Conv2d(3, 1, 3)
    gradient_penalty(critic, real, fake, rng=rng()).backward()
    assert critic.weight.grad.abs().sum() > 0
    assert fake.grad is None


def test_a_critic_without_slope_has_a_finite_gradient(pair):
    weight = torch.zeros(1, requires_grad=True)
    gradient_penalty(lambda images: weight * images.sum((1, 2, 3)), *pair, rng=rng()).backward()
    assert weight.grad.isfinite().all()
