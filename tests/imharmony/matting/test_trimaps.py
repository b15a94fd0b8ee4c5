"""Margins of trimaps: how the one that is tested on is chosen, how those that are learned from are drawn, and what is refused."""

from functools import partial

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.matting.trimaps import DRAWN, checked_trimap, choose_margin, draw_trimap, fixed_trimap, unknown_share
from imharmony.pictures.trimaps import BACKGROUND, FOREGROUND, UNKNOWN, trimap


def disc(side: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.clip(radius - np.hypot(y, x) + 0.5, 0, 1)


DISCS = [disc(200, radius) for radius in (40, 50, 60)]


def test_the_margin_leaves_the_wanted_share_unknown():
    margin = choose_margin(partial(unknown_share, DISCS), unknown=0.2)
    assert margin.unknown == pytest.approx(0.2, abs=0.01)
    assert margin.unknown == pytest.approx(np.mean([(fixed_trimap(alpha, margin.at_600) == 128).mean() for alpha in DISCS]))
    # Of a ring around a circle of 50 px, a fifth of 200 x 200 px is 2 pi 50 (2 w): w is 12.7 px of 200, 38 of 600.
    assert margin.at_600 == pytest.approx(0.2 * 200**2 / (4 * np.pi * 50) * 3, rel=0.06)


def test_no_other_margin_comes_nearer():
    margin = choose_margin(partial(unknown_share, DISCS), unknown=0.13)
    shares = {at / 2: unknown_share(DISCS, at / 2) for at in range(0, 120, 3)} | {margin.at_600: margin.unknown}
    assert min(shares.values(), key=lambda share: abs(share - 0.13)) == margin.unknown


def test_a_matte_softer_than_that_has_no_margin():
    assert choose_margin(partial(unknown_share, [np.full((20, 20), 0.5)]), unknown=0.2) == (0.0, 1.0)


def test_no_matte_is_no_choice():
    with pytest.raises(InputError, match="no alpha matte to choose trimaps on"):
        choose_margin(partial(unknown_share, []), unknown=0.2)


def test_the_margin_grows_with_the_picture():
    small, large = disc(100, 30), disc(300, 90)
    assert_array_equal(fixed_trimap(small, 30), trimap(small, erode_px=5, dilate_px=5))
    assert_array_equal(fixed_trimap(large, 30), trimap(large, erode_px=15, dilate_px=15))
    assert (fixed_trimap(small, 30) == UNKNOWN).mean() == pytest.approx((fixed_trimap(large, 30) == UNKNOWN).mean(), rel=0.06)


def test_what_is_known_is_right():
    for number, alpha in enumerate(DISCS):
        for made in (fixed_trimap(alpha, 12), draw_trimap(alpha, np.random.default_rng(number))):
            assert (alpha[made == FOREGROUND] >= 0.95).all()
            assert (alpha[made == BACKGROUND] <= 0.05).all()


def test_drawn_margins_are_of_both_sides_for_themselves_and_within_their_range():
    alpha = disc(600, 150).round()
    margins = []
    for seed in range(40):
        made = draw_trimap(alpha, np.random.default_rng(seed))
        row = made[300] == UNKNOWN
        margins.append((int((row[:300] & (alpha[300, :300] == 1)).sum()), int((row[:300] & (alpha[300, :300] == 0)).sum())))
    inner, outer = np.array(margins).T
    for side in (inner, outer):
        assert DRAWN[0] <= side.min() <= 4
        assert 26 <= side.max() <= DRAWN[1]
    assert abs(np.corrcoef(inner, outer)[0, 1]) < 0.3


def test_the_same_generator_draws_the_same_trimap():
    assert_array_equal(*(draw_trimap(DISCS[0], np.random.default_rng(7)) for _ in range(2)))


def test_a_hard_edge_in_a_small_picture_has_an_unknown_region():
    alpha = disc(24, 7).round()
    made = draw_trimap(alpha, np.random.default_rng(0))
    edge = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    assert (made[edge & (alpha == 1)] == UNKNOWN).any()
    assert (made[edge & (alpha == 0)] == UNKNOWN).any()


def test_a_given_trimap_that_fits_is_taken_as_it_is():
    given = fixed_trimap(disc(40, 12), 60)
    assert checked_trimap(given, size=(40, 40), name="t.png") is given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.full((4, 6), UNKNOWN, np.uint8), r"t\.png: 6x4 pixels; expected 4x6, as the picture"),
        (np.full((6, 4), 127, np.uint8), r"t\.png: a pixel of 127; expected 0, 128 \(unknown\) and 255 alone"),
        (np.full((6, 4), FOREGROUND, np.uint8), r"t\.png: no pixel of 128; expected an unknown region"),
        (np.full((6, 4, 3), UNKNOWN, np.uint8), r"t\.png: uint8 of shape \(6, 4, 3\); expected a grey trimap"),
        (np.full((6, 4), 0.5), r"t\.png: float64 of shape \(6, 4\); expected a grey trimap of 8 bits"),
    ],
)
def test_what_is_no_trimap_of_the_picture_is_said_in_one_line(given, message):
    with pytest.raises(InputError, match=message) as raised:
        checked_trimap(given, size=(4, 6), name="t.png")
    assert "\n" not in str(raised.value)
