"""The earth mover's distance between foreground and background, against transport worked out by hand."""

import numpy as np
import pytest

from imharmony.baselines.lalonde_efros import Signature
from imharmony.errors import InputError
from imharmony.realism.local import earth_movers_distance, local_emd
from tests.imharmony.realism.pictures import box, noisy, tinted


def test_work_is_the_least_mean_way_of_a_transport_problem_solved_by_hand():
    # Three quarters at 0 and one at 10 go to half at 0 and half at 4: a quarter goes 4, a quarter 6, the rest stays.
    own = Signature(np.array([[0.0, 0, 0], [10, 0, 0]]), np.array([6, 2]))
    other = Signature(np.array([[0.0, 0, 0], [4, 0, 0]]), np.array([4, 4]))
    assert earth_movers_distance(own, other) == pytest.approx(0.25 * 4 + 0.25 * 6)
    assert earth_movers_distance(other, own) == pytest.approx(2.5)


def test_equal_signatures_are_0_apart():
    one = Signature(np.array([[20.0, 5, 5], [70, -5, 0]]), np.array([3, 5]))
    assert earth_movers_distance(one, one) == pytest.approx(0, abs=1e-12)


def test_two_flat_regions_are_as_far_apart_as_their_colours():
    picture = np.where(box()[..., None] > 0.5, 255, 0).repeat(3, axis=2).astype(np.uint8)  # L* 100 against 0
    assert local_emd(picture, box()) == pytest.approx(100, abs=0.01)
    assert local_emd(np.full_like(picture, 90), box()) == pytest.approx(0, abs=1e-9)


def test_where_the_pixels_of_a_region_lie_plays_no_part():
    picture, inside = noisy(1), box() > 0.5
    moved, rng = picture.copy(), np.random.default_rng(0)
    for region in (inside, ~inside):
        moved[region] = rng.permutation(picture[region])
    assert local_emd(moved, box()) == local_emd(picture, box())


def test_a_picture_twice_side_by_side_is_as_it_was():
    picture, mask = noisy(2), box()
    assert local_emd(np.tile(picture, (1, 2, 1)), np.tile(mask, (1, 2))) == pytest.approx(local_emd(picture, mask))


def test_a_tinted_foreground_is_farther_and_a_soft_edge_belongs_to_what_it_mostly_is():
    picture, mask = noisy(3), box()
    assert local_emd(tinted(picture, mask), mask) > local_emd(picture, mask) + 10
    assert local_emd(picture, 0.3 + 0.4 * mask) == local_emd(picture, mask)


@pytest.mark.parametrize(("level", "came"), [(0.0, "empty"), (0.5, "empty"), (1.0, "full")])
def test_a_mask_without_both_regions_is_one_line(level, came):
    with pytest.raises(InputError, match=f"the mask is {came}: realism compares a foreground with a background"):
        local_emd(noisy(0), np.full((32, 32), level))


def test_a_mask_of_another_size_is_one_line():
    with pytest.raises(InputError, match=r"the mask is 16x16 pixels; expected the picture's 32x32; save it at that size"):
        local_emd(noisy(0), box(16))
