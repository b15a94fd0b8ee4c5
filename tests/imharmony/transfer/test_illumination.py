"""Illumination split off by a guided filter, changed and put back."""

import json

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import uniform_filter
from skimage.color import rgb2xyz

from imharmony.colour.spaces import linear_from_srgb
from imharmony.transfer.illumination import EDGE_STOPS, WINDOW, draw_illumination, illumination, light_stops

SAME = {"level_stops": 0.0, "contrast": 1.0, "warmth_mired": 0.0, "strength": 1.0}


@pytest.fixture
def photo() -> np.ndarray:
    """A noisy wall, its left half in light and its right half, two stops darker, in shade."""
    light = np.where(np.arange(128) < 64, 0.6, 0.15)[None, :, None] * np.random.default_rng(0).uniform(0.8, 1.2, (96, 128, 1))
    return np.rint(255 * (light * [1.0, 0.9, 0.7]) ** (1 / 2.2)).astype(np.uint8)


def stops(photo: np.ndarray) -> np.ndarray:
    return np.log2(rgb2xyz(photo / 255)[..., 1])


def drawn(seed: int) -> dict[str, float]:
    return draw_illumination(np.random.default_rng(seed))


def test_the_light_is_a_guided_filter_of_log_luminance(photo):
    def mean(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, 2 * round(WINDOW * 128) + 1, mode="reflect")

    guide = np.log2(rgb2xyz(photo / 255)[..., 1] + 2**-8)
    variance = mean(guide**2) - mean(guide) ** 2
    slope = variance / (variance + EDGE_STOPS**2)
    expected = mean(slope) * guide + mean((1 - slope) * mean(guide))
    assert_allclose(light_stops(linear_from_srgb(photo / 255)), expected, atol=0.01)


@pytest.mark.parametrize("changes", [SAME, *({**drawn(seed), "strength": 0.0} for seed in range(3))])
def test_without_strength_or_change_no_bit_changes(photo, changes):
    noise = np.random.default_rng(1).integers(0, 256, (40, 70, 3), np.uint8)
    assert_array_equal(illumination(photo, changes), photo)
    assert_array_equal(illumination(noise, changes), noise)


@pytest.mark.parametrize(("level", "before", "after"), [(-1.0, 10, 5), (1.0, 5, 10), (2.0, 200, 255), (-8.0, 20, 0)])
def test_flat_levels_by_hand(level, before, after):
    flat = np.full((5, 6, 3), before, np.uint8)
    assert (illumination(flat, SAME | {"level_stops": level, "contrast": 1.7}) == after).all()


@pytest.mark.parametrize("contrast", [0.5, 1.2])
def test_contrast_scales_the_stops_between_light_and_shade_and_keeps_the_texture(photo, contrast):
    before, after = stops(photo), stops(illumination(photo, SAME | {"contrast": contrast, "level_stops": -0.5}))
    left, right = np.s_[:, 20:44], np.s_[:, 84:108]
    assert_allclose(after[left].mean() - after[right].mean(), contrast * (before[left].mean() - before[right].mean()), rtol=0.06)
    assert_allclose(after[left].std(), before[left].std(), rtol=0.1)


def test_light_turns_warm_and_shade_keeps_its_colour(photo):
    after = illumination(photo, SAME | {"warmth_mired": 60.0, "level_stops": -0.5})
    ratio = [linear_from_srgb(each / 255).mean(axis=0) for each in (photo, after)]
    red_over_blue = [each[:, 0] / each[:, 2] for each in ratio]
    change = red_over_blue[1] / red_over_blue[0]
    assert change[:40].mean() > 1.3
    assert change[-40:].mean() == pytest.approx(1, abs=0.15)


def test_a_mirrored_photograph_gives_the_mirrored_result(photo):
    difference = illumination(photo[:, ::-1].copy(), drawn(4)).astype(int) - illumination(photo, drawn(4))[:, ::-1]
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (40, 50)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0)])
def test_a_flat_photograph_of_any_size_stays_flat(shape, colour):
    after = illumination(np.full((*shape, 3), colour, np.uint8), drawn(5))
    assert after.dtype == np.uint8
    assert len(np.unique(after.reshape(-1, 3), axis=0)) == 1


def test_the_number_of_threads_changes_no_bit(photo):
    alone, threads = illumination(photo, drawn(6)), cv2.getNumThreads()
    cv2.setNumThreads(2 if threads == 1 else 1)
    try:
        assert_array_equal(illumination(photo, drawn(6)), alone)
    finally:
        cv2.setNumThreads(threads)


def test_the_input_is_not_changed_and_what_is_drawn_survives_json(photo):
    before, parameters = photo.copy(), drawn(7)
    illumination(photo, parameters)
    assert_array_equal(photo, before)
    assert json.loads(json.dumps(parameters)) == parameters == drawn(7)
    assert set(parameters) == set(SAME)
