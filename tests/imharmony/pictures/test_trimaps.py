"""Trimaps against distances and erosions of SciPy."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import binary_erosion, distance_transform_edt

from imharmony.pictures.trimaps import BACKGROUND, FOREGROUND, UNKNOWN, trimap


@pytest.fixture
def alpha() -> np.ndarray:
    """A soft blob whose inside is 250 / 255, cut off by the lower border."""
    hard = np.zeros((90, 110))
    cv2.circle(hard, (60, 70), 35, 250 / 255, -1)
    return cv2.GaussianBlur(hard, (0, 0), 2)


def disc(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return x * x + y * y <= radius * radius


@pytest.mark.parametrize(("erode", "dilate"), [(0, 0), (3, 9), (12, 1), (25, 25)])
def test_it_agrees_with_scipys_distances(alpha, erode, dilate):
    opaque, clear = alpha >= 0.95, alpha <= 0.05
    result = trimap(alpha, erode_px=erode, dilate_px=dilate)
    assert_array_equal(result == FOREGROUND, distance_transform_edt(opaque) > erode)
    assert_array_equal(result == BACKGROUND, distance_transform_edt(clear) > dilate)


def test_it_agrees_with_erosion_by_a_disc(alpha):
    result = trimap(alpha, erode_px=5, dilate_px=8)
    assert_array_equal(result == FOREGROUND, binary_erosion(alpha >= 0.95, disc(5), border_value=1))
    assert_array_equal(result == BACKGROUND, binary_erosion(alpha <= 0.05, disc(8), border_value=1))


def test_a_row_by_hand():
    row = np.array([[0, 0, 0, 0.02, 0.5, 0.96, 1, 1, 1]])
    assert trimap(row, erode_px=0, dilate_px=0).tolist() == [[0, 0, 0, 0, 128, 255, 255, 255, 255]]
    assert trimap(row, erode_px=1, dilate_px=2).tolist() == [[0, 0, 128, 128, 128, 128, 255, 255, 255]]


def test_soft_pixels_are_always_unknown(alpha):
    soft = (alpha > 0.05) & (alpha < 0.95)
    assert (trimap(alpha, erode_px=0, dilate_px=0)[soft] == UNKNOWN).all()


def test_float32_and_float64_mattes_of_eight_bits_agree():
    alpha = np.random.default_rng(0).integers(0, 256, (30, 40)) / 255
    assert_array_equal(trimap(alpha.astype(np.float32), erode_px=1, dilate_px=1), trimap(alpha, erode_px=1, dilate_px=1))


@pytest.mark.parametrize(("value", "expected"), [(0.0, BACKGROUND), (1.0, FOREGROUND), (0.5, UNKNOWN)])
@pytest.mark.parametrize("shape", [(1, 1), (4, 7)])
def test_a_flat_matte_is_one_thing_however_much_is_eroded(shape, value, expected):
    assert (trimap(np.full(shape, value), erode_px=40, dilate_px=40) == expected).all()
