"""Squared error and PSNR: closed forms, scikit-image, invariances."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio
from torch.testing import assert_close

from imharmony.metrics.error import (
    SquaredErrors,
    background_mse,
    foreground_mse,
    foreground_psnr,
    mse,
    product_mse,
    psnr,
    weighed_mse,
    whole_mse,
)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    real, output = (torch.rand(3, 3, 24, 20, generator=rng) * 255 for _ in range(2))
    mask = (torch.rand(3, 1, 24, 20, generator=rng) - 0.4).clamp(0, 1)
    return output, real, mask


@pytest.fixture
def quarter() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A constant error of 10 on a quarter of the pixels, the foreground."""
    real = torch.full((1, 3, 8, 8), 100.0)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :4] = 1
    return real + 10 * mask, real, mask


def test_a_constant_error_of_10_on_a_quarter_of_the_pixels(quarter):
    output, real, mask = quarter
    assert mse(output, real).item() == 25
    assert foreground_mse(output, real, mask).item() == 100
    assert psnr(output, real, peak=255).item() == pytest.approx(34.15, abs=0.005)
    assert foreground_psnr(output, real, mask, peak=255).item() == pytest.approx(28.13, abs=0.005)


def test_a_lower_peak_costs_what_the_formula_says(quarter):
    output, real, _ = quarter
    lost = psnr(output, real, peak=torch.tensor([230.0])) - psnr(output, real, peak=255)
    assert lost.item() == pytest.approx(-0.90, abs=0.005)


def test_mse_and_psnr_agree_with_scikit_image(batch):
    output, real, _ = (part.double().numpy() for part in batch)
    pairs = list(zip(output, real, strict=True))
    assert_close(mse(*batch[:2]), torch.tensor([mean_squared_error(r, o) for o, r in pairs]))
    expected = [peak_signal_noise_ratio(r, o, data_range=200) for o, r in pairs]
    assert_close(psnr(*batch[:2], peak=200), torch.tensor(expected))


def test_soft_masks_weigh_as_numpy_averages(batch):
    output, real, mask = batch
    error = ((output - real).double() ** 2).mean(1).numpy()
    expected = [np.average(one, weights=weights) for one, weights in zip(error, mask[:, 0].double().numpy(), strict=True)]
    assert_close(foreground_mse(output, real, mask), torch.tensor(expected))


def test_foreground_errors_of_other_codes_agree_with_scikit_image(batch):
    output, real, mask = (part.double().numpy() for part in batch)
    areas = mask.sum((1, 2, 3))
    products = [mean_squared_error(o * m, r * m) * m.size / area for o, r, m, area in zip(output, real, mask, areas, strict=True)]
    assert_close(product_mse(*batch), torch.tensor(products))
    whole_px = [error * area / int(area) for error, area in zip(products, areas, strict=True)]
    assert_close(product_mse(*batch, in_whole_px=True), torch.tensor(whole_px))
    whole = [mean_squared_error(o, r) * 24 * 20 / area for o, r, area in zip(output, real, areas, strict=True)]
    assert_close(whole_mse(*batch), torch.tensor(whole))
    weighed = [np.mean(m * (o - r) ** 2) for o, r, m in zip(output, real, mask, strict=True)]
    assert_close(weighed_mse(*batch), torch.tensor(weighed))


def test_foreground_errors_of_a_constant_error_on_a_soft_mask(quarter):
    output, real, mask = quarter
    assert product_mse(output, real, mask / 2).item() == 50  # weighed by a quarter, over half
    assert whole_mse(output, real, mask / 2).item() == 200
    assert weighed_mse(output, real, mask / 2).item() == 12.5


@pytest.mark.parametrize("error", [product_mse, whole_mse])
def test_on_a_hard_mask_they_are_the_foreground_error(error, quarter):
    output, real, mask = quarter
    assert error(output, real, mask).item() == foreground_mse(output, real, mask).item()
    assert error(output, real, torch.zeros_like(mask)).isnan().all()


def test_a_mask_of_less_than_a_pixel_has_no_whole_one(quarter):
    output, real, mask = quarter
    assert product_mse(output, real, mask / 17, in_whole_px=True).isnan().all()
    assert product_mse(output, real, mask / 16, in_whole_px=True).item() == 100 / 16


def test_foreground_mse_ignores_the_background(batch):
    output, real, mask = batch
    hard = (mask > 0.2).float()
    assert_close(foreground_mse(output + 40 * (1 - hard), real, hard), foreground_mse(output, real, hard))


