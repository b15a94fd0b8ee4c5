"""Colours at the points of a picture."""

import torch

from imharmony.points.positions import Counts, positions_of
from imharmony.points.sets import points_of

COUNTS = Counts(64, 64, 32, 32)


def test_the_colours_are_the_pictures_at_the_positions():
    pictures = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.zeros(2, 1, 32, 32)
    mask[0, 0, :20, :16], mask[1, 0, 10:, 12:] = 1, 1
    points = points_of(pictures, mask, COUNTS)
    for place in range(2):
        found = positions_of((mask[place, 0] * 255).byte().numpy(), COUNTS)
        for colours, positions in zip(points[:5], found[:5], strict=True):
            expected = pictures[place].flatten(1)[:, torch.from_numpy(positions)].T.add(1).div(2)
            assert torch.equal(colours[place], expected)
    assert torch.equal(points.known, torch.ones(2, 4))


def test_a_gradient_reaches_the_pixels_that_were_taken_and_no_others():
    pictures = torch.rand(1, 3, 32, 32).requires_grad_()
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., :16] = 1
    points_of(pictures, mask, COUNTS).foreground.sum().backward()
    assert pictures.grad[..., :16].sum() > 0
    assert pictures.grad[..., 16:].abs().sum() == 0
