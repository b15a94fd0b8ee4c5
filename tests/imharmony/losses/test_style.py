"""Gram matrices against NumPy on cropped and masked pixels, and what they must not depend on."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from imharmony.losses.style import bounding_box, box_style, foreground_style, gram, style_distance


@pytest.fixture
def features():
    return torch.randn(2, 4, 6, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def mask():
    mask = torch.zeros(2, 1, 6, 8, dtype=torch.float64)
    mask[0, 0, 1:4, 2:7] = 1
    mask[0, 0, 2, 3] = 0  # a hole
    mask[1, 0, 5, 7] = 1
    return mask


def test_grams_agree_with_numpy(features, mask):
    for index in range(2):
        pixels = features[index].numpy().reshape(4, -1)
        assert_close(gram(features)[index].numpy(), pixels @ pixels.T / 48)
        chosen = features[index].numpy()[:, mask[index, 0].numpy() > 0]
        assert_close(gram(features, mask)[index].numpy(), chosen @ chosen.T / chosen.shape[1])


def test_a_gram_of_one_constant_colour_is_its_products():
    colour = torch.tensor([0.5, -1.0, 0.25])
    image = colour.view(1, 3, 1, 1).expand(1, 3, 7, 5)
    assert_close(gram(image)[0], torch.outer(colour, colour))


def test_a_gram_does_not_depend_on_the_size_of_the_picture(features, mask):
    assert_close(gram(features.repeat(1, 1, 3, 2)), gram(features))
    twice = [tensor.repeat_interleave(2, 2).repeat_interleave(2, 3) for tensor in (features, mask)]
    assert_close(gram(*twice), gram(features, mask))


def test_a_gram_does_not_depend_on_where_the_pixels_are(features):
    order = torch.randperm(48, generator=torch.Generator().manual_seed(1))
    assert_close(gram(features.flatten(2)[..., order].view_as(features)), gram(features))


def test_a_large_mask_is_averaged_down_to_the_features(features):
    mask = torch.zeros(2, 1, 24, 32, dtype=torch.float64)
    mask[:, :, :12, :] = 1
    assert_close(gram(features, mask), gram(features[:, :, :3]))


def test_the_style_of_the_foreground_ignores_the_background(features, mask):
    other = features + 5 * (1 - mask)
    assert foreground_style(other, features, mask).item() == 0
    assert style_distance(other, features).item() > 0


def test_the_box_is_the_smallest_that_holds_the_mask(mask):
    expected = torch.zeros(2, 1, 6, 8)
    expected[0, 0, 1:4, 2:7] = 1
    expected[1, 0, 5, 7] = 1
    assert torch.equal(bounding_box(mask), expected)
    assert bounding_box(torch.zeros(1, 1, 6, 8)).sum().item() == 0


def test_the_style_of_the_box_agrees_with_numpy_on_the_cropped_picture(features, mask):
    output, real = features[:1, :3], features[1:, :3]
    first, second = (image[0, :, 1:4, 2:7].numpy().reshape(3, -1) for image in (output, real))
    expected = np.mean((first @ first.T / 15 - second @ second.T / 15) ** 2)
    assert box_style(output, real, mask[:1]).item() == pytest.approx(expected)


@pytest.mark.parametrize("loss", [foreground_style, box_style])
def test_an_empty_mask_has_no_style(loss, features):
    output = features.requires_grad_()
    value = loss(output, features.detach() + 1, torch.zeros(2, 1, 6, 8, dtype=torch.float64))
    value.backward()
    assert value.item() == 0
    assert output.grad.abs().max().item() == 0
