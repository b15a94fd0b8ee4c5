"""The transfer of lightness alone."""

import numpy as np
from numpy.testing import assert_allclose
from skimage.color import lab2rgb, rgb2lab

from imharmony.transfer.luminance import luminance
from imharmony.transfer.moments import moments


def region(mean: tuple[float, float, float], deviation: float, seed: int) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).normal(mean, deviation, (20_000, 3))).clip(0, 255).astype(np.uint8)


DARK, BRIGHT = region((90, 80, 70), 10, 0), region((150, 160, 170), 14, 1)


def test_lightness_takes_the_reference_moments_and_colour_stays():
    before, after, wanted = moments(DARK), moments(luminance(DARK, moments(DARK), moments(BRIGHT))), moments(BRIGHT)
    assert_allclose([after.mean[0], after.std[0]], [wanted.mean[0], wanted.std[0]], atol=0.05)
    assert_allclose(after.mean[1:], before.mean[1:], atol=0.05)
    assert_allclose(after.std[1:], before.std[1:], atol=0.1)


def test_it_is_within_one_level_of_the_same_formula_in_float64():
    own, other = rgb2lab(DARK / 255), rgb2lab(BRIGHT / 255)
    own[:, 0] = (own[:, 0] - own[:, 0].mean()) * other[:, 0].std() / own[:, 0].std() + other[:, 0].mean()
    error = np.abs(luminance(DARK, moments(DARK), moments(BRIGHT)) - np.rint(lab2rgb(own) * 255))
    assert error.max() <= 1


def test_grey_stays_grey_within_a_level():
    levels = np.random.default_rng(2).integers(20, 200, (5000, 1), np.uint8)
    after = luminance(np.repeat(levels, 3, axis=1), moments(np.repeat(levels, 3, axis=1)), moments(BRIGHT))
    assert np.ptp(after.astype(int), axis=1).max() <= 1