def test_a_full_mask_gives_the_error_of_the_whole_picture(batch):
    output, real, mask = batch
    assert_close(foreground_mse(output, real, torch.ones_like(mask)), mse(output, real))


def test_an_empty_mask_has_no_foreground_error(batch):
    output, real, mask = batch
    assert foreground_mse(output, real, torch.zeros_like(mask)).isnan().all()


def test_equal_images_have_infinite_psnr(batch):
    assert psnr(batch[0], batch[0], peak=255).tolist() == [math.inf] * 3


def test_an_image_scores_the_same_alone_and_in_a_batch(batch):
    output, real, mask = batch
    assert foreground_mse(output, real, mask)[1] == foreground_mse(output[1:2], real[1:2], mask[1:2])[0]


def test_results_are_float64_whatever_comes_in(batch):
    assert mse(batch[0].half(), batch[1].half()).dtype == torch.float64


def test_background_error_of_a_constant_offset_is_its_square_whatever_the_foreground(batch):
    output, composite, mask = batch
    inside = mask > 0
    spoilt = torch.where(inside, output, composite + 3)
    assert_close(background_mse(spoilt, composite, inside.double()), torch.full((3,), 9.0, dtype=torch.float64), rtol=1e-5, atol=0)


def test_background_error_is_the_foreground_error_of_the_other_part(batch):
    output, composite, mask = batch
    assert_close(background_mse(output, composite, mask), foreground_mse(output, composite, 1 - mask.double()))


def test_a_full_mask_leaves_no_background(batch):
    output, composite, mask = batch
    assert background_mse(output, composite, torch.ones_like(mask)).isnan().all()


def levels(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


def masks(height: int, width: int) -> dict[str, np.ndarray]:
    """Float32 (H, W) of every kind: without an edge, with one, and nothing but edge."""
    hard = np.zeros((height, width), np.float32)
    hard[height // 4 : height // 2 + 1, width // 3 :] = 1
    soft = hard.copy()
    soft[height // 2, :] = 77 / np.float32(255)
    return {"hard": hard, "soft": soft, "empty": hard * 0, "full": hard * 0 + 1, "everywhere soft": (hard + 0.5) / 2, "faint": hard / 300}


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (23, 31), (700, 500)])
@pytest.mark.parametrize("kind", masks(1, 1))
def test_whole_levels_have_the_errors_that_integers_have(shape, kind):
    output, real, mask = levels(*shape, 3), levels(*shape, 3)[::-1] // 3, masks(*shape)[kind]
    squares = ((output.astype(np.int64) - real) ** 2).sum(2)
    weight = mask.astype(np.float64)
    found = SquaredErrors.between(output, real, mask)
    assert found.mean == squares.sum() / (3 * squares.size)
    assert found.weighed_mean == pytest.approx((squares * weight).sum() / squares.size / 3, rel=1e-12)
    if not weight.any():
        assert math.isnan(found.foreground)
        return
    assert found.foreground == pytest.approx(np.average(squares, weights=weight) / 3, rel=1e-12)
    assert found.product() == pytest.approx((squares * weight**2).sum() / weight.sum() / 3, rel=1e-12)
    if kind in ("hard", "full"):
        assert found.foreground == squares[mask == 1].sum() / (mask == 1).sum() / 3


def test_the_type_of_levels_changes_nothing_and_two_may_differ():
    output, real, mask = levels(20, 30, 3), levels(20, 30, 3)[:, ::-1], masks(20, 30)["soft"]
    expected = SquaredErrors.between(output, real, mask).foreground
    for types in ((np.float32, np.float32), (np.float64, np.float32), (np.uint8, np.float32)):
        found = SquaredErrors.between(output.astype(types[0]), real.astype(types[1]), mask)
        assert found.foreground == pytest.approx(expected, rel=1e-12)


def test_the_layout_of_tensors_changes_nothing(batch):
    output, real, mask = batch
    others = output.contiguous(memory_format=torch.channels_last), real.flip(3).contiguous().flip(3), mask.expand(3, 2, -1, -1)[:, :1]
    assert_close(foreground_mse(*others), foreground_mse(*batch), rtol=1e-12, atol=0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
@pytest.mark.parametrize("error", [foreground_mse, weighed_mse, product_mse, whole_mse])
def test_what_is_not_finite_anywhere_is_in_no_number(error, wrong, quarter):
    output, real, mask = quarter
    output = output.clone()
    output[0, 1, 7, 7] = wrong  # in the background
    assert not error(output, real, mask).isfinite().any()
