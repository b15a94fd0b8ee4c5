"""CIELAB of tensors: that of arrays, and a gradient everywhere."""

import numpy as np
import pytest
import torch

from imharmony.colour import spaces
from imharmony.colour.tensor_lab import combined, lab_from_srgb, srgb_from_lab


def colours(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_it_is_the_lab_of_arrays():
    srgb = torch.cat([colours(50, 3), torch.tensor([[0.0, 0, 0], [1, 1, 1], [0.04, 0.04, 0.04]], dtype=torch.float64)])
    np.testing.assert_allclose(lab_from_srgb(srgb).numpy(), spaces.lab_from_srgb(srgb.numpy()), atol=1e-9)


def test_white_is_a_hundred_and_grey_without_colour():
    torch.testing.assert_close(lab_from_srgb(torch.ones(1, 3)), torch.tensor([[100.0, 0, 0]]), atol=0.01, rtol=0)
    assert lab_from_srgb(torch.full((1, 3), 0.3))[:, 1:].abs().max() < 0.01


def test_the_way_back_is_the_arrays_also_outside_the_gamut():
    lab = torch.tensor([[50.0, 90, -90], [5, -60, 60], [98, 40, 100]], dtype=torch.float64)
    np.testing.assert_allclose(srgb_from_lab(lab).numpy(), spaces.srgb_from_lab(lab.numpy()), atol=1e-9)


@pytest.mark.parametrize("dim", [1, 3])
def test_there_and_back_returns_a_picture_along_either_axis(dim):
    picture = colours(*([2, 3, 4, 5] if dim == 1 else [2, 4, 5, 3]))
    torch.testing.assert_close(srgb_from_lab(lab_from_srgb(picture, dim=dim), dim=dim), picture)


def test_the_gradient_is_that_of_finite_differences_and_finite_at_black():
    inside = colours(4, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda srgb: srgb_from_lab(lab_from_srgb(srgb) * 1.1 + 0.5), inside)
    black = torch.zeros(1, 3, requires_grad=True)
    srgb_from_lab(lab_from_srgb(black) - 5).sum().backward()
    assert black.grad.isfinite().all()


def test_rows_of_a_matrix_times_channels():
    red, green = combined([[1.0, 2.0], [0.5, 0.0]], [torch.tensor([1.0]), torch.tensor([3.0])])
    assert (red.item(), green.item()) == (7.0, 0.5)
