"""Partial convolution: against a loop over windows, and what a mask hides."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.partial_conv import PartialConv, PartialStack, strided_fits


def picture(*, size_px: int = 9) -> torch.Tensor:
    return torch.randn(2, 3, size_px, size_px, generator=torch.Generator().manual_seed(0))


def blob(*, size_px: int = 9) -> torch.Tensor:
    """A binary mask that leaves some windows empty."""
    mask = torch.zeros(2, 1, size_px, size_px)
    mask[0, 0, :4, 2:6] = mask[1, 0, 5:, 7:] = 1
    return mask


def looped(layer: PartialConv, features: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equation 1 of the paper, window by window, with the mask repeated for each channel."""
    weight, bias = layer.convolution.weight.detach().numpy(), layer.convolution.bias.detach().numpy()
    size = (features.shape[2] - 3) // layer.stride + 1
    output, renewed = np.zeros((len(features), len(weight), size, size)), np.zeros((len(features), 1, size, size))
    for picture, row, column in np.ndindex(len(features), size, size):
        window = np.s_[picture, :, row * layer.stride : row * layer.stride + 3, column * layer.stride : column * layer.stride + 3]
        seen = np.repeat(mask[window], features.shape[1], axis=0)
        if seen.sum() > 0:
            output[picture, :, row, column] = (weight * features[window] * seen).sum((1, 2, 3)) * seen.size / seen.sum() + bias
            renewed[picture, 0, row, column] = 1
    return output, renewed


@pytest.mark.parametrize("stride", [1, 2])
def test_it_agrees_with_a_loop_over_windows(stride):
    layer = PartialConv(3, 5, stride=stride)
    output, renewed = layer(picture(), blob())
    expected_output, expected_renewed = looped(layer, picture().numpy(), blob().numpy())
    assert_close(output, torch.from_numpy(expected_output).float())
    assert_close(renewed, torch.from_numpy(expected_renewed).float())
    assert 0 < renewed.mean() < 1


@pytest.mark.parametrize("coverage", [1.0, 0.5])
def test_where_the_mask_is_the_same_everywhere_it_is_an_ordinary_convolution(coverage):
    layer = PartialConv(3, 5, stride=2)
    output, renewed = layer(picture(), torch.full((2, 1, 9, 9), coverage))
    assert_close(output, layer.convolution(picture()))
    assert torch.equal(renewed, torch.ones(2, 1, 4, 4))


def test_content_outside_the_mask_is_irrelevant():
    layer = PartialConv(3, 5, stride=1)
    other = torch.where(blob() > 0, picture(), 1e6)
    assert torch.equal(layer(picture(), blob())[0], layer(other, blob())[0])


def test_a_single_pixel_stands_for_its_whole_window():
    layer = PartialConv(1, 1, stride=1)
    mask = torch.zeros(1, 1, 3, 3)
    mask[0, 0, 1, 2] = 1
    output, renewed = layer(torch.full((1, 1, 3, 3), 0.25), mask)
    assert_close(output.item(), (9 * 0.25 * layer.convolution.weight[0, 0, 1, 2] + layer.convolution.bias[0]).item())
    assert renewed.item() == 1


def test_an_empty_window_gives_zero_without_a_bias():
    output, renewed = PartialConv(3, 5, stride=2)(picture(), torch.zeros(2, 1, 9, 9))
    assert output.abs().max() == renewed.max() == 0


def test_less_than_one_whole_pixel_fades_out_with_the_mask():
    layer = PartialConv(3, 5, stride=1)
    whole, faint = torch.full((2, 1, 9, 9), 1 / 9), torch.full((2, 1, 9, 9), 0.25 / 9)
    assert_close(layer(picture(), faint)[0], 0.25 * layer(picture(), whole)[0])
    assert_close(layer(picture(), faint)[1], torch.full((2, 1, 7, 7), 0.25))


@pytest.mark.parametrize("value", [0.0, 1e-38, 1e-6, 1.0])
def test_gradients_stay_finite_and_bounded_for_a_tiny_mask(value):
    layer = PartialConv(3, 5, stride=2)
    features, mask = picture().requires_grad_(), torch.full((2, 1, 9, 9), value, requires_grad=True)
    layer(features, mask)[0].sum().backward()
    assert features.grad.abs().max() < 100
    assert mask.grad.abs().max() < 1000


def test_the_spectral_weight_has_a_largest_singular_value_of_one():
    layer = PartialConv(3, 5, stride=2, spectral=True)
    with torch.no_grad():
        layer.convolution.weight = 10 * nn.functional.pad(torch.tensor([4.0, 1, 1, 1, 1]).diag(), (0, 22)).view(5, 3, 3, 3)
    for _ in range(20):
        layer(picture(), blob())
    assert_close(torch.linalg.matrix_norm(layer.convolution.weight.flatten(1), 2).item(), 1.0, rtol=1e-4, atol=0)


@pytest.mark.parametrize(("size_px", "count"), [(256, 7), (128, 6), (96, 5), (63, 5), (62, 4), (7, 2), (3, 1), (2, 0)])
def test_how_many_strided_layers_fit(size_px, count):
    assert strided_fits(size_px) == count


def test_a_stack_takes_pictures_of_its_field_or_more():
    stack = PartialStack([PartialConv(3, 2, stride=2), nn.ReLU(), PartialConv(2, 2, stride=1)])
    assert stack.field_px == 7
    assert stack(picture(size_px=7), blob(size_px=7))[0].shape == (2, 2, 1, 1)
    with pytest.raises(InputError, match="needs pictures of 7 px or more; got 6 x 6 px"):
        stack(picture(size_px=6), blob(size_px=6))
