"""Strokes become a mask of the photograph's size."""

import numpy as np
import pytest

from imharmony.web.painting import Stroke, painted


def area(mask):
    return mask.astype(float).sum() / 255


def test_a_dab_is_a_disc_about_its_point():
    mask = painted([Stroke(10, [(30, 20)])], width=60, height=40)
    assert area(mask) == pytest.approx(np.pi * 100, rel=0.04)
    rows, columns = np.nonzero(mask > 127)
    assert (rows.mean(), columns.mean()) == pytest.approx((19.5, 29.5), abs=0.1)


def test_a_line_is_as_wide_as_the_brush_and_has_round_ends():
    mask = painted([Stroke(8, [(20, 30), (80, 30)])], width=100, height=60)
    assert area(mask) == pytest.approx(60 * 16 + np.pi * 64, rel=0.06)
    assert (mask[30, 14], mask[30, 8], mask[23, 50], mask[20, 50]) == (255, 0, 255, 0)


def test_later_strokes_lie_on_earlier_ones_and_the_base_is_left_alone():
    base = np.full((40, 40), 255, np.uint8)
    mask = painted([Stroke(12, [(20, 20)], erase=True), Stroke(4, [(20, 20)])], width=40, height=40, base=base)
    assert (mask[20, 20], mask[20, 28], mask[2, 2]) == (255, 0, 255)
    assert base.min() == 255


def test_strokes_beyond_the_edge_are_cut_off():
    mask = painted([Stroke(16_000, [(-100_000, 200_000)]), Stroke(5, [(-3, -3), (200_000, -3)])], width=30, height=20)
    assert mask.shape == (20, 30)
    assert area(mask) < 100
