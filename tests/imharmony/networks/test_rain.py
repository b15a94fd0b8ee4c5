"""RainNet: its region-aware norm against NumPy and its own laws, and masks that leave a region empty."""

import numpy as np
import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.networks.rain import EPSILON, RegionAwareNorm, rain


@pytest.fixture
def features():
    return 10 * torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) + 4


@pytest.fixture
def mask():
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, 2:6, 1:5] = 1
    mask[1, :, :3] = 1
    return mask


def test_parameters_equal_the_published_network():
    """54.75 M, published cut off and not rounded: DoveNet's for three channels, its 9 856 norm parameters now 9 984."""
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in rain(in_channels=4, width=64, size_px=256).parameters())
    assert count == 54_759_939 - 4 * 4 * 64 - 9_856 + 9_984 == 54_759_043


def test_the_norm_equals_numpy(features, mask):
    norm = RegionAwareNorm(3)
    for parameter in norm.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    scale_f, shift_f, scale_b, shift_b = (
        parameter.detach().numpy()[0, :, 0, 0]
        for parameter in (norm.foreground_scale, norm.foreground_shift, norm.background_scale, norm.background_shift)
    )
    expected = np.empty(features.shape)
    for image, channel in np.ndindex(2, 3):
        x, inside = features[image, channel].double().numpy(), mask[image, 0].numpy() > 0
        (mean_f, std_f), (mean_b, std_b) = ((x[part].mean(), np.sqrt(x[part].var() + EPSILON)) for part in (inside, ~inside))
        foreground = ((x - mean_f) / std_f * std_b + mean_b) * (1 + scale_f[channel]) + shift_f[channel]
        background = (x - mean_b) / std_b * (1 + scale_b[channel]) + shift_b[channel]
        expected[image, channel] = np.where(inside, foreground, background)
    np.testing.assert_allclose(norm(features, mask).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_the_foreground_follows_an_affine_change_of_the_background_which_itself_comes_out_the_same(features, mask):
    norm, inside = RegionAwareNorm(3), (mask == 1).expand_as(features)
    before, after = norm(features, mask), norm(torch.where(inside, features, 2 * features + 5), mask)
    torch.testing.assert_close(after[~inside], before[~inside], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after[inside], 2 * before[inside] + 5, rtol=1e-4, atol=1e-4)


def test_an_affine_change_of_the_foreground_has_no_effect(features, mask):
    norm, inside = RegionAwareNorm(3), (mask == 1).expand_as(features)
    changed = torch.where(inside, 3 * features - 7, features)
    torch.testing.assert_close(norm(changed, mask), norm(features, mask), rtol=1e-4, atol=1e-4)


def test_a_full_mask_leaves_the_map_and_an_empty_one_is_an_instance_norm(features):
    norm = RegionAwareNorm(3)
    torch.testing.assert_close(norm(features, torch.ones(2, 1, 8, 8)), features)
    torch.testing.assert_close(norm(features, torch.zeros(2, 1, 8, 8)), nn.functional.instance_norm(features))


def test_a_larger_mask_is_resized_by_the_nearest_pixel(features):
    norm, mask = RegionAwareNorm(3), (torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    assert torch.equal(norm(features, mask), norm(features, mask[:, :, ::4, ::4]))


def _empty(mask: torch.Tensor) -> None:
    mask[:] = 0


def _full(mask: torch.Tensor) -> None:
    mask[:] = 1


def _one_pixel(mask: torch.Tensor) -> None:
    mask[:] = 0
    mask[:, :, 0, 0] = 1  # the one that the nearest pixel keeps at every level


def _faint(mask: torch.Tensor) -> None:
    mask[:] = 1e-6


@pytest.mark.parametrize("fill", [_empty, _full, _one_pixel, _faint])
def test_output_and_gradients_are_finite_for_every_mask(fill):
    torch.manual_seed(0)
    network, inputs = rain(in_channels=4, width=4, size_px=32), torch.randn(1, 4, 32, 32)
    fill(inputs[:, 3:])
    output = network(inputs)
    output.square().sum().backward()
    assert output.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_without_the_mask_as_an_input_it_says_what_to_do():
    with pytest.raises(InputError, match="got 3 input channels; expected 4, the composite and its mask; set mask_input: true"):
        rain(in_channels=3, width=4, size_px=32)
