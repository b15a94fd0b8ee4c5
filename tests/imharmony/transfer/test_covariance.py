"""Transfers by mean and covariance against NumPy's eigensolver and SciPy's matrix square root."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import sqrtm

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.covariance import mkl, rgb_covariance, xiao_rgb
from imharmony.transfer.moments import MAX_GAIN
from tests.imharmony.transfer.regions import inside_the_gamut, like_a_photograph

PAIR = np.array([[100, 100, 100], [120, 100, 100]], np.uint8)  # mean 110, 100, 100; variance 100, 0, 0
WIDER = np.array([[50, 60, 70], [80, 60, 70]], np.uint8)  # mean 65, 60, 70; variance 225, 0, 0
GREENER = np.array([[50, 60, 70], [50, 90, 70]], np.uint8)  # mean 50, 75, 70; variance 0, 225, 0


def recoloured(transfer, pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return transfer(pixels, rgb_covariance(pixels), rgb_covariance(reference))


def by_axes(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    (values, axes), (other_values, other_axes) = np.linalg.eigh(own), np.linalg.eigh(other)
    turned = other_axes * np.sign((axes * other_axes).sum(axis=0))
    return turned @ np.diag(np.minimum(np.sqrt(other_values / values), MAX_GAIN)) @ axes.T


def by_roots(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    root = sqrtm(own).real
    matrix = np.linalg.inv(root) @ sqrtm(root @ other @ root).real @ np.linalg.inv(root)
    values, axes = np.linalg.eigh(matrix)
    return axes @ np.diag(np.minimum(values, MAX_GAIN)) @ axes.T


@pytest.fixture(params=["xiao_rgb", "mkl"])
def transfer(request):
    return {"xiao_rgb": xiao_rgb, "mkl": mkl}[request.param]


def test_mean_and_covariance_agree_with_numpy_over_several_blocks():
    pixels = like_a_photograph(0, 2 * BLOCK + 17)
    measured = rgb_covariance(pixels)
    assert_allclose(measured[:3], pixels.mean(axis=0), rtol=1e-12)
    assert_allclose(measured[3:].reshape(3, 3), np.cov(pixels.T, bias=True), rtol=1e-9)


def test_the_covariance_of_two_pixels_is_known():
    measured = rgb_covariance(np.array([[0, 10, 30], [4, 20, 20]], np.uint8))
    assert_array_equal(measured, [2, 15, 25, 4, 10, -10, 10, 25, -25, -10, -25, 25])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("function", "oracle"), [(xiao_rgb, by_axes), (mkl, by_roots)], ids=["xiao_rgb", "mkl"])
def test_it_is_the_formula_in_float64(function, oracle, seed):
    pixels, reference = like_a_photograph(seed), like_a_photograph(seed + 50)
    matrix = oracle(np.cov(pixels.T, bias=True), np.cov(reference.T, bias=True))
    levels = (pixels - pixels.mean(axis=0)) @ matrix.T + reference.mean(axis=0)
    assert np.abs(recoloured(function, pixels, reference) - levels.clip(0, 255)).max() <= 0.501


def test_the_result_has_the_mean_and_covariance_of_the_reference(transfer):
    pixels, reference = inside_the_gamut(0), inside_the_gamut(1)
    measured, wanted = rgb_covariance(recoloured(transfer, pixels, reference)), rgb_covariance(reference)
    assert_allclose(measured[:3], wanted[:3], atol=0.02)
    assert_allclose(measured[3:], wanted[3:], atol=0.6)  # rounding adds a twelfth to each variance, and clips nothing


def test_a_spread_along_one_axis_is_scaled(transfer):
    assert_array_equal(recoloured(transfer, PAIR, WIDER), [[50, 60, 70], [80, 60, 70]])


def test_xiao_turns_the_widest_axis_where_mkl_finds_nothing_to_spread():
    assert np.ptp(recoloured(xiao_rgb, PAIR, GREENER), axis=0).tolist() == [0, 30, 0]
    assert_array_equal(recoloured(mkl, PAIR, GREENER), [[50, 75, 70], [50, 75, 70]])


def test_no_colour_becomes_its_negative(transfer):
    bright_and_dark = like_a_photograph(3)
    after = recoloured(transfer, bright_and_dark, like_a_photograph(4)).sum(axis=1, dtype=int)
    assert np.corrcoef(after, bright_and_dark.sum(axis=1, dtype=int))[0, 1] > 0.9


def test_mkl_moves_colours_less_than_xiao():
    pixels, reference = inside_the_gamut(5), inside_the_gamut(6)
    moved = [((recoloured(each, pixels, reference).astype(float) - pixels) ** 2).mean() for each in (mkl, xiao_rgb)]
    assert moved[0] < moved[1]


def test_grey_stays_on_a_line(transfer):
    grey = np.repeat(np.arange(90, 160, dtype=np.uint8)[:, None], 3, axis=1)
    after = recoloured(transfer, grey, inside_the_gamut(7)).astype(float)
    assert np.linalg.svd(after - after.mean(axis=0), compute_uv=False)[1] < 0.5 * len(grey) ** 0.5


def test_noise_is_raised_by_the_largest_gain_at_most(transfer):
    nearly_flat = np.full((1000, 3), 120, np.uint8)
    nearly_flat[::2] += 1
    after = recoloured(transfer, nearly_flat, inside_the_gamut(8))
    assert np.linalg.norm(np.ptp(after.astype(int), axis=0)) <= MAX_GAIN * 3**0.5 + 2
