"""Levels added to every value."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.transfer.brightness import BRIGHTEST, DARKEST, brightness, draw_brightness


@pytest.mark.parametrize("levels", [DARKEST, -1, 0, 7, BRIGHTEST])
def test_levels_are_added_and_clipped(levels):
    pixels = np.random.default_rng(0).integers(0, 256, (999, 3), np.uint8)
    after = brightness(pixels, {"levels": levels})
    assert after.dtype == np.uint8
    assert_array_equal(after, np.clip(pixels.astype(int) + levels, 0, 255))


def test_one_pixel_by_hand():
    assert brightness(np.array([[0, 100, 200]], np.uint8), {"levels": 60}).tolist() == [[60, 160, 255]]


def test_both_ends_are_drawn_and_survive_json():
    drawn = [draw_brightness(np.random.default_rng(seed)) for seed in range(3000)]
    assert {min(each["levels"] for each in drawn), max(each["levels"] for each in drawn)} == {DARKEST, BRIGHTEST}
    assert json.loads(json.dumps(drawn[0])) == drawn[0]
