"""A mask is taken for an inverted one by its border and its area together."""

import numpy as np
import pytest

from imharmony.pictures.polarity import coverage_of, inverted_line


def disc(radius: int) -> np.ndarray:
    down, across = np.mgrid[:100, :100] - 50
    return np.where(down**2 + across**2 < radius**2, 255, 0).astype(np.uint8)


@pytest.mark.parametrize("radius", [4, 20, 45])
def test_an_object_in_the_middle_is_right_and_its_inverse_is_not(radius):
    assert inverted_line(disc(radius), name="mask.png") is None
    line = inverted_line(255 - disc(radius), name="mask.png")
    share = 100 * (disc(radius) == 0).mean()
    assert line == f"mask.png covers the border and {share:.0f} % of the picture: probably inverted"


def test_what_covers_half_the_border_is_no_background():
    mask = np.zeros((100, 100), np.uint8)
    mask[50:] = 255
    assert not coverage_of(mask).is_a_background


def test_a_frame_alone_is_no_background():
    mask = np.full((100, 100), 255, np.uint8)
    mask[2:-2, 2:-2] = 0
    assert coverage_of(mask).border == 1
    assert not coverage_of(mask).is_a_background


def test_the_border_is_counted_once():
    mask = np.zeros((3, 4), np.uint8)
    mask[0, 0] = 128
    assert coverage_of(mask) == (1 / 12, 1 / 10)
