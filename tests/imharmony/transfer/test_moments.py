"""Moments of a region, and how plausible one region's are for another."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import rgb2lab

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.moments import LIGHTNESS, PLAUSIBLE_SHIFT, look, moments, strangeness

ALL = (True, True, True)


def test_moments_agree_with_scikit_image_over_several_blocks():
    pixels = np.random.default_rng(0).integers(0, 256, (2 * BLOCK + 17, 3), np.uint8)
    lab = rgb2lab(pixels / 255)
    measured = moments(pixels)
    assert_allclose(measured.mean, lab.mean(axis=0), atol=2e-3)
    assert_allclose(measured.std, lab.std(axis=0), atol=2e-3)


def test_half_black_half_white_has_mean_50_and_deviation_50():
    measured = moments(np.array([[0, 0, 0], [255, 255, 255]], np.uint8))
    assert_allclose([measured.mean[0], measured.std[0]], [50, 50], atol=0.01)


def test_the_order_of_the_pixels_changes_no_bit():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (BLOCK + 3, 3), np.uint8)
    assert moments(rng.permutation(pixels)) == moments(pixels)


def test_one_pixel_has_no_spread():
    assert moments(np.array([[12, 200, 99]], np.uint8)).std == (0, 0, 0)


OWN = np.array([50.0, 0, 0, 9, 4, 4])


def changed(**values: float) -> np.ndarray:
    """The look with some of its six numbers changed, as the one reference."""
    names = ("L", "a", "b", "L_std", "a_std", "b_std")
    return np.array([[values.get(name, number) for name, number in zip(names, OWN, strict=True)]])


def test_a_look_is_the_means_and_the_deviations():
    pixels = np.random.default_rng(2).integers(0, 256, (99, 3), np.uint8)
    assert look(pixels).tolist() == [*moments(pixels).mean, *moments(pixels).std]


def test_a_reference_with_the_same_look_is_not_strange():
    assert strangeness(OWN, changed(), channels=ALL) == pytest.approx(0)


def test_strangeness_is_one_at_the_limits():
    far = strangeness(OWN, changed(L=50 + PLAUSIBLE_SHIFT), channels=ALL)
    steep = strangeness(OWN, changed(L_std=24.0), channels=ALL)
    assert_allclose([far[0], steep[0]], 1)


def test_strangeness_ignores_channels_that_do_not_change():
    assert strangeness(OWN, changed(a=80, b=80, a_std=40, b_std=40), channels=LIGHTNESS) == pytest.approx(0)
