"""Matting losses against NumPy and SciPy, numbers by hand, and what they must not depend on."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.testing import assert_close

from imharmony.losses.matting import (
    alpha_l1,
    alpha_loss,
    coarse_cross_entropy,
    composition_loss,
    detail_loss,
    matte_loss,
    matting_loss,
    portrait_loss,
    semantic_loss,
)


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    """Two pictures with a soft matte, one of them known nearly everywhere."""
    generator = torch.Generator().manual_seed(0)

    def drawn(channels: int) -> torch.Tensor:
        return torch.rand(2, channels, 10, 12, generator=generator, dtype=torch.float64)

    unknown = (drawn(1) < torch.tensor([0.6, 0.1]).view(2, 1, 1, 1)).double()
    tensors = {"predicted": drawn(1) * 1.4 - 0.2, "alpha": drawn(1), "foreground": drawn(3), "background": drawn(3), "unknown": unknown}
    return tensors | {"composite": tensors["alpha"] * tensors["foreground"] + (1 - tensors["alpha"]) * tensors["background"]}


def taken(batch: dict[str, torch.Tensor], *names: str) -> list[torch.Tensor]:
    return [batch[name] for name in names]


COLOURS = ("predicted", "foreground", "background", "composite", "unknown")
ALPHAS = ("predicted", "alpha", "unknown")


def test_alpha_losses_are_means_over_each_pictures_unknown_pixels(batch):
    predicted, alpha, unknown = (tensor.numpy()[:, 0] for tensor in taken(batch, *ALPHAS))
    errors = [np.abs(predicted[i] - alpha[i])[unknown[i] > 0] for i in range(2)]
    assert alpha_l1(*taken(batch, *ALPHAS)).item() == pytest.approx(np.mean([error.mean() for error in errors]), rel=1e-12)
    assert alpha_loss(*taken(batch, *ALPHAS)).item() == pytest.approx(
        np.mean([np.sqrt(error**2 + 1e-12).mean() for error in errors]), rel=1e-12
    )


def test_the_composition_loss_sums_channels_and_is_a_mean_over_unknown_pixels(batch):
    predicted, foreground, background, composite, unknown = (tensor.numpy() for tensor in taken(batch, *COLOURS))
    costs = []
    for i in range(2):
        total = 0.0
        for y, x in np.argwhere(unknown[i, 0] > 0):
            a = predicted[i, 0, y, x]
            total += sum(
                ((a * foreground[i, c, y, x] + (1 - a) * background[i, c, y, x] - composite[i, c, y, x]) ** 2 + 1e-12) ** 0.5
                for c in range(3)
            )
        costs.append(total / unknown[i].sum())
    assert composition_loss(*taken(batch, *COLOURS)).item() == pytest.approx(np.mean(costs), rel=1e-10)


def test_values_by_hand():
    unknown = torch.tensor([[[[1.0, 1.0, 0.0]]]])
    predicted, alpha = torch.tensor([[[[0.5, 0.0, 9.0]]]]), torch.tensor([[[[0.25, 0.75, 0.0]]]])
    assert alpha_l1(predicted, alpha, unknown).item() == 0.5
    assert alpha_loss(predicted, alpha, unknown).item() == pytest.approx(0.5)
    white, black = torch.ones(1, 3, 1, 3), torch.zeros(1, 3, 1, 3)
    composite = alpha * white
    assert composition_loss(predicted, white, black, composite, unknown).item() == pytest.approx(3 * 0.5)
    assert matting_loss(predicted, alpha, white, black, composite, unknown, weight=0.25).item() == pytest.approx(0.25 * 0.5 + 0.75 * 1.5)


def test_the_true_matte_costs_no_more_than_the_smoothing(batch):
    truth = batch["alpha"]
    assert alpha_l1(truth, truth, batch["unknown"]).item() == 0
    perfect = batch | {"predicted": truth}
    assert matting_loss(*taken(perfect, "predicted", "alpha", *COLOURS[1:])).item() <= 0.5 * (1 + 3) * 1.1e-6


@pytest.mark.parametrize("loss", [alpha_l1, alpha_loss])
def test_what_is_known_has_neither_value_nor_gradient(loss, batch):
    predicted, alpha, unknown = taken(batch, *ALPHAS)
    predicted = predicted.clone().requires_grad_()
    loss(predicted, alpha, unknown).backward()
    assert ((predicted.grad != 0) == (unknown > 0)).all()
    assert_close(loss(predicted + 7 * (1 - unknown), alpha, unknown), loss(predicted, alpha, unknown))


def test_a_picture_without_an_unknown_pixel_counts_zero_and_divides_by_nothing(batch):
    batch["unknown"][1] = 0
    predicted = batch["predicted"].clone().requires_grad_()
    loss = matting_loss(predicted, *taken(batch, "alpha", *COLOURS[1:]))
    loss.backward()
    assert predicted.grad.isfinite().all()
    first = {name: tensor[:1] for name, tensor in batch.items()}
    assert_close(loss, matting_loss(*taken(first, "predicted", "alpha", *COLOURS[1:])) / 2)


def test_a_foreground_like_its_background_says_nothing_of_alpha(batch):
    same = batch | {"background": batch["foreground"], "composite": batch["foreground"]}
    assert composition_loss(*taken(same, *COLOURS)).item() < 3.1e-6


def test_the_semantic_loss_is_scipys_blur_of_the_cells_means():
    generator = torch.Generator().manual_seed(1)
    alpha, semantic = torch.rand(2, 1, 48, 64, generator=generator), torch.rand(2, 1, 3, 4, generator=generator)
    cells = alpha.numpy().reshape(2, 3, 16, 4, 16).mean((2, 4))
    wanted = np.stack([gaussian_filter(cell.astype(np.float64), 0.8, radius=1, mode="nearest") for cell in cells])
    assert semantic_loss(semantic, alpha).item() == pytest.approx(((semantic.numpy()[:, 0] - wanted) ** 2).mean(), rel=1e-5)


def test_a_flat_matte_is_flat_at_a_sixteenth():
    assert semantic_loss(torch.full((1, 1, 3, 4), 0.75), torch.full((1, 1, 50, 70), 0.75)).item() == pytest.approx(0, abs=1e-12)


def test_the_details_and_the_matte_by_hand():
    unknown, picture = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[-0.5, 1.0]]]]).expand(1, 3, 1, 2)
    matte, alpha = torch.tensor([[[[0.5, 0.25]]]]), torch.tensor([[[[0.0, 0.0]]]])
    assert detail_loss(matte, alpha, unknown).item() == 0.25
    pixels = (0.5 + 0.25) / 2 + 4 * 0.5 / 2
    colours = (0.25 + 0.25) / 2 + 4 * 0.25 / 2
    assert matte_loss(matte, alpha, picture, unknown).item() == pytest.approx(pixels + colours)


def test_the_portraits_loss_is_the_weighed_sum_of_three():
    generator = torch.Generator().manual_seed(2)
    alpha, picture = torch.rand(1, 1, 32, 32, generator=generator), torch.rand(1, 3, 32, 32, generator=generator) * 2 - 1
    unknown = (alpha > 0.3).float()
    semantic, detail, matte = (torch.rand(1, 1, side, side, generator=generator) for side in (2, 32, 32))
    expected = 10 * semantic_loss(semantic, alpha) + 10 * detail_loss(detail, alpha, unknown) + matte_loss(matte, alpha, picture, unknown)
    assert_close(portrait_loss((semantic, detail, matte), alpha, picture, unknown), expected)
    assert portrait_loss((semantic, alpha, alpha), alpha, picture, unknown) < expected


def test_what_is_not_known_does_not_count_in_a_portraits_losses():
    alpha, picture, unknown = torch.rand(2, 1, 32, 32), torch.rand(2, 3, 32, 32), torch.ones(2, 1, 32, 32)
    matte, semantic, known = torch.rand(2, 1, 32, 32), torch.rand(2, 1, 2, 2), torch.zeros(2, 1, 32, 32)
    known[..., 16:] = 1
    other = torch.where(known > 0, alpha, 1 - alpha)
    assert_close(matte_loss(matte, alpha, picture, unknown, known), matte_loss(matte, other, picture, unknown, known))
    assert matte_loss(matte, alpha, picture, unknown, known) < matte_loss(matte, alpha, picture, unknown)
    assert_close(matte_loss(matte, alpha, picture, unknown, torch.ones_like(known)), matte_loss(matte, alpha, picture, unknown))
    assert_close(semantic_loss(semantic, alpha, torch.ones_like(known)), semantic_loss(semantic, alpha))
    assert semantic_loss(semantic, alpha, torch.zeros_like(known)) == 0


def test_the_coarse_cross_entropy_is_that_of_each_cells_mean():
    alpha = torch.zeros(1, 1, 32, 32)
    alpha[..., :16] = 1
    semantic = torch.tensor([[[[0.8, 0.1], [0.8, 0.3]]]])
    expected = -(2 * np.log(0.8) + np.log(0.9) + np.log(0.7)) / 4
    assert_close(coarse_cross_entropy(semantic, alpha, torch.ones_like(alpha)).item(), expected, rtol=1e-6, atol=0)
    known = torch.ones_like(alpha)
    known[..., 16:, 16:] = 0
    expected = -(2 * np.log(0.8) + np.log(0.9)) / 4
    assert_close(coarse_cross_entropy(semantic, alpha, known).item(), expected, rtol=1e-6, atol=0)
