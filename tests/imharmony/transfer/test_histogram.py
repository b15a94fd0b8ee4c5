"""Histogram matching against scikit-image."""

from importlib import import_module

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from skimage.exposure import match_histograms

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.histogram import histogram, masked_histogram, matched, rgb_histogram
from tests.imharmony.transfer.regions import like_a_photograph


def recoloured(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return histogram(pixels, rgb_histogram(pixels), rgb_histogram(reference))


def grey(*levels: int) -> np.ndarray:
    return np.repeat(np.array(levels, np.uint8)[:, None], 3, axis=1)


def test_counts_agree_with_numpy_over_several_blocks():
    pixels = like_a_photograph(0, 2 * BLOCK + 17)
    expected = [np.bincount(pixels[:, channel], minlength=256) for channel in range(3)]
    assert_array_equal(rgb_histogram(pixels).reshape(3, 256), expected)


def test_a_masks_counts_are_numpys_however_many_rows_are_counted_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    picture, mask = rng.integers(0, 256, (41, 30, 3), np.uint8), rng.integers(0, 2, (41, 30), np.uint8)
    expected = [np.bincount(picture[mask > 0][:, channel], minlength=256) for channel in range(3)]
    assert_array_equal(masked_histogram(picture, mask).reshape(3, 256), expected)
    monkeypatch.setattr(import_module("imharmony.transfer.histogram"), "COUNTABLE", 100)
    assert_array_equal(masked_histogram(picture, mask).reshape(3, 256), expected)


def test_a_picture_gets_the_levels_that_its_pixels_get():
    picture, reference = like_a_photograph(5, 1200).reshape(30, 40, 3), rgb_histogram(like_a_photograph(6))
    own = rgb_histogram(picture.reshape(-1, 3))
    assert_array_equal(matched(picture, own, reference).reshape(-1, 3), histogram(picture.reshape(-1, 3), own, reference))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_scikit_image_rounded_instead_of_cut(seed):
    pixels, reference = like_a_photograph(seed), like_a_photograph(seed + 50, 7000)
    cut = match_histograms(pixels, reference, channel_axis=-1)
    assert set(np.unique(recoloured(pixels, reference) - cut)) <= {0, 1}


@pytest.mark.parametrize("seed", range(20))
def test_few_pixels_are_interpolated_as_by_numpy(seed):
    rng = np.random.default_rng(seed)
    pixels, reference = (rng.integers(0, 256, (rng.integers(1, 30), 3), np.uint8) for _ in range(2))
    for channel, after in enumerate(recoloured(pixels, reference).T):
        own, other = np.sort(pixels[:, channel]), np.sort(reference[:, channel])
        levels = np.unique(other)
        share = np.searchsorted(own, pixels[:, channel], side="right") / len(own)
        expected = np.interp(share, np.searchsorted(other, levels, side="right") / len(other), levels)
        assert np.abs(after - expected).max() <= 0.5 + 1e-9


def test_each_quarter_goes_to_its_quarter():
    assert_array_equal(recoloured(grey(10, 20, 30, 40), grey(100, 110, 150, 200)), grey(100, 110, 150, 200))


def test_between_two_levels_it_is_a_straight_line():
    # Three quarters are half way from the reference's half, at 100, to all of it, at 201: 150.5, rounded up.
    assert_array_equal(recoloured(grey(1, 2, 3, 4), grey(100, 201)), grey(100, 100, 151, 201))


def test_the_result_has_the_cumulative_histogram_of_the_reference():
    pixels, reference = like_a_photograph(1), like_a_photograph(2)
    shares = [rgb_histogram(each).reshape(3, 256).cumsum(axis=1) / len(each) for each in (recoloured(pixels, reference), reference)]
    largest_step = max(rgb_histogram(each).max() / len(each) for each in (pixels, reference))
    assert np.abs(shares[0] - shares[1]).max() <= 1.5 * largest_step


def test_brighter_stays_brighter():
    pixels = grey(*range(256))
    assert (np.diff(recoloured(pixels, like_a_photograph(3)).astype(int), axis=0) >= 0).all()


def test_twice_is_once():
    once = recoloured(like_a_photograph(1), like_a_photograph(2))
    assert np.abs(recoloured(once, like_a_photograph(2)).astype(int) - once).max() <= 1
