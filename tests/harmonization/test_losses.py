"""Losses against independent formulas, hand-made numbers and the direction in which they pull."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from harmonization.losses import ADVERSARIAL_LOSSES, RECONSTRUCTION_LOSSES, least_squares, mask_weighted_mse

TOWARDS_REAL = {name: loss for name, loss in ADVERSARIAL_LOSSES.items() if name != "squared_score"}


@pytest.fixture
def scores():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 1, 5, 5, generator=generator), torch.randn(4, 1, 5, 5, generator=generator)


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    output, real = (torch.rand(3, 3, 16, 16, generator=generator) * 2 - 1 for _ in range(2))
    mask = torch.zeros(3, 1, 16, 16)
    mask[0, :, :12, :12] = 1
    mask[1, :, :3, :3] = 1
    mask[2, :, :, :] = 0.5
    return output, real, mask


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


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_adversarial_losses_are_means_over_patches_and_batch(name, scores):
    real, fake = scores
    loss = ADVERSARIAL_LOSSES[name]
    twice = loss.discriminator(torch.cat([real, real]), torch.cat([fake, fake]))
    torch.testing.assert_close(twice, loss.discriminator(real.flatten(), fake.flatten()))
    torch.testing.assert_close(loss.generator(torch.cat([fake, fake])), loss.generator(fake))


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
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


def test_constant_errors_have_known_losses():
    real = torch.zeros(2, 3, 20, 20)
    mask = torch.zeros(2, 1, 20, 20)
    mask[:, :, :, :10] = 1
    assert RECONSTRUCTION_LOSSES["l1"](real - 0.5, real, mask).item() == 0.5
    assert RECONSTRUCTION_LOSSES["l2"](real - 0.5, real, mask).item() == 0.25
    assert RECONSTRUCTION_LOSSES["mask_weighted_mse"](real - 0.5 * mask, real, mask).item() == pytest.approx(0.25)


def test_reconstruction_losses_agree_with_numpy(pictures):
    output, real, mask = (tensor.double().numpy() for tensor in pictures)
    areas = [144, 100, 128]  # the second foreground has 9 pixels, the third 256 of one half
    weighted = np.mean([((output[i] - real[i]) ** 2).sum() / (3 * areas[i]) for i in range(3)])
    expected = {"l1": np.abs(output - real).mean(), "l2": ((output - real) ** 2).mean(), "mask_weighted_mse": weighted}
    assert expected.keys() == RECONSTRUCTION_LOSSES.keys()
    assert mask[2].sum() == areas[2]
    for name, value in expected.items():
        assert RECONSTRUCTION_LOSSES[name](*pictures).item() == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_reconstruction_losses_do_not_change_when_all_pictures_are_mirrored(name, pictures):
    loss = RECONSTRUCTION_LOSSES[name]
    torch.testing.assert_close(loss(*(tensor.flip(3) for tensor in pictures)), loss(*pictures))


@pytest.mark.parametrize("area", [0.0, 1.0])
@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_empty_and_full_masks_give_finite_losses_and_gradients(name, area, pictures):
    output, real, _ = pictures
    output = output.requires_grad_()
    loss = RECONSTRUCTION_LOSSES[name](output, real, torch.full((3, 1, 16, 16), area))
    loss.backward()
    assert loss.isfinite()
    assert output.grad.isfinite().all()


def test_the_mask_weighted_error_of_a_large_foreground_does_not_depend_on_its_size():
    real = torch.zeros(1, 3, 64, 64)
    losses = []
    for side in (10, 20, 64):
        mask = torch.zeros(1, 1, 64, 64)
        mask[..., :side, :side] = 1
        losses.append(mask_weighted_mse(real + 0.1 * mask, real, mask).item())
    assert losses == pytest.approx([0.01] * 3, rel=1e-5)
