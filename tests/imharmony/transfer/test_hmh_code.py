"""HMH's published changes of a photograph against the same formulas restated over whole pictures, with OpenCV's own Gaussian."""

import json

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.transfer.hmh_code import RETINEX, draw_hmh_msrcr_code, gaussian, hmh_moments, hmh_msrcr_code, hmh_reinhard_code
from tests.imharmony.transfer.regions import like_a_photograph


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Smooth shapes of several sizes, with noise."""
    rng = np.random.default_rng(0)
    shapes = sum(cv2.resize(rng.uniform(0, 1, (n, n + 1, 3)), (90, 70), interpolation=cv2.INTER_CUBIC) for n in (3, 8, 30)) / 3
    return np.rint((shapes * 255 + rng.normal(0, 3, (70, 90, 3))).clip(0, 255)).astype(np.uint8)


def restated_lab(rgb: np.ndarray) -> np.ndarray:
    """L, a and b under D50 of levels (..., 3), one pixel at a time."""
    found = []
    for pixel in rgb.reshape(-1, 3) / 255:
        r, g, b = (((v + 0.055) / 1.055) ** 2.4 if v > 0.04045 else v / 12.92 for v in pixel.tolist())
        x = (0.436052025 * r + 0.385081593 * g + 0.143087414 * b) / 0.964221
        y = 0.222491598 * r + 0.716886060 * g + 0.060621486 * b
        z = (0.013929122 * r + 0.097097002 * g + 0.714185470 * b) / 0.825211
        x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 0.137931 for v in (x, y, z))
        found.append((116 * y - 16, 500 * (x - y), 200 * (y - z)))
    return np.array(found)


def restated_levels(lab: np.ndarray) -> np.ndarray:
    found = []
    for lightness, a, b in lab.tolist():
        y = (lightness + 16) / 116
        f = (y + a / 500, y, y - b / 200)
        x, y, z = (v**3 if v > 0.206893 else (v - 0.137931) / 7.787 for v in f)
        x, z = x * 0.964221, z * 0.825211
        rgb = (
            3.13405134 * x - 1.61702771 * y - 0.49065221 * z,
            -0.97876273 * x + 1.91614223 * y + 0.03344963 * z,
            0.07194258 * x - 0.22897118 * y + 1.40521831 * z,
        )
        found.append([min(max(1.055 * v ** (1 / 2.4) - 0.055 if v > 0.0031308 else 12.92 * v, 0), 1) for v in rgb])
    return 255 * np.array(found)


def test_moments_are_those_of_the_restated_space():
    pixels = like_a_photograph(0, 2000)
    lab = restated_lab(pixels)
    assert_allclose(hmh_moments(pixels), np.concatenate([lab.mean(axis=0), lab.std(axis=0, ddof=1)]), atol=1e-3)


def test_white_has_lightness_100_and_no_colour():
    assert_allclose(hmh_moments(np.full((3, 3), 255, np.uint8)), [100, 0, 0, 0, 0, 0], atol=1e-3)


def test_the_transfer_is_the_codes_formula_with_its_faults():
    pixels, other = like_a_photograph(1, 2000), like_a_photograph(2, 1500)
    own, reference = restated_lab(pixels), restated_lab(other)
    ratio = reference.std(axis=0, ddof=1) / own.std(axis=0, ddof=1)
    moved = ratio[[0, 2, 1]] * (own - own.mean(axis=0)) + reference.mean(axis=0)
    expected = restated_levels(np.where(moved > 0, moved, 0))
    assert (moved[:, 1:] < 0).any()
    error = np.abs(hmh_reinhard_code(pixels, hmh_moments(pixels), hmh_moments(other)) - expected)
    assert np.quantile(error, 0.99) <= 0.51  # half a level, and where it is steep what the steps of the moments make of it
    assert error.max() < 1


def test_what_is_green_or_blue_loses_it_even_if_it_is_its_own_reference():
    pixels = np.array([[0, 180, 0], [0, 160, 20], [30, 30, 200], [20, 40, 220]], np.uint8)
    measured = hmh_moments(pixels)
    lab = restated_lab(hmh_reinhard_code(pixels, measured, measured))
    assert (restated_lab(pixels)[:, 1:].min(axis=1) < -30).all()
    assert (lab[:, 1:] > -1).all()


def test_the_ratios_of_a_and_b_change_places():
    """A spread of a alone in the reference widens b."""
    own, reference = np.array([50.0, 30, 30, 5, 2, 2]), np.array([50.0, 30, 30, 5, 8, 2])
    pixels = np.rint(restated_levels(np.array([[50, 32, 30], [50, 30, 32]]))).astype(np.uint8)
    after = restated_lab(hmh_reinhard_code(pixels, own, reference))
    assert_allclose(after, [[50, 32, 30], [50, 30, 38]], atol=2)


@pytest.mark.parametrize("shape", [(70, 90), (1, 9), (2, 1), (1, 1), (33, 2)])
@pytest.mark.parametrize("sigma", RETINEX["sigma_px"])
def test_the_gaussian_is_opencvs(shape, sigma):
    values = np.random.default_rng(5).uniform(1, 256, (*shape, 3))
    expected = cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma)
    assert_allclose(gaussian(values, sigma), expected.reshape(values.shape), rtol=1e-5)


def test_the_retinex_is_the_codes_formula(photo):
    values = photo.astype(np.float32) + 1
    logs = [np.log10(values) - np.log10(cv2.GaussianBlur(values, (0, 0), sigma)) for sigma in (15, 80, 200)]
    colour = 46 * (np.log10(125 * values) - np.log10(values.sum(axis=2, keepdims=True)))
    expected = np.clip(5 * (sum(logs) / 3 * colour + 25), 0, 255)
    assert np.abs(hmh_msrcr_code(photo, RETINEX) - expected).max() < 0.51
    assert expected.std() > 40


@pytest.mark.parametrize("colour", [(0, 0, 0), (28, 90, 200), (255, 255, 255)])
def test_a_flat_photograph_becomes_the_offset_times_the_gain(colour):
    assert (hmh_msrcr_code(np.full((12, 15, 3), colour, np.uint8), RETINEX) == 125).all()


def test_a_mirrored_photograph_gives_the_mirrored_result(photo):
    assert_array_equal(hmh_msrcr_code(photo[:, ::-1].copy(), RETINEX), hmh_msrcr_code(photo, RETINEX)[:, ::-1])


def test_the_order_of_the_channels_changes_nothing(photo):
    assert_array_equal(hmh_msrcr_code(photo[..., ::-1].copy(), RETINEX), hmh_msrcr_code(photo, RETINEX)[..., ::-1])


def test_the_constants_stand_in_the_lineage_and_survive_json():
    drawn = draw_hmh_msrcr_code(np.random.default_rng(0))
    assert json.loads(json.dumps(drawn)) == drawn
    assert drawn == {"sigma_px": [15, 80, 200], "gain": 5, "offset": 25, "restoration_curve": 125, "restoration_gain": 46}
