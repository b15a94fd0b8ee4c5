"""Harmonizer's filters: with torch and without, by hand, and what they leave."""

import numpy as np
import pytest
import torch

from imharmony.networks.published.filters import FILTERS, contrast_slope, filtered, saturated, warmed_and_lit, warmth_gains
from imharmony.networks.published.white_box import WhiteBox
from imharmony.portable.filters import filtered as filtered_levels
from imharmony.portable.filters import surveyed as surveyed_levels

ARGUMENTS = (0.2, -0.15, 0.1, 0.25, -0.2, 0.15)


@pytest.fixture
def network() -> WhiteBox:
    with torch.device("meta"):
        return WhiteBox(width=8)


def photograph() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 36, 3)).astype(np.float32)


def of_torch(photo: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(photo).permute(2, 0, 1)[None] / 127.5 - 1


def argument(value: float) -> torch.Tensor:
    return torch.full((1, 1, 1, 1), value)


@pytest.mark.parametrize("sign", [1, -1])
def test_both_forms_give_the_same_levels(sign, network):
    arguments = sign * torch.tensor(ARGUMENTS)[None, :, None, None]
    photo = photograph()
    by_torch = (network.mapped(of_torch(photo), arguments) + 1) * 127.5
    maps = surveyed_levels(photo, arguments[0].numpy())
    changed = photo.transpose(2, 0, 1) + filtered_levels(photo.transpose(2, 0, 1), maps)
    np.testing.assert_allclose(changed, by_torch[0].numpy(), atol=2e-3)


def test_a_photograph_in_parts_is_surveyed_as_one(network):
    arguments, whole = torch.tensor(ARGUMENTS)[None, :, None, None], of_torch(photograph())
    parts = network.surveyed(arguments, lambda: iter(whole.split(7, 3)))
    torch.testing.assert_close(parts, network.surveyed(arguments, lambda: [whole]), rtol=0, atol=1e-6)
    torch.testing.assert_close(network.mapped(whole, parts), network.mapped(whole, arguments), rtol=0, atol=1e-5)


def test_arguments_of_zero_leave_the_picture(network):
    picture = of_torch(photograph())
    torch.testing.assert_close(network.mapped(picture, torch.zeros(1, len(FILTERS), 1, 1)), picture, rtol=0, atol=1e-5)


def test_a_grey_picture_gets_blue_with_a_positive_temperature_and_red_with_a_negative_one():
    grey = torch.full((1, 3, 1, 1), 0.5)
    red, green, blue = warmth_gains(argument(0.2), grey).flatten().tolist()
    # means rise to 0.5, 0.6 and 0.7, whose mean is 0.6
    assert (red, green, blue) == pytest.approx((0.6 / 0.5, 0.6 / 0.6, 0.6 / 0.7), abs=1e-5)
    assert warmth_gains(argument(-0.2), grey).flatten().tolist() == pytest.approx((blue, green, red), abs=1e-5)


@pytest.mark.parametrize(("value", "expected"), [(0.5, 0.8), (-0.5, 0.2), (1.0, 1.0), (-1.0, 0.0)])
def test_brightness_divides_by_what_is_left_or_takes_a_share(value, expected):
    lit = warmed_and_lit(torch.full((1, 3, 1, 1), 0.4), torch.ones(1, 3, 1, 1), argument(value))
    assert lit.flatten().tolist() == pytest.approx([expected] * 3, abs=1e-5)


@pytest.mark.parametrize(("value", "slope"), [(0.5, 255 / (256 - 127) - 1), (1.0, 254.0), (-0.5, -0.5), (0.001, 255 / 256 - 1)])
def test_contrast_comes_in_steps_if_it_rises(value, slope):
    assert contrast_slope(argument(value)).item() == pytest.approx(slope, rel=1e-6)


def test_a_saturation_of_minus_one_is_the_middle_of_the_largest_and_the_smallest():
    colour = torch.tensor([0.9, 0.5, 0.3])[None, :, None, None]
    assert saturated(colour, argument(-1.0)).flatten().tolist() == pytest.approx([0.6] * 3, abs=1e-6)
    assert torch.equal(saturated(torch.full((1, 3, 1, 1), 0.25), argument(0.7)), torch.full((1, 3, 1, 1), 0.25))


def test_what_comes_out_is_a_picture():
    known = torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.2, 1.0, 0.8, 254.0, 0.5])[None, :, None, None]
    for picture in (torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2), torch.rand(1, 3, 8, 8)):
        made = filtered(picture, known)
        assert made.isfinite().all()
        assert 0 <= made.min() <= made.max() <= 1
