"""Daylight of other colour temperatures, against the tables of the CIE illuminants."""

import pytest
from numpy.testing import assert_allclose
from skimage.color import xyz_tristimulus_values

from imharmony.colour.spaces import RGB_FROM_XYZ
from imharmony.transfer.daylight import LUMINANCE, WHITE_KELVIN, daylight_gains


@pytest.mark.parametrize(("illuminant", "kelvin"), [("D50", 5003), ("D55", 5503), ("D75", 7504)])
def test_the_light_is_the_cie_illuminant_seen_from_d65(illuminant, kelvin):
    light, white = (RGB_FROM_XYZ @ xyz_tristimulus_values(illuminant=name, observer="2", dtype=float) for name in (illuminant, "D65"))
    expected = light / white
    gains = daylight_gains(1e6 / kelvin - 1e6 / WHITE_KELVIN, 0)
    assert_allclose(gains / gains[1], expected / expected[1], atol=4e-3)


def test_no_warmth_and_no_tint_is_one():
    assert_allclose(daylight_gains(0, 0), 1, rtol=1e-14)


@pytest.mark.parametrize(("warmth", "tint"), [(90, 0), (-110, 0), (40, 0.3), (0, -0.3)])
def test_the_luminance_of_grey_stays(warmth, tint):
    assert (daylight_gains(warmth, tint) * LUMINANCE).sum() == pytest.approx(1)


def test_warmer_light_has_more_red_and_less_blue():
    red, _, blue = daylight_gains(50, 0)
    assert red > 1 > blue


def test_one_stop_of_tint_doubles_green_against_red():
    red, green, blue = daylight_gains(0, 1)
    assert_allclose([green / red, green / blue], 2)


def test_both_branches_of_the_locus_meet():
    below, above = (daylight_gains(1e6 / kelvin - 1e6 / WHITE_KELVIN, 0) for kelvin in (7000, 7000.001))
    assert_allclose(below, above, atol=1e-4)
