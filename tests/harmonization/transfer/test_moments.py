"""Moments of a region, and how plausible one region's are for another."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import rgb2lab

from harmonization.transfer.moments import BLOCK, PLAUSIBLE_SHIFT, Moments, moments, strangeness

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


def test_a_reference_with_the_same_moments_is_not_strange():
    own = Moments((50, 5, -5), (10, 4, 4))
    assert strangeness(own, np.array([own.mean]), np.array([own.std]), channels=ALL) == pytest.approx(0)


def test_strangeness_is_one_at_the_limits():
    own = Moments((50, 0, 0), (9, 4, 4))
    far = strangeness(own, np.array([[50 + PLAUSIBLE_SHIFT, 0, 0]]), np.array([own.std]), channels=ALL)
    steep = strangeness(own, np.array([own.mean]), np.array([[24.0, 4, 4]]), channels=ALL)
    assert_allclose([far[0], steep[0]], 1)


def test_strangeness_ignores_channels_that_do_not_change():
    own = Moments((50, 0, 0), (9, 4, 4))
    assert strangeness(own, np.array([[50.0, 80, 80]]), np.array([[9.0, 40, 40]]), channels=(True, False, False)) == pytest.approx(0)
