"""The light fit finds the light that it was given, says when it cannot, and relights within bounds."""

import numpy as np
import pytest

from imharmony.intrinsic.light import Light, first_order, fit_light, likely_light, relighting_ratio, well_exposed
from imharmony.metrics.direction import light_error_deg
from tests.imharmony.intrinsic.test_normals import disc


@pytest.fixture
def sphere() -> tuple[np.ndarray, np.ndarray]:
    mask, normals = disc(96, 40.0)
    return mask > 0, normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1)


VECTOR, AMBIENT = np.array([0.3, 0.5, 0.4]), 0.6


def lit(normals: np.ndarray) -> np.ndarray:
    return AMBIENT + normals @ VECTOR


def test_the_light_of_a_shaded_sphere_is_found_exactly(sphere):
    inside, normals = sphere
    light = fit_light(normals, lit(normals), inside)
    np.testing.assert_allclose(light.vector, VECTOR, atol=1e-9)
    assert light.ambient == pytest.approx(AMBIENT)
    assert light.r2 == pytest.approx(1)
    assert light.is_trusted


def test_a_tenth_of_wrong_pixels_hardly_turns_the_light(sphere):
    inside, normals = sphere
    shading = lit(normals)
    shading[40:49] += 3  # a white stripe of paint
    huber = fit_light(normals, shading, inside)
    plain = np.linalg.lstsq(np.column_stack([normals[inside], np.ones(inside.sum())]), shading[inside], rcond=None)[0]
    assert light_error_deg(huber.vector, VECTOR) < 2
    assert light_error_deg(huber.vector, VECTOR) < 0.2 * light_error_deg(plain[:3], VECTOR)


def test_least_squares_is_what_is_left_of_the_fit_where_nothing_is_an_outlier(sphere):
    inside, normals = sphere
    shading = lit(normals)[inside] + np.random.default_rng(0).uniform(-0.05, 0.05, inside.sum())
    expected = np.linalg.lstsq(np.column_stack([normals[inside], np.ones(inside.sum())]), shading, rcond=None)[0]
    np.testing.assert_allclose(first_order(normals[inside], shading), expected, atol=0.01)


def test_shading_that_normals_do_not_explain_leaves_an_ambient_alone(sphere):
    inside, normals = sphere
    light = fit_light(normals, np.random.default_rng(0).uniform(0.2, 1, inside.shape), inside)
    assert not light.is_trusted
    assert light.r2 < 0.2
    assert (light.vector == 0).all()
    assert light.ambient == pytest.approx(0.6, abs=0.05)


def test_a_surface_that_faces_the_camera_everywhere_tells_nothing_of_its_light():
    normals = np.tile([0.0, 0, 1], (40, 40, 1))
    shading = 0.5 + 0.01 * np.arange(40)[None].repeat(40, axis=0)
    assert not fit_light(normals, shading, np.ones((40, 40), bool)).is_trusted


def test_where_little_is_explained_the_light_is_taken_to_come_from_above(sphere):
    inside, normals = sphere
    noise = np.random.default_rng(0).uniform(-1, 1, inside.shape)
    vectors = [likely_light(normals, 3 + 0.5 * normals[..., 0] + spread * noise, inside).vector for spread in (0.0, 0.3, 3.0)]
    up = [vector[1] / np.linalg.norm(vector[:2]) for vector in vectors]
    assert up[0] == pytest.approx(0, abs=1e-9)
    assert 0.1 < up[1] < up[2] + 0.2
    assert up[2] > 0.3


def test_a_light_turned_up_is_as_strong_as_before(sphere):
    inside, normals = sphere
    noisy = lit(normals) + np.random.default_rng(0).uniform(-1, 1, inside.shape)
    *own, _ = first_order(normals[inside], noisy[inside])
    turned = likely_light(normals, noisy, inside).vector
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(own))
    assert turned[2] == own[2]
    assert turned[1] > own[1]


@pytest.mark.parametrize("pixels", [0, 1, 20])
def test_few_pixels_are_not_trusted(sphere, pixels):
    inside, normals = sphere
    valid = np.zeros_like(inside)
    valid.flat[np.flatnonzero(inside)[:pixels]] = True
    light = fit_light(normals, lit(normals), valid)
    assert (light.is_trusted, light.r2) == (False, 0.0)
    assert np.isfinite(light.ambient)


def test_the_ambient_is_not_negative(sphere):
    inside, normals = sphere
    *_, ambient = first_order(normals[inside], normals[inside] @ VECTOR - 0.1)
    assert ambient == 0


def test_a_factor_of_the_shading_is_one_of_the_light(sphere):
    inside, normals = sphere
    noisy = lit(normals) * np.random.default_rng(1).uniform(0.9, 1.1, inside.shape)
    one, other = fit_light(normals, noisy, inside), fit_light(normals, 5 * noisy, inside)
    np.testing.assert_allclose(other.vector, 5 * one.vector, rtol=1e-9)
    assert other.r2 == pytest.approx(one.r2)


def test_relighting_to_the_same_light_changes_nothing_and_to_another_at_most_twofold(sphere):
    _, normals = sphere
    own, other = Light(VECTOR, 0.1, 1.0, True), Light(-VECTOR, 0.1, 1.0, True)
    assert (relighting_ratio(normals, own, own) == 1).all()
    ratio = relighting_ratio(normals, own, other)
    assert (ratio.min(), ratio.max()) == (0.5, 2)
    assert ratio[30, 30] > 1 > ratio[30, 66] or ratio[66, 30] > 1


def test_nearly_black_and_nearly_white_pixels_are_not_well_exposed():
    levels = np.array([[0, 10, 128, 250, 255]], np.uint8)[..., None].repeat(3, axis=2)
    assert well_exposed(levels).tolist() == [[False, False, True, False, False]]
