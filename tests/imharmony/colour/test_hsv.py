"""HSV against the standard library, and its gradients where a naive one breaks."""

import colorsys
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from imharmony.colour.hsv import hsv_as_saved, hsv_from_network
from imharmony.losses.reconstruction import hsv_l1

LEVELS = [0, 1, 2, 77, 128, 254, 255]
SPECIAL = {
    "black": (0, 0, 0),
    "nearly black": (0, 0, 1),
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "dull": (10, 200, 10),
}


def pixel(levels: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(levels, dtype=torch.float64).view(1, 3, 1, 1) / 127.5 - 1


def test_colours_of_a_file_agree_with_the_standard_library():
    colours = [(red, green, blue) for red in LEVELS for green in LEVELS for blue in LEVELS]
    images = torch.tensor(colours, dtype=torch.float64).T.reshape(1, 3, 1, -1) / 127.5 - 1
    expected = []
    for colour in colours:
        hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in colour))
        angle = 2 * math.pi * hue
        expected.append((math.cos(angle) * saturation, math.sin(angle) * saturation, saturation, value))
    assert_close(hsv_from_network(images)[0, :, 0].T, torch.tensor(expected, dtype=torch.float64), atol=1e-12, rtol=0)


@pytest.mark.parametrize("colour", SPECIAL.values(), ids=SPECIAL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_and_bounded_by_one_level_of_light(colour, dtype):
    image = pixel(colour).to(dtype).requires_grad_()
    for channel in range(4):
        (gradient,) = torch.autograd.grad(hsv_from_network(image)[0, channel, 0, 0], image)
        assert gradient.isfinite().all()
        assert gradient.abs().max() <= 255


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
@pytest.mark.parametrize("aim", [(200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 200, 60)])
def test_a_grey_pixel_is_drawn_towards_the_colour_it_should_have(grey, aim):
    image = pixel((grey, grey, grey)).requires_grad_()
    loss = (hsv_from_network(image)[:, :2] - hsv_from_network(pixel(aim))[:, :2]).square().sum()
    (gradient,) = torch.autograd.grad(loss, image)
    should_rise = torch.tensor(aim) == max(aim)
    assert (-gradient.flatten()[should_rise]).min() > (-gradient.flatten()[~should_rise]).max()


def test_gradients_agree_with_finite_differences():
    images = torch.rand(2, 3, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 1.8 - 0.9
    assert torch.autograd.gradcheck(hsv_from_network, images.requires_grad_())


def test_colours_on_both_sides_of_red_and_of_grey_are_near_each_other():
    for first, second in [((200, 50, 51), (200, 51, 50)), ((100, 101, 100), (101, 100, 100))]:
        assert (hsv_from_network(pixel(first)) - hsv_from_network(pixel(second))).abs().max() < 0.03


def test_turning_the_channels_turns_the_hue_by_a_third():
    images = torch.rand(1, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    across, up, saturation, value = hsv_from_network(images).unbind(1)
    cos, sin = math.cos(2 * math.pi / 3), math.sin(2 * math.pi / 3)
    expected = torch.stack([cos * across - sin * up, sin * across + cos * up, saturation, value], 1)
    assert_close(hsv_from_network(images.roll(1, 1)), expected)


def test_values_beyond_the_range_are_those_at_its_end():
    assert_close(hsv_from_network(pixel((300, -20, 100))), hsv_from_network(pixel((255, 0, 100))))


def test_the_loss_of_red_against_grey_of_the_same_value():
    red, grey = pixel((255, 0, 0)), pixel((255, 255, 255))
    assert hsv_l1(red, grey, torch.ones(1, 1, 1, 1)).item() == pytest.approx((1 + 0 + 1 + 0) / 4)


def test_hsv_as_saved_agrees_with_pillow_to_the_level():
    levels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    levels[0] = levels[0, :, :1]  # greys
    levels[1, :, 1] = levels[1, :, 0]  # two channels alike
    picture = (torch.from_numpy(levels).double() / 127.5 - 1 + 1e-9).permute(2, 0, 1)[None]
    expected = np.asarray(Image.fromarray(levels).convert("HSV"))
    found = ((hsv_as_saved(picture)[0].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    assert np.array_equal(found, expected)


def test_hsv_as_saved_cuts_off_and_has_no_gradient():
    image = (pixel((200.9, 100.9, 50.9)) + 0).requires_grad_()
    found = hsv_as_saved(image)
    assert not found.requires_grad
    assert_close(found, hsv_as_saved(pixel((200.1, 100.1, 50.1))))
    assert_close(hsv_as_saved(pixel((300, 100.1, -40))), hsv_as_saved(pixel((255, 100.1, 0))))
