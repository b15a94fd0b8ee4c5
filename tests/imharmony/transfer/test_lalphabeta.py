"""Reinhard's transfer in lαβ against the paper's formulas in float64."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.lalphabeta import lalphabeta_moments, reinhard_lalphabeta
from imharmony.transfer.moments import MAX_GAIN
from tests.imharmony.transfer.regions import inside_the_gamut, like_a_photograph

LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]])
LAB = np.diag([3**-0.5, 6**-0.5, 2**-0.5]) @ np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]])


def lalphabeta(pixels: np.ndarray) -> np.ndarray:
    grey = np.where(pixels.max(axis=1, keepdims=True) == 0, 1, pixels)
    return np.log10(grey / 255 @ LMS.T) @ LAB.T


def statistics(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lab = lalphabeta(pixels[pixels.max(axis=1) > 0])
    return lab.mean(axis=0), lab.std(axis=0)


def in_float64(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    (mean, std), (other_mean, other_std) = statistics(pixels), statistics(reference)
    moved = (lalphabeta(pixels) - mean) * np.minimum(other_std / std, MAX_GAIN) + other_mean
    light = (10 ** (moved @ np.linalg.inv(LAB).T)).clip(1e-4, 10)
    return (255 * light @ np.linalg.inv(LMS).T).clip(0, 255)


def recoloured(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return reinhard_lalphabeta(pixels, lalphabeta_moments(pixels), lalphabeta_moments(reference))


def test_moments_agree_with_float64_over_several_blocks():
    pixels = like_a_photograph(0, 2 * BLOCK + 17)
    assert_allclose(lalphabeta_moments(pixels), np.concatenate(statistics(pixels)), atol=2e-4)


def test_white_is_almost_the_origin():
    measured = lalphabeta_moments(np.full((5, 3), 255, np.uint8))
    assert_allclose(measured, np.append(lalphabeta(np.full((1, 3), 255)), [0, 0, 0]), atol=2e-5)
    assert_allclose(measured, 0, atol=2e-3)


def test_a_tenth_of_the_light_lowers_l_by_the_root_of_three():
    bright, dark = (lalphabeta_moments(np.array([[level] * 3], np.uint8)) for level in (250, 25))
    assert_allclose(bright[:3] - dark[:3], [3**0.5, 0, 0], atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_no_pixel_is_off_by_more_than_one_level_from_float64(seed):
    pixels, reference = like_a_photograph(seed), like_a_photograph(seed + 50)
    assert np.abs(recoloured(pixels, reference) - in_float64(pixels, reference)).max() <= 1.5


def test_the_result_has_the_moments_of_the_reference():
    pixels, reference = inside_the_gamut(0), inside_the_gamut(1)
    assert_allclose(lalphabeta_moments(recoloured(pixels, reference)), lalphabeta_moments(reference), atol=2e-3)


@pytest.mark.parametrize("red", [0, 1, 2, 9, 60, 128, 255])
def test_every_green_and_blue_comes_back(red):
    green, blue = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    plane = np.stack([np.full_like(green, red), green, blue], axis=-1).reshape(-1, 3)
    expected = np.where(plane.max(axis=1, keepdims=True) == 0, 1, plane)
    assert_array_equal(recoloured(plane, plane), expected)


def test_statistics_do_not_know_black():
    pixels = inside_the_gamut(2, 1000)
    assert_array_equal(lalphabeta_moments(np.concatenate([pixels, np.zeros((300, 3), np.uint8)])), lalphabeta_moments(pixels))


def test_black_alone_is_the_grey_of_level_one():
    grey = np.log10(1 / 255) * 3**0.5
    assert_allclose(lalphabeta_moments(np.zeros((4, 3), np.uint8)), [grey, 0, 0, 0, 0, 0], atol=2e-5)


def test_noise_is_raised_by_the_largest_gain_at_most():
    nearly_flat = np.full((1000, 3), 120, np.uint8)
    nearly_flat[::2] += 1
    dark_and_bright = np.repeat(np.array([[60], [240]], np.uint8), 3, axis=1)
    after = recoloured(nearly_flat, dark_and_bright).astype(float)
    assert after.max() / after.min() <= (121 / 120) ** MAX_GAIN * 1.02
