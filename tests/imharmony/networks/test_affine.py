"""Colour maps per pixel: the identity, closed forms, and the same change at another size."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from imharmony.networks.affine import affine, mapped

MATRIX = np.array([[0.2, -0.1, 0.0], [0.05, -0.3, 0.1], [0.0, 0.4, 0.1]], dtype=np.float32)
OFFSET = np.array([0.1, -0.2, 0.3], dtype=np.float32)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return affine(in_channels=4, width=4, size_px=64).eval()


@pytest.fixture
def inputs():
    return torch.rand(2, 4, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def colours(*size: int) -> torch.Tensor:
    return torch.rand(*size, generator=torch.Generator().manual_seed(2)) * 2 - 1


def at_full_size(network: nn.Module, inputs: torch.Tensor, full: torch.Tensor) -> torch.Tensor:
    return network.mapped(full, interpolate(network.maps(inputs), full.shape[2:], mode="bicubic", align_corners=False))


def say_everywhere(network: nn.Module, matrix: np.ndarray, offset: np.ndarray) -> None:
    nn.init.zeros_(network.parameters_at.weight)
    with torch.no_grad():
        network.parameters_at.bias.copy_(torch.from_numpy(np.concatenate([matrix.ravel(), offset])))


@pytest.mark.parametrize(("size_px", "depth"), [(256, 6), (128, 6), (96, 4), (32, 4), (48, 3)])
def test_depth_leaves_a_bottleneck_of_two_pixels_or_more(size_px, depth):
    assert affine(in_channels=4, width=4, size_px=size_px).depth == depth


def test_there_are_twelve_parameters_per_pixel(network, inputs):
    assert network.maps(inputs).shape == (2, 12, 64, 64)


def test_zero_parameters_return_the_composite_at_both_sizes(network, inputs):
    say_everywhere(network, np.zeros((3, 3), np.float32), np.zeros(3, np.float32))
    full = colours(2, 3, 150, 101)
    assert torch.equal(network(inputs), inputs[:, :3])
    assert torch.equal(at_full_size(network, inputs, full), full)


def test_one_map_for_all_pixels_equals_its_closed_form_at_both_sizes(network, inputs):
    say_everywhere(network, MATRIX, OFFSET)
    full = colours(2, 3, 150, 101)
    for picture, output in [(inputs[:, :3], network(inputs)), (full, at_full_size(network, inputs, full))]:
        expected = np.einsum("ij,bjhw->bihw", np.eye(3) + MATRIX, picture.numpy()) + OFFSET[None, :, None, None]
        np.testing.assert_allclose(output.detach().numpy(), expected, atol=1e-5)


def test_at_the_networks_own_size_the_full_resolution_is_the_output(network, inputs):
    torch.testing.assert_close(at_full_size(network, inputs, inputs[:, :3]), network(inputs))


def test_each_pixel_has_its_own_map():
    picture, maps = colours(2, 3, 4, 5), torch.randn(2, 12, 4, 5, generator=torch.Generator().manual_seed(3))
    matrices = maps[:, :9].reshape(2, 3, 3, 4, 5).numpy()
    expected = picture.numpy() + np.einsum("bijhw,bjhw->bihw", matrices, picture.numpy()) + maps[:, 9:].numpy()
    np.testing.assert_allclose(mapped(picture, maps).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_inverse_map_gives_the_picture_back():
    picture, inverse = colours(1, 3, 4, 5), np.linalg.inv(np.eye(3) + MATRIX)

    def everywhere(matrix: np.ndarray, offset: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([matrix.ravel(), offset])).float().reshape(1, 12, 1, 1).expand(1, 12, 4, 5)

    there = mapped(picture, everywhere(MATRIX, OFFSET))
    torch.testing.assert_close(mapped(there, everywhere(inverse - np.eye(3), -inverse @ OFFSET)), picture)


def test_autocast_does_not_touch_the_arithmetic_of_the_map():
    picture, maps = colours(1, 3, 4, 5), torch.randn(1, 12, 4, 5, generator=torch.Generator().manual_seed(3))
    with torch.autocast("cpu", torch.bfloat16):
        inside = mapped(picture, maps)
    assert torch.equal(inside, mapped(picture, maps))
