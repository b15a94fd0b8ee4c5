"""Colour spaces and CIEDE2000 against published values and scikit-image."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab

from imharmony.colour.spaces import ciede2000, lab_from_srgb, linear_from_srgb, srgb_from_lab, srgb_from_linear

GREYS = np.repeat(np.arange(256)[:, None], 3, axis=1) / 255

# Sharma, Wu & Dalal 2005, table 1: the pairs that tell implementations apart.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.fixture
def colours() -> np.ndarray:
    return np.random.default_rng(0).random((5000, 3))


@pytest.fixture
def lab_pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    lab = np.column_stack([rng.uniform(0, 100, 5000), rng.normal(0, 35, (5000, 2))])
    return lab, lab + rng.normal(0, 15, lab.shape)


def test_half_of_the_light_is_level_188():
    assert float(srgb_from_linear(np.array(0.5))) * 255 == pytest.approx(187.516, abs=1e-3)


def test_every_grey_level_comes_back_from_linear_light():
    levels = np.arange(256) / 255
    assert (np.rint(srgb_from_linear(linear_from_srgb(levels)) * 255) == np.arange(256)).all()


def test_every_grey_level_comes_back_from_lab():
    assert_allclose(srgb_from_lab(lab_from_srgb(GREYS)), GREYS, atol=1e-12)


def test_red_has_its_published_lab():
    assert_allclose(lab_from_srgb(np.array([1.0, 0, 0])), [53.24, 80.09, 67.20], atol=0.02)


def test_greys_have_no_colour_and_white_has_lightness_100():
    lab = lab_from_srgb(GREYS)
    assert_allclose(lab[:, 1:], 0, atol=0.01)
    assert_allclose(lab[[0, 255], 0], [0, 100], atol=1e-9)


def test_lab_agrees_with_scikit_image(colours):
    assert_allclose(lab_from_srgb(colours), rgb2lab(colours), atol=1e-3)
    assert_allclose(srgb_from_lab(rgb2lab(colours)), lab2rgb(rgb2lab(colours)), atol=1e-5)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_a_colour_bluer_than_light_can_be_agrees_with_scikit_image():
    impossible = np.array([[2.0, 5.0, 60.0], [0.5, -3.0, 30.0]])
    assert_allclose(srgb_from_lab(impossible).clip(0, 1), lab2rgb(impossible), atol=1e-5)


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_ciede2000_has_the_published_values(one, other, expected):
    assert float(ciede2000(np.array(one, float), np.array(other, float))) == pytest.approx(expected, abs=1e-4)


def test_ciede2000_agrees_with_scikit_image(lab_pairs):
    one, other = lab_pairs
    assert_allclose(ciede2000(one, other), deltaE_ciede2000(one, other), atol=1e-9)


def test_ciede2000_is_symmetric_and_zero_for_equal_colours(lab_pairs):
    one, other = lab_pairs
    assert_allclose(ciede2000(one, other), ciede2000(other, one), atol=1e-9)
    assert (ciede2000(one, one) == 0).all()
