"""Shapes cover the area they should, and their normals are those of the bodies they stand for."""

import numpy as np
import pytest

from imharmony.studio.sketch import Cloth, Reach, Sketch
from imharmony.studio.view import View

VIEW = View(width_px=100, height_px=100, focal_px=100, horizon_px=20, eye_m=1.6)  # at 2 m: 50 px per metre
RED = Cloth((0.5, 0.1, 0.1), mottle=0)


@pytest.fixture
def sketch():
    return Sketch(VIEW, x=0, depth=2, size=1, reach=Reach(-0.9, 0.9, -0.05, 1.8), rng=np.random.default_rng(0))


def test_an_ellipse_covers_its_area(sketch):
    sketch.ellipse((0, 0.8), 0.2, 0.3, RED)
    assert sketch.planes[0].sum() == pytest.approx(np.pi * 0.2 * 0.3 * 50**2, rel=0.01)


def test_a_capsule_covers_a_bar_and_two_half_discs(sketch):
    sketch.capsule((-0.3, 0.5), (0.3, 0.9), 0.1, 0.1, RED)
    area = 2 * 0.1 * np.hypot(0.6, 0.4) + np.pi * 0.1**2
    assert sketch.planes[0].sum() == pytest.approx(area * 50**2, rel=0.01)


def test_a_facet_covers_its_polygon(sketch):
    sketch.facet([(-0.3, 0.2), (0.3, 0.2), (0.1, 0.9)], (0, 0, 1), RED)
    assert sketch.planes[0].sum() == pytest.approx(0.5 * 0.6 * 0.7 * 50**2, rel=0.02)


def test_a_lathe_covers_its_profile(sketch):
    sketch.lathe([(0.2, 0.1, 0), (0.6, 0.3, 0), (1.0, 0.1, 0)], RED)
    assert sketch.planes[0].sum() == pytest.approx(2 * 0.2 * 0.8 * 50**2, rel=0.02)


def test_a_balls_normals_point_outwards(sketch):
    sketch.ellipse((0, 0.8), 0.3, 0.3, RED)
    x, y, z = sketch.planes[4:7]
    row, column = sketch.shape[0] - round(0.85 * 50), sketch.shape[1] // 2
    assert z[row, column] > 0.99
    assert x[row, column + 12] > 0.7
    assert x[row, column - 12] < -0.7
    assert y[row - 12, column] > 0.7


def test_a_later_part_hides_an_earlier_one(sketch):
    sketch.ellipse((0, 0.8), 0.2, 0.2, RED)
    sketch.ellipse((0, 0.8), 0.25, 0.25, Cloth((0.1, 0.1, 0.7), mottle=0))
    np.testing.assert_allclose(sketch.planes[1:4, 50, 45], (0.1, 0.1, 0.7), atol=1e-6)


def test_albedo_is_premultiplied_by_alpha(sketch):
    sketch.ellipse((0, 0.8), 0.2, 0.3, RED)
    np.testing.assert_allclose(sketch.planes[1], 0.5 * sketch.planes[0], atol=1e-6)


def test_parts_outside_the_picture_are_left_out():
    away = Sketch(VIEW, x=9, depth=2, size=1, reach=Reach(-0.5, 0.5, 0, 1), rng=np.random.default_rng(0))
    assert away.is_empty
    away.capsule((0, 0), (0, 1), 0.1, 0.1, RED)


def test_a_point_on_the_ground_appears_where_the_pinhole_puts_it():
    assert VIEW.row(0.0, 2.0) == 20 + 1.6 * 50
    assert VIEW.column(0.5, 2.0) == 50 + 25
    assert VIEW.x_at(75, 2.0) == 0.5
