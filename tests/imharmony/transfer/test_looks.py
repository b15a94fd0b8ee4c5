"""The looks that are made by rule."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.transfer.looks import FAMILIES, LOOKS, NEUTRAL, SIZE, developed, identity_table, look_table

AXIS = np.arange(SIZE)
NO_MIX = np.zeros((3, 3))


def grey(level: float, **recipe: float) -> np.ndarray:
    return developed(np.full(3, level), NEUTRAL | recipe, mix=NO_MIX)


def test_there_are_a_hundred_of_every_family():
    assert len(set(LOOKS)) == len(LOOKS) == 100
    assert {name.rpartition("_")[0] for name in LOOKS} == set(FAMILIES)
    assert all(set(ranges) <= set(NEUTRAL) for ranges in FAMILIES.values())


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_is_in_range_rises_along_the_grey_axis_and_is_smooth(name):
    table = look_table(name)
    assert table.shape == (SIZE, SIZE, SIZE, 3)
    assert table.min() >= 0
    assert table.max() <= 1
    steps = np.diff(table[AXIS, AXIS, AXIS], axis=0)
    assert steps.min() >= 0
    assert max(np.abs(np.diff(table, axis=axis)).max() for axis in range(3)) < 0.35  # one step of the identity is 0.0625


def test_a_look_is_the_same_bits_each_time_and_no_two_are_alike():
    assert_array_equal(look_table("warm_3"), look_table("warm_3"))
    tables = np.array([look_table(name).ravel() for name in LOOKS])
    assert min(np.abs(tables[i] - tables[:i]).max(axis=1).min() for i in range(1, len(LOOKS))) > 0.01


def test_a_neutral_recipe_is_the_identity():
    assert_allclose(developed(identity_table(5), NEUTRAL, mix=NO_MIX), identity_table(5), atol=1e-15)


def test_a_mixed_channel_takes_its_share_of_the_two_others():
    mix = np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 0, 0]])
    assert_allclose(developed(np.array([0.2, 0.4, 0.8]), NEUTRAL | {"mixing": 0.5}, mix=mix), [0.3, 0.45, 0.4])


def test_recipes_by_hand():
    assert_allclose(grey(0, black=0.1, white=0.9), 0.1)
    assert_allclose(grey(1, black=0.1, white=0.9), 0.9)
    assert_allclose(grey(0.25, gamma=0.5), 0.5)
    assert_allclose(grey(0.25, warmth=2), [0.25**0.5, 0.25, 0.25**2])
    assert_allclose(grey(0.5, shadow_tone=0.2, saturation=0), 0.5)


def test_a_red_tone_of_the_shadows_leaves_white_and_luma():
    black, white = grey(0.2, shadow_tone=0.1), grey(1, shadow_tone=0.1)
    assert black[0] > 0.2 > black[2]
    assert_allclose(white, 1)
