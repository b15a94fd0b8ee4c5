"""Angles between directions: by hand, against SciPy's rotations, unchanged by length and by turning both."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from imharmony.metrics.direction import angular_errors_deg, azimuth_error_deg, light_error_deg, normal_errors


@pytest.fixture
def normals() -> np.ndarray:
    vectors = np.random.default_rng(0).normal(size=(6, 7, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("degrees", [1e-6, 10.0, 90.0, 179.0])
def test_a_turn_by_so_many_degrees_is_an_error_of_so_many(normals, degrees):
    axis = np.cross(normals[0, 0], [1.0, 0, 0])
    turned = Rotation.from_rotvec(degrees * axis / np.linalg.norm(axis), degrees=True).apply(normals[0, 0])
    assert light_error_deg(turned, normals[0, 0]) == pytest.approx(degrees, rel=1e-6)


def test_lengths_do_not_count_and_turning_both_changes_nothing(normals):
    other = normals[::-1]
    expected = angular_errors_deg(normals, other)
    turn = Rotation.from_euler("xyz", [20, 50, -70], degrees=True).as_matrix()
    np.testing.assert_allclose(angular_errors_deg(3 * normals @ turn.T, 0.1 * other @ turn.T), expected, atol=1e-9)


def test_shares_count_the_angles_below_each_threshold():
    truth = np.tile([0.0, 0, 1], (4, 1))
    tilts = np.radians([0, 20, 25, 60])
    normals = np.stack([np.sin(tilts), np.zeros(4), np.cos(tilts)], axis=-1)
    errors = normal_errors(normals, truth)
    assert errors["mean_deg"] == pytest.approx(26.25)
    assert errors["median_deg"] == pytest.approx(22.5)
    assert [errors[f"within_{limit}_deg"] for limit in ("11.25", "22.5", "30")] == [0.25, 0.5, 0.75]


def test_what_is_not_valid_does_not_count(normals):
    valid = np.zeros((6, 7), bool)
    valid[2] = True
    spoilt = normals.copy()
    spoilt[~valid] *= -1
    assert normal_errors(spoilt, normals, valid)["mean_deg"] == 0
    assert math.isnan(normal_errors(spoilt, normals, np.zeros_like(valid))["median_deg"])


@pytest.mark.parametrize(("light", "expected"), [([0, 2, 9], 90), ([-1, 0, 0], 180), ([1, 1, -3], 45), ([5, 0, 5], 0)])
def test_the_azimuth_is_the_side_of_the_picture_that_light_comes_from(light, expected):
    assert azimuth_error_deg(np.array(light, float), np.array([1.0, 0, 2])) == pytest.approx(expected)


def test_a_light_from_behind_the_camera_has_no_side():
    assert math.isnan(azimuth_error_deg(np.array([0.0, 0, 1]), np.array([1.0, 0, 0])))
