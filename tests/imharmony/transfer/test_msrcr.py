"""The multi-scale retinex against the same formula with SciPy's Gaussian at full size."""

import json

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import gaussian_filter

from imharmony.transfer.msrcr import MIDDLE_GREY, SCALES, draw_msrcr, msrcr, restored_retinex, surround

FULL = {"strength": 1.0, "clipped": 0.05}


@pytest.fixture
def photo() -> np.ndarray:
    """Smooth shapes of several sizes under light from the left, with noise."""
    rng = np.random.default_rng(0)
    shapes = sum(cv2.resize(rng.uniform(0, 1, (n, n + 1, 3)), (160, 120), interpolation=cv2.INTER_CUBIC) for n in (3, 8, 30)) / 3
    return np.rint((shapes * np.linspace(1, 0.3, 160)[:, None] * 255 + rng.normal(0, 3, (120, 160, 3))).clip(0, 255)).astype(np.uint8)


@pytest.mark.parametrize("sigma", [1.5, 9, 33, 50])
def test_a_surround_is_within_one_percent_of_scipys(photo, sigma):
    expected = np.stack([gaussian_filter(photo[..., c] + 1.0, sigma, mode="reflect") for c in range(3)], axis=-1)
    assert np.abs(surround(photo + 1.0, sigma) - expected).max() < 2.55


def test_the_retinex_is_the_papers_formula(photo):
    values = photo + 1.0
    around = [np.stack([gaussian_filter(values[..., c], s * 160, mode="reflect") for c in range(3)], axis=-1) for s in SCALES]
    retinex = sum(np.log10(values) - np.log10(each) for each in around) / 3
    expected = 46 * (np.log10(125 * values) - np.log10(values.sum(axis=2, keepdims=True))) * retinex
    error = np.abs(restored_retinex(photo) - expected)
    assert error.mean() < 0.1
    assert error.max() < 3


def test_without_strength_no_bit_changes(photo):
    assert_array_equal(msrcr(photo, FULL | {"strength": 0.0}), photo)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (40, 50)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (28, 28, 28), (255, 255, 255), (255, 0, 0)])
def test_a_flat_photograph_moves_towards_middle_grey(shape, colour):
    flat = np.full((*shape, 3), colour, np.uint8)
    assert (msrcr(flat, FULL) == MIDDLE_GREY).all()
    assert_array_equal(msrcr(flat, FULL | {"strength": 0.5}), np.rint((flat + float(MIDDLE_GREY)) / 2))


def test_light_and_shade_come_closer_for_the_contrast_there_is(photo):
    before, after = ((each[:, :40].mean() - each[:, -40:].mean()) / each.std() for each in (photo.astype(int), msrcr(photo, FULL)))
    assert 0 < after < before / 2


def test_one_saturated_pixel_does_not_set_the_range(photo):
    spoilt = photo.copy()
    spoilt[60, 80] = 255, 0, 0
    assert np.abs(msrcr(spoilt, FULL).astype(int) - msrcr(photo, FULL))[:, :40].max() <= 3


def test_a_mirrored_photograph_gives_the_mirrored_result(photo):
    difference = msrcr(photo[:, ::-1].copy(), FULL).astype(int) - msrcr(photo, FULL)[:, ::-1]
    assert np.abs(difference).max() <= 1


def test_the_number_of_threads_changes_no_bit(photo):
    alone = msrcr(photo, FULL)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(2 if threads == 1 else 1)
    try:
        assert_array_equal(msrcr(photo, FULL), alone)
    finally:
        cv2.setNumThreads(threads)


def test_what_is_drawn_survives_json():
    parameters = draw_msrcr(np.random.default_rng(0))
    assert json.loads(json.dumps(parameters)) == parameters == draw_msrcr(np.random.default_rng(0))
    assert set(parameters) == set(FULL)
