"""Reinhard's transfer in CIELAB against the same formula in float64 with scikit-image."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import lab2rgb, rgb2lab

from imharmony.transfer.moments import MAX_GAIN, moments
from imharmony.transfer.reinhard_lab import reinhard_lab


def blurred_noise(seed: int) -> np.ndarray:
    """Colours as in a photograph: correlated channels, some saturated, some black."""
    rng = np.random.default_rng(seed)
    light = rng.gamma(2, 60, (40_000, 1))
    return np.clip(light * rng.uniform(0.5, 1.3, 3) + rng.normal(0, 14, (40_000, 3)) - 10, 0, 255).astype(np.uint8)


def with_scikit_image(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    own, other = rgb2lab(pixels / 255), rgb2lab(reference / 255)
    gain = np.minimum(other.std(axis=0) / own.std(axis=0), MAX_GAIN)
    return np.rint(lab2rgb((own - own.mean(axis=0)) * gain + other.mean(axis=0)).clip(0, 1) * 255)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
@pytest.mark.parametrize("seed", range(4))
def test_no_pixel_is_off_by_more_than_one_level_from_float64(seed):
    pixels, reference = blurred_noise(seed), blurred_noise(seed + 50)
    result = reinhard_lab(pixels, moments(pixels), moments(reference))
    error = np.abs(result - with_scikit_image(pixels, reference)).max(axis=1)
    assert error.max() <= 1


def test_the_result_has_the_moments_of_the_reference():
    rng = np.random.default_rng(0)
    pixels, reference = (np.rint(rng.normal(mean, 12, (20_000, 3))).astype(np.uint8) for mean in ((120, 110, 100), (140, 150, 130)))
    result = moments(reinhard_lab(pixels, moments(pixels), moments(reference)))
    assert_allclose(result.mean, moments(reference).mean, atol=0.05)
    assert_allclose(result.std, moments(reference).std, atol=0.1)


def test_a_and_b_are_not_exchanged():
    rng = np.random.default_rng(1)
    pixels = np.rint(rng.normal(128, 8, (5000, 3))).astype(np.uint8)
    yellow_and_blue = pixels.copy()
    yellow_and_blue[:, 2] = np.rint(rng.normal(128, 40, 5000).clip(0, 255))
    _, std_a, std_b = moments(reinhard_lab(pixels, moments(pixels), moments(yellow_and_blue))).std
    assert std_b > 1.5 * std_a
