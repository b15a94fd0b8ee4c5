"""Light falls as Lambert says, lamps fade, shadows fall away from the light."""

from dataclasses import replace

import numpy as np
import pytest

from imharmony.studio.backdrop import blank, lay_ground, lay_wall
from imharmony.studio.light import arrival, draw_light, incidence, shade, strength
from imharmony.studio.materials import concrete, plaster
from imharmony.studio.sensor import draw_sensor, exposure, vignette
from imharmony.studio.shadows import cast
from imharmony.studio.sketch import Cloth, Reach, Sketch
from imharmony.studio.textures import cells, noise
from imharmony.studio.view import View

VIEW = View(width_px=120, height_px=100, focal_px=120, horizon_px=35, eye_m=1.5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def sun(rng):
    return replace(draw_light(rng, indoors=False), softness=0.01)


def towards(*direction):
    return np.array(direction) / np.linalg.norm(direction)


def test_incidence_is_the_cosine_and_never_negative():
    normals = np.array([[0, 1, 0], [0, 0, 1], [0, -1, 0]], np.float32).T[:, None]
    np.testing.assert_allclose(incidence(normals, np.array([0, 0.6, 0.8]))[0], (0.6, 0.8, 0), atol=1e-6)


def test_shading_of_a_floor_by_hand(sun):
    light = replace(sun, colour=np.array([1.0, 0.5, 0.25]), above=np.array([0.2, 0.3, 0.4]), below=np.array([9.0, 9.0, 9.0]))
    floor = np.array([0, 1, 0], np.float32)[:, None, None]
    shading = shade(floor, np.full((1, 1), 0.5, np.float32), 0.8, light)
    np.testing.assert_allclose(shading[:, 0, 0], (0.5 + 0.16, 0.25 + 0.24, 0.125 + 0.32), rtol=1e-6)


def test_a_lamp_has_strength_one_at_its_reach_and_fades(rng):
    lamp = draw_light(rng, indoors=True)
    assert strength(lamp, lamp.reach_m) == pytest.approx(1)
    assert strength(lamp, 2 * lamp.reach_m) < 0.4 < strength(lamp, 0.5 * lamp.reach_m)
    direction, _ = arrival(lamp, lamp.position - np.array([0.0, 2.0, 0.0]))
    np.testing.assert_allclose(direction, (0, 1, 0), atol=1e-12)


def shadow_centre(light, rng, *, wall):
    backdrop = blank(VIEW)
    first = lay_ground(backdrop, VIEW, concrete, rng, until_m=5.0 if wall else 60.0)
    if wall:
        lay_wall(backdrop, VIEW, plaster, rng, depth=5.0, last=first, top_m=9.0)
    post = Sketch(VIEW, x=0, depth=3, size=1, reach=Reach(-0.2, 0.2, -0.05, 1.2), rng=rng)
    post.capsule((0, 0.0), (0, 1.0), 0.1, 0.1, Cloth((0.5, 0.5, 0.5), mottle=0))
    cast(post, backdrop, VIEW, light)
    rows, columns = np.nonzero(backdrop.lit < 0.4)
    assert rows.size > 10
    return rows, columns


def test_the_shadow_falls_on_the_side_away_from_the_sun(sun, rng):
    _, right = shadow_centre(replace(sun, direction=towards(-1, 1, 0.2)), rng, wall=False)
    _, left = shadow_centre(replace(sun, direction=towards(1, 1, 0.2)), rng, wall=False)
    assert left.mean() < 55
    assert right.mean() > 65


def test_a_low_sun_behind_the_camera_throws_the_shadow_on_the_wall(sun, rng):
    rows, _ = shadow_centre(replace(sun, direction=towards(0.1, 0.25, 1)), rng, wall=True)
    assert rows.min() < VIEW.row(0.0, 5.0) - 5


def test_exposure_brings_the_mean_luminance_to_the_key():
    radiance = np.full((20, 20, 3), 0.1, np.float32)
    assert exposure(radiance, 0.2) == pytest.approx(2, rel=1e-5)


def test_the_lens_darkens_corners_by_its_vignetting(rng):
    sensor = draw_sensor(rng, key=0.2)
    light = vignette(101, 101, sensor)
    assert light[50, 50] == 1
    assert light[0, 0] == pytest.approx(1 - sensor.vignetting)


@pytest.mark.parametrize("kind", ["cloud", "grain", "leaf", "fold", "strand"])
def test_noise_is_standardised_and_tiles(kind):
    field = noise(kind)
    assert field.mean() == pytest.approx(0, abs=0.05)
    assert field.std() == pytest.approx(1, abs=0.05)
    seam = np.abs(field[0] - field[-1]).mean()
    inside = np.abs(np.diff(field, axis=0)).mean()
    assert seam < 2 * inside


def test_joints_take_their_share_of_a_wall():
    u, v = (np.ascontiguousarray(a) for a in np.meshgrid(np.arange(0, 2, 0.01, np.float32), np.arange(0, 2, 0.01, np.float32)))
    _, joints = cells(u, v, np.full_like(u, 0.01), width=0.2, height=0.1, joint=0.02, stagger=0.5)
    assert joints.mean() == pytest.approx(1 - 0.9 * 0.8, abs=0.03)
