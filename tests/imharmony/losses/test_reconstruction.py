"""Distances from the real photograph against independent formulas and hand-made numbers; all that the table offers against its laws."""

import numpy as np
import pytest
import torch

from imharmony.losses import RECONSTRUCTION_LOSSES, l1, mask_weighted_mse, masked_l1


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    output, real = (torch.rand(3, 3, 16, 16, generator=generator) * 2 - 1 for _ in range(2))
    mask = torch.zeros(3, 1, 16, 16)
    mask[0, :, :12, :12] = 1
    mask[1, :, :3, :3] = 1
    mask[2, :, :, :] = 0.5
    return output, real, mask


def half_mask(side: int) -> torch.Tensor:
    mask = torch.zeros(2, 1, side, side)
    mask[:, :, :, : side // 2] = 1
    return mask


def test_constant_errors_have_known_losses():
    real, mask = torch.zeros(2, 3, 20, 20), half_mask(20)
    assert RECONSTRUCTION_LOSSES["l1"](real - 0.5, real, mask).item() == 0.5
    assert RECONSTRUCTION_LOSSES["l2"](real - 0.5, real, mask).item() == 0.25
    assert RECONSTRUCTION_LOSSES["mask_weighted_mse"](real - 0.5 * mask, real, mask).item() == pytest.approx(0.25)
    assert RECONSTRUCTION_LOSSES["masked_l1"](real - 0.5 * mask, real, mask).item() == 0.25
    assert RECONSTRUCTION_LOSSES["foreground_l1"](real - 0.5 * mask, real, mask).item() == 0.5
    assert RECONSTRUCTION_LOSSES["foreground_rmse"](real - 0.5 * mask, real, mask).item() == pytest.approx((0.25 + 0.02**2) ** 0.5 - 0.02)
    assert RECONSTRUCTION_LOSSES["background_l1"](real - 0.5 * (1 - mask), real, mask).item() == 0.5


def test_reconstruction_losses_agree_with_numpy(pictures):
    output, real, mask = (tensor.double().numpy() for tensor in pictures)
    areas, others = [144, 9, 128], [112, 247, 128]  # the third has 256 pixels of one half
    error = np.abs(output - real)
    expected = {
        "l1": error.mean(),
        "l2": (error**2).mean(),
        "mask_weighted_mse": np.mean([(error[i] ** 2).sum() / (3 * areas[i]) for i in range(3)]),
        "masked_l1": np.abs(output * mask - real * mask).mean(),
        "unmasked_l1": np.abs(output * (1 - mask) - real * (1 - mask)).mean(),
        "foreground_l1": np.mean([(error[i] * mask[i]).sum() / (3 * areas[i]) for i in range(3)]),
        "foreground_rmse": np.mean([(0.02**2 + (error[i] ** 2 * mask[i]).sum() / (3 * areas[i])) ** 0.5 - 0.02 for i in range(3)]),
        "background_l1": np.mean([(error[i] * (1 - mask[i])).sum() / (3 * others[i]) for i in range(3)]),
    }
    for name, value in expected.items():
        assert RECONSTRUCTION_LOSSES[name](*pictures).item() == pytest.approx(value, rel=1e-5), name


@pytest.mark.parametrize(("name", "other"), [("masked_l1", "unmasked_l1"), ("foreground_l1", "background_l1")])
def test_losses_of_the_two_regions_see_only_their_own(name, other, pictures):
    output, real, _ = pictures
    mask = half_mask(16)[:1].expand(3, 1, 16, 16)
    changed = output + 0.3 * (1 - mask)
    torch.testing.assert_close(RECONSTRUCTION_LOSSES[name](changed, real, mask), RECONSTRUCTION_LOSSES[name](output, real, mask))
    assert RECONSTRUCTION_LOSSES[other](changed, real, mask) != RECONSTRUCTION_LOSSES[other](output, real, mask)


def test_masked_and_unmasked_l1_add_up_to_l1(pictures):
    parts = masked_l1(*pictures) + RECONSTRUCTION_LOSSES["unmasked_l1"](*pictures)
    torch.testing.assert_close(parts, l1(*pictures))


def test_report_001_as_coded_weighs_the_foreground_eleven_times_as_much_as_the_background():
    real, mask = torch.zeros(2, 3, 20, 20), half_mask(20)

    def as_coded(output: torch.Tensor) -> float:
        return (100 * l1(output, real, mask) + 1000 * masked_l1(output, real, mask)).item()

    assert as_coded(real + 0.5 * (1 - mask)) == pytest.approx(100 * 0.25)
    assert as_coded(real + 0.5 * mask) == pytest.approx(100 * 0.25 * 11)


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_reconstruction_losses_do_not_change_when_all_pictures_are_mirrored(name, pictures):
    loss = RECONSTRUCTION_LOSSES[name]
    torch.testing.assert_close(loss(*(tensor.flip(3) for tensor in pictures)), loss(*pictures))


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_the_real_photograph_has_no_loss_and_another_picture_has(name, pictures):
    output, real, mask = pictures
    assert RECONSTRUCTION_LOSSES[name](real, real, mask).item() == 0
    assert RECONSTRUCTION_LOSSES[name](output, real, mask).item() > 0


@pytest.mark.parametrize("area", [0.0, 0.001, 1.0])
@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
def test_empty_faint_and_full_masks_give_finite_losses_and_gradients(name, area, pictures):
    output, real, _ = pictures
    output = output.requires_grad_()
    loss = RECONSTRUCTION_LOSSES[name](output, real, torch.full((3, 1, 16, 16), area))
    loss.backward()
    assert loss.isfinite()
    assert output.grad.isfinite().all()


@pytest.mark.parametrize("name", ["foreground_l1", "mask_weighted_mse"])
@pytest.mark.parametrize(("side", "floor_px"), [(256, 100.0), (128, 25.0), (64, 6.25)])
def test_a_tiny_foreground_counts_as_100_pixels_of_256_squared(name, side, floor_px):
    real, mask = torch.zeros(1, 3, side, side), torch.zeros(1, 1, side, side)
    mask[..., 0, :3] = 1
    assert RECONSTRUCTION_LOSSES[name](real + mask, real, mask).item() == pytest.approx(3 / floor_px)


@pytest.mark.parametrize("name", RECONSTRUCTION_LOSSES)
@pytest.mark.parametrize("area_px", [2, 40, 300])
def test_a_picture_enlarged_by_repeating_its_pixels_has_the_same_loss(name, area_px):
    generator = torch.Generator().manual_seed(0)
    output, real = (torch.rand(2, 3, 64, 64, generator=generator) * 2 - 1 for _ in range(2))
    mask = (torch.arange(64 * 64) < area_px).float().reshape(1, 1, 64, 64).expand(2, -1, -1, -1)
    small = (output, real, mask)
    large = (tensor.repeat_interleave(2, 2).repeat_interleave(2, 3) for tensor in small)
    torch.testing.assert_close(RECONSTRUCTION_LOSSES[name](*large), RECONSTRUCTION_LOSSES[name](*small))


@pytest.mark.parametrize("name", ["foreground_l1", "mask_weighted_mse"])
def test_the_error_of_a_large_foreground_does_not_depend_on_its_size(name):
    real = torch.zeros(1, 3, 64, 64)
    losses = []
    for side in (10, 20, 64):
        mask = torch.zeros(1, 1, 64, 64)
        mask[..., :side, :side] = 1
        losses.append(RECONSTRUCTION_LOSSES[name](real + 0.1 * mask, real, mask).item())
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-5)
    assert mask_weighted_mse(real + 0.1, real, mask).item() == pytest.approx(0.01)
