"""Exposure, white balance, contrast, gamma and saturation, each against another way to compute it."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from skimage.color import rgb2gray, rgb2xyz, xyz2rgb
from skimage.exposure import adjust_gamma

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.photometric import NEUTRAL, RANGES, draw_photometric, photometric, steepened


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BLOCK + 77, 3), np.uint8)


def drawn(seed: int = 0) -> dict[str, float]:
    return draw_photometric(np.random.default_rng(seed))


def test_neutral_changes_no_bit(pixels):
    assert_array_equal(photometric(pixels, NEUTRAL), pixels)


@pytest.mark.parametrize("stops", [-1.5, -0.3, 0.7])
def test_exposure_scales_light_as_in_xyz(pixels, stops):
    expected = np.rint(xyz2rgb(rgb2xyz(pixels / 255) * 2**stops).clip(0, 1) * 255)
    assert np.abs(photometric(pixels, NEUTRAL | {"exposure_stops": stops}) - expected).max() <= 1


def test_gamma_agrees_with_scikit_image(pixels):
    expected = np.rint(adjust_gamma(pixels / 255, 2) * 255)
    assert_array_equal(photometric(pixels, NEUTRAL | {"gamma": 2.0}), expected)


def test_without_saturation_every_pixel_is_its_luma(pixels):
    grey = photometric(pixels, NEUTRAL | {"saturation": 0.0})
    assert (grey == grey[:, :1]).all()
    assert np.abs(grey[:, 0] - rgb2gray(pixels / 255) * 255).max() <= 1


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"exposure_stops": 1.0}, (5, 5, 5), (10, 10, 10)),  # where sRGB is a straight line
        ({"contrast": 2.0}, (51, 51, 51), (15, 15, 15)),  # 0.2 ** 2 / (0.2 ** 2 + 0.8 ** 2) = 1 / 17
        ({"gamma": 2.0}, (0, 51, 255), (0, 10, 255)),  # 0.2 ** 2 = 10.2 / 255
        ({"saturation": 2.0}, (100, 100, 100), (100, 100, 100)),
        ({"saturation": 0.0}, (0, 255, 0), (182, 182, 182)),  # 255 * 0.71516
        ({"exposure_stops": 3.0}, (200, 250, 255), (255, 255, 255)),
    ],
)
def test_values_by_hand(changes, before, after):
    assert photometric(np.array([before], np.uint8), NEUTRAL | changes).tolist() == [list(after)]


def test_warmth_turns_grey_yellow_and_keeps_its_luminance():
    grey = np.full((1, 3), 128, np.uint8)
    warm = photometric(grey, NEUTRAL | {"warmth_mired": 60.0})
    assert warm[0, 0] > 128 > warm[0, 2]
    assert rgb2xyz(warm / 255)[0, 1] == pytest.approx(rgb2xyz(grey / 255)[0, 1], rel=0.01)


def test_contrast_keeps_black_middle_and_white_and_has_its_slope_in_the_middle():
    values = steepened(np.array([0, 0.5, 1, 0.5 + 1e-6]), 1.4)
    assert values[:3].tolist() == [0, 0.5, 1]
    assert (values[3] - 0.5) / 1e-6 == pytest.approx(1.4, rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_moving_pixels_around_moves_the_result_around(pixels, seed):
    order = np.random.default_rng(seed).permutation(len(pixels))
    assert_array_equal(photometric(pixels[order], drawn(seed)), photometric(pixels, drawn(seed))[order])


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 255)])
def test_the_ends_of_every_range_give_whole_colours_of_any_flat_region(colour, end):
    flat = np.full((7, 3), colour, np.uint8)
    after = photometric(flat, {name: limits[end] for name, limits in RANGES.items()})
    assert after.dtype == np.uint8
    assert len(np.unique(after, axis=0)) == 1


def test_what_is_drawn_lies_in_its_range_and_survives_json():
    parameters = drawn()
    assert json.loads(json.dumps(parameters)) == parameters == drawn()
    assert all(low <= parameters[name] <= high for name, (low, high) in RANGES.items())
    assert list(parameters) == list(NEUTRAL)
