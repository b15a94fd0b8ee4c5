"""CIELAB in whole numbers: nothing is lost on the way, and it is CIELAB."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import rgb2lab

from imharmony.colour.integer_lab import decode, encode, lab_from_pixels, scaled


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20_000, 3), np.uint8)


def test_every_grey_level_comes_back():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert_array_equal(decode(encode(greys)), greys)


@pytest.mark.parametrize("red", [0, 1, 2, 5, 9, 17, 60, 128, 200, 255])
def test_every_green_and_blue_comes_back(red):
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    plane = np.stack([np.full_like(green, red), green, blue], axis=-1).reshape(-1, 3)
    assert_array_equal(decode(encode(plane)), plane)


def test_it_is_lab(pixels):
    error = np.abs(lab_from_pixels(pixels) - rgb2lab(pixels / 255))
    assert (error.max(axis=0) < [0.01, 0.07, 0.03]).all()


def test_white_and_black_are_exact():
    assert_allclose(lab_from_pixels(np.array([[255, 255, 255], [0, 0, 0]], np.uint8)), [[100, 0, 0], [0, 0, 0]], atol=0.01)


def test_codes_are_whole_numbers(pixels):
    codes = encode(pixels)
    assert_array_equal(codes, np.rint(codes))


def test_scaled_by_one_and_shifted_by_nothing_is_the_same(pixels):
    codes = encode(pixels)
    assert_array_equal(scaled(codes, np.ones(3), np.zeros(3)), codes)


def test_colours_beyond_the_gamut_are_clipped_not_wrapped():
    white, black = encode(np.array([[255, 255, 255], [0, 0, 0]], np.uint8))
    assert_array_equal(decode(np.array([3 * white, black / 2])), [[255, 255, 255], [0, 0, 0]])
