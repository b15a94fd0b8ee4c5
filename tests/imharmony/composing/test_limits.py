"""What a transfer did to a region, and which composites are not kept."""

import numpy as np
import pytest

from imharmony.composing.limits import Quality, quality
from imharmony.composing.rules import Limits

GREY = np.full((9, 3), 100, np.uint8)


def of(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((9, 3), colour, np.uint8)


def test_delta_e_of_black_to_white_is_100_and_of_equal_pixels_0():
    black = np.zeros((9, 3), np.uint8)
    assert quality(black, black + 255).delta_e == pytest.approx(100, abs=0.05)
    assert quality(black, black) == (0, 0, 0)


def test_delta_e_looks_at_the_whole_of_a_large_region():
    before = np.full((50_000, 3), 100, np.uint8)
    after = before.copy()
    after[25_000:] = 140
    assert quality(before, after).delta_e == pytest.approx(quality(before[:2], after[-2:]).delta_e / 2, rel=1e-3)


def test_clipped_fraction_counts_only_what_the_transfer_brought_to_the_edge():
    before = np.array([[0, 10, 10], [10, 10, 10], [10, 10, 10], [255, 9, 9]], np.uint8)
    after = np.array([[0, 20, 20], [0, 10, 10], [11, 12, 255], [255, 1, 254]], np.uint8)
    assert quality(before, after).clipped_fraction == 0.5


def test_red_to_cyan_turns_the_hue_by_about_a_half_circle():
    # CIELAB's hue angles are 40.0 degrees for sRGB red and 196.4 for cyan.
    assert quality(of((255, 0, 0)), of((0, 255, 255))).hue_shift_degrees == pytest.approx(156.4, abs=0.1)


def test_grey_has_no_hue_to_turn():
    assert quality(GREY, of((255, 0, 0))).hue_shift_degrees == 0


def test_the_order_of_few_pixels_does_not_matter():
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 256, (2, 300, 3), np.uint8)
    order = rng.permutation(300)
    assert quality(before[order], after[order]) == pytest.approx(quality(before, after))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Quality(10, 0.1, 20), ""),
        (Quality(5, 0.2, 30), ""),  # the limits themselves pass
        (Quality(20, 0.2, 30), ""),
        (Quality(4.9, 0.1, 20), "too_like"),
        (Quality(20.1, 0.1, 20), "too_different"),
        (Quality(10, 0.21, 20), "clipped"),
        (Quality(10, 0.1, 31), "hue_shift"),
        (Quality(1, 1, 180), "too_like"),
    ],
)
def test_a_composite_is_dropped_for_the_first_limit_that_it_exceeds(seen, reason):
    assert Limits((5, 20), 0.2, 30).reason(seen) == reason


def test_without_limits_everything_is_kept():
    assert Limits().reason(Quality(0, 1, 180)) == ""
