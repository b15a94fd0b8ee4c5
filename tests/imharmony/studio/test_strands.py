"""Hairs cover their share of each pixel, stay off the face and take the hair's colour."""

import numpy as np
import pytest

from imharmony.running.seeds import numpy_rng
from imharmony.studio.heads import HIGH, Hair
from imharmony.studio.sketch import Reach, Sketch
from imharmony.studio.strands import FINE, coverage, paint_strands
from imharmony.studio.view import View

CENTRE = (0.0, 0.5)
SHORT = Hair((0.2, 0.1, 0.05), volume=0.02, fuzz=0.014, length=0.0, fringe=0.0, curl=0.6, hat=None)
LONG = Hair((0.2, 0.1, 0.05), volume=0.02, fuzz=0.014, length=0.3, fringe=0.0, curl=0.7, hat=None)


def sketched(pixels_per_m=400):
    view = View(pixels_per_m, pixels_per_m, 2.0 * pixels_per_m, pixels_per_m / 2, 0.5)
    return Sketch(view, x=0, depth=2.0, size=1.0, reach=Reach(-0.5, 0.5, 0.0, 1.0), rng=numpy_rng("sketch"))


def painted(hair, pixels_per_m=400):
    sketch = sketched(pixels_per_m)
    paint_strands(sketch, CENTRE, hair, numpy_rng("strands", 0))
    return sketch


@pytest.mark.parametrize("width_px", [1 / FINE, 3 / FINE, 5 / FINE, 2.0])
def test_a_straight_hair_covers_its_length_times_its_width(width_px):
    sketch = sketched()
    curve = np.array([[[-0.2, 0.31], [0.2, 0.37]]])
    cover = coverage(sketch, (slice(0, 400), slice(0, 400)), curve, np.array([width_px / sketch.scale]))
    length_px = np.hypot(0.4, 0.06) * sketch.scale
    assert cover.sum() == pytest.approx(length_px * width_px, rel=0.1)


def test_a_hair_lies_where_it_was_asked_for():
    sketch = sketched()
    curve = np.array([[[-0.2, 0.30], [0.2, 0.30]]])
    cover = coverage(sketch, (slice(0, 400), slice(0, 400)), curve, np.array([1 / sketch.scale]))
    height = (cover.sum(1) * sketch.v[:, 0]).sum() / cover.sum()
    across = (cover.sum(0) * sketch.u[0]).sum() / cover.sum()
    assert (across, height) == pytest.approx((0.0, 0.30), abs=0.5 / sketch.scale)


def test_the_same_generator_draws_the_same_hairs():
    np.testing.assert_array_equal(painted(LONG).planes, painted(LONG).planes)


def test_many_pixels_are_covered_in_part():
    alpha = painted(SHORT).planes[0]
    assert ((alpha > 0.1) & (alpha < 0.9)).sum() > 300


@pytest.mark.parametrize("hair", [SHORT, LONG], ids=["short", "long"])
def test_the_face_stays_free(hair):
    sketch = painted(hair)
    face = (np.abs(sketch.u) < 0.05) & (np.abs(sketch.v - CENTRE[1] + 0.03) < 0.05)
    assert sketch.planes[0][face].max() == 0


def test_long_hair_falls_below_the_chin_and_short_hair_does_not():
    short, long = painted(SHORT), painted(LONG)
    below = short.v[:, 0] < CENTRE[1] - 1.3 * HIGH
    assert short.planes[0][below].max() == 0
    assert long.planes[0][below].sum() > 500


def test_hairs_have_tones_around_the_hairs_colour():
    sketch = painted(SHORT)
    inside = sketch.planes[0] > 0.95
    red, green = sketch.planes[1][inside], sketch.planes[2][inside]
    np.testing.assert_allclose(red / green, 2, rtol=1e-3)
    assert red.mean() == pytest.approx(0.2, rel=0.25)
    assert red.std() > 0.01


def test_a_head_outside_the_picture_is_left_alone():
    sketch = sketched()
    paint_strands(sketch, (5.0, 0.5), SHORT, numpy_rng("strands", 0))
    assert not sketch.planes.any()
