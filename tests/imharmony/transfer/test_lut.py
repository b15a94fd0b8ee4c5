"""Lookup tables: between their grid points, at them, and where they change nothing."""

import json
from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.interpolate import RegularGridInterpolator

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.looks import LOOKS, identity_table, look_table
from imharmony.transfer.lut import Lut, draw_lut, lut, through


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BLOCK + 50, 3), np.uint8)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 1, (*shape, 3))


def by_barycentric_coordinates(pixel: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The mean of the corners of the tetrahedron around a pixel, found by solving for its weights in all six."""
    place = pixel / 255 * (len(table) - 1)
    base = np.minimum(place.astype(int), len(table) - 2)
    for path in permutations(np.eye(3, dtype=int)):
        corners = np.array([np.zeros(3, int), path[0], path[0] + path[1], np.ones(3, int)])
        weights = np.linalg.solve(np.vstack([corners.T, np.ones(4)]), [*(place - base), 1])
        if (weights > -1e-9).all():
            return weights @ table[tuple((base + corners).T)]
    raise AssertionError("no tetrahedron holds the pixel")


@pytest.mark.parametrize("size", [2, 5, 17])
def test_a_cube_of_noise_agrees_with_barycentric_coordinates(pixels, size):
    table = noise(size, size, size)
    expected = [by_barycentric_coordinates(pixel, table) * 255 for pixel in pixels[:300]]
    assert_allclose(through(pixels[:300], Lut(table)), expected, atol=0.5 + 1e-9)


def test_a_cube_linear_in_each_channel_agrees_with_scipy(pixels):
    table = (identity_table(9) @ np.array([[0.5, 0.2, 0], [0.3, 0.6, 0.1], [0.1, 0, 0.7]])) + 0.05
    scipy = RegularGridInterpolator((np.linspace(0, 1, 9),) * 3, table)(pixels / 255)
    assert_allclose(through(pixels, Lut(table)), scipy * 255, atol=0.5 + 1e-9)


@pytest.mark.parametrize("name", LOOKS[:12])
def test_a_look_is_near_what_scipy_makes_of_all_eight_corners(pixels, name):
    scipy = RegularGridInterpolator((np.linspace(0, 1, 17),) * 3, look_table(name))(pixels / 255)
    error = np.abs(lut(pixels, {"look": name, "strength": 1.0}) - scipy * 255)
    assert error.mean() < 0.6
    assert error.max() < 6


def test_curves_agree_with_scipy(pixels):
    curves = noise(7)
    expected = [RegularGridInterpolator((np.linspace(0, 1, 7),), curves[:, c])(pixels[:, c] / 255) * 255 for c in range(3)]
    assert_allclose(through(pixels, Lut(curves)), np.transpose(expected), atol=0.5 + 1e-9)


@pytest.mark.parametrize(
    "table", [identity_table(17), identity_table(33), identity_table(2), np.repeat(np.linspace(0, 1, 33)[:, None], 3, 1)]
)
def test_the_identity_changes_no_bit(pixels, table):
    assert_array_equal(through(pixels, Lut(table)), pixels)


def test_without_strength_no_bit_changes(pixels):
    assert_array_equal(lut(pixels, {"look": LOOKS[3], "strength": 0.0}), pixels)


def test_a_grid_point_gives_its_own_colour_and_half_strength_is_half_way():
    table = identity_table(2)
    table[1, 0, 0] = 0.2, 0.4, 0.6
    red = np.array([[255, 0, 0]], np.uint8)
    assert through(red, Lut(table)).tolist() == [[51, 102, 153]]
    assert through(red, Lut(table), strength=0.5).tolist() == [[153, 51, 76]]  # 76.5 goes to the even neighbour


def test_values_outside_the_domain_are_the_nearest_inside():
    half = Lut(identity_table(5), low=(0.0, 0.0, 0.2), high=(0.5, 1.0, 0.8))
    assert through(np.array([[51, 51, 51], [255, 51, 255]], np.uint8), half).tolist() == [[102, 51, 0], [255, 51, 255]]


def test_a_table_that_leaves_the_range_is_clipped():
    assert through(np.array([[0, 128, 255]], np.uint8), Lut(identity_table(2) * 3 - 1)).tolist() == [[0, 129, 255]]


def test_moving_pixels_around_moves_the_result_around(pixels):
    order, parameters = np.random.default_rng(5).permutation(len(pixels)), draw_lut(np.random.default_rng(6))
    assert_array_equal(lut(pixels[order], parameters), lut(pixels, parameters)[order])


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 255)])
@pytest.mark.parametrize("name", LOOKS[:12])
def test_a_flat_region_stays_flat(name, colour):
    after = lut(np.full((3, 3), colour, np.uint8), {"look": name, "strength": 1.0})
    assert after.dtype == np.uint8
    assert len(np.unique(after, axis=0)) == 1


def test_what_is_drawn_is_a_look_and_survives_json():
    parameters = draw_lut(np.random.default_rng(0))
    assert parameters["look"] in LOOKS
    assert json.loads(json.dumps(parameters)) == parameters == draw_lut(np.random.default_rng(0))
