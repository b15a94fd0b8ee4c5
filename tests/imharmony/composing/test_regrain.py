"""The grain reducer against the same sweeps pixel by pixel."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.composing.regrain import DAMPING, SWEEPS, regrain


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width] / width
    waves = 60 * np.sin(9 * across + 5 * down)[..., None] * rng.uniform(0.5, 1, 3)
    return np.clip(125 + waves + rng.normal(0, 3, (height, width, 3)), 0, 255).astype(np.uint8)


def pixel_by_pixel(original: np.ndarray, graded: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """For pictures too small for a second level. A neighbour outside the picture or the mask is the pixel itself."""
    photo, change = original / 255, (graded.astype(float) - original) / 255
    height, width = mask.shape
    gradient = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        across = photo[y, min(x + 1, width - 1)] - photo[y, max(x - 1, 0)]
        down = photo[min(y + 1, height - 1), x] - photo[max(y - 1, 0), x]
        gradient[y, x] = np.sqrt((across**2 + down**2).sum())
    trust, stiffness = np.minimum(256 * gradient / 5, 1), 30 / (1 + 10 * gradient)
    now = change.copy()
    for _ in range(SWEEPS[0]):
        after = now.copy()
        for y, x in np.argwhere(mask):
            total, weight = trust[y, x] * change[y, x], trust[y, x]
            for v, u in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x)):
                met = 0 <= v < height and 0 <= u < width and mask[v, u]
                v, u = (v, u) if met else (y, x)
                each = (stiffness[v, u] + stiffness[y, x]) / 2
                total, weight = total + each * now[v, u], weight + each
            after[y, x] = (1 - DAMPING) * total / weight + DAMPING * now[y, x]
        now = after
    return np.where(mask[..., None], np.rint((photo + now) * 255).clip(0, 255), original).astype(np.uint8)


@pytest.fixture
def hole() -> np.ndarray:
    mask = np.zeros((14, 17), np.uint8)
    mask[3:12, 4:15] = 1
    mask[5:7, 8:11] = 0
    return mask


def test_it_is_the_sweeps_pixel_by_pixel():
    original, graded = picture(14, 17), picture(14, 17, seed=1)
    difference = np.abs(regrain(original, graded).astype(int) - pixel_by_pixel(original, graded, np.ones((14, 17))))
    assert difference.max() <= 1  # a half may be rounded either way


def test_it_is_the_sweeps_pixel_by_pixel_inside_a_mask(hole):
    original, graded = picture(14, 17), picture(14, 17, seed=1)
    difference = np.abs(regrain(original, graded, hole).astype(int) - pixel_by_pixel(original, graded, hole))
    assert difference.max() <= 1


def test_an_ungraded_picture_stays_the_same():
    original = picture(120, 90)
    assert_array_equal(regrain(original, original), original)


def test_a_change_by_the_same_levels_everywhere_stays():
    original = picture(120, 91)
    assert_array_equal(regrain(original, original + 20), original + 20)
    mask = np.zeros((120, 91), np.uint8)
    mask[20:100, 11:70] = 1
    assert_array_equal(regrain(original, original + 20, mask), original + 20 * mask[..., None])


def test_a_flat_picture_takes_a_flat_colour():
    flat = np.full((100, 100, 3), 90, np.uint8)
    assert_array_equal(regrain(flat, flat + 40), flat + 40)


def test_grain_of_the_grading_is_taken_away():
    original = picture(160, 160)
    noise = np.random.default_rng(2).normal(0, 8, original.shape)
    graded = np.clip(original * 0.8 + 30 + noise, 0, 255).astype(np.uint8)
    wanted = original * 0.8 + 30
    before, after = (np.abs(each - wanted).mean() for each in (graded, regrain(original, graded)))
    assert after < before / 2
    assert_allclose(regrain(original, graded).mean(axis=(0, 1)), graded.mean(axis=(0, 1)), atol=0.5)


def test_outside_the_mask_is_the_original_and_has_no_say(hole):
    original, graded = picture(14, 17), picture(14, 17, seed=1)
    elsewhere = np.where(hole[..., None] > 0, graded, 0).astype(np.uint8)
    assert_array_equal(regrain(original, graded, hole)[hole == 0], original[hole == 0])
    assert_array_equal(regrain(original, elsewhere, hole), regrain(original, graded, hole))


def test_without_smoothness_the_grading_stays():
    original, graded = picture(120, 90), picture(120, 90, seed=1)
    edges = np.abs(regrain(original, graded, smoothness=0).astype(int) - graded).max(axis=-1)
    assert np.median(edges) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 3), (41, 43), (200, 45)])
def test_any_size_works(shape):
    original, graded = picture(*shape), picture(*shape, seed=1)
    assert regrain(original, graded).shape == (*shape, 3)


def test_an_empty_mask_returns_the_original():
    original = picture(50, 60)
    assert_array_equal(regrain(original, picture(50, 60, seed=1), np.zeros((50, 60), np.uint8)), original)
