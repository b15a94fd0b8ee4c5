"""Random Poisson blending: membranes against a dense solution, the whole against its equation, and what must not change."""

import json

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import map_coordinates

from imharmony.transfer.random_poisson import LONGEST, SIDE, colours_by_place, draw_random_poisson, membrane, random_poisson

WHOLE = {"share": 1.0, "left": 0.0, "top": 0.0, "mirrored": False}
HEIGHT, WIDTH = 44, 60


@pytest.fixture
def photo() -> np.ndarray:
    """Slow colours with some grain, far from black and white."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:HEIGHT, :WIDTH] / WIDTH
    slopes = across[..., None] * [40, -30, 20] + down[..., None] * [-20, 30, 30]
    return np.rint(np.array([110, 120, 100]) + slopes + rng.normal(0, 4, (HEIGHT, WIDTH, 3))).astype(np.uint8)


@pytest.fixture
def mask() -> np.ndarray:
    """A tilted ellipse with a hole."""
    filled = cv2.ellipse(np.zeros((HEIGHT, WIDTH), np.uint8), (28, 22), (18, 12), 25, 0, 360, 1, -1)
    return cv2.circle(filled, (30, 20), 3, 0, -1)


def a_region(seed: int, side: int = 4) -> np.ndarray:
    small = np.random.default_rng(seed).uniform(70, 190, (side, side, 3))
    return np.rint(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)).ravel()


def solved(values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The membrane by a dense matrix, an equation for each place."""
    height, width = free.shape
    matrix, right = np.eye(free.size), values.reshape(free.size, -1).astype(float)
    for row, column in np.argwhere(free):
        place = row * width + column
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        inside = [r * width + c for r, c in around if 0 <= r < height and 0 <= c < width]
        matrix[place, place], matrix[place, inside], right[place] = len(inside), -1, 0
    return np.linalg.solve(matrix, right).reshape(values.shape)


@pytest.mark.parametrize("seed", range(4))
def test_a_membrane_is_what_a_dense_solver_finds(seed):
    rng = np.random.default_rng(seed)
    values, free = rng.normal(0, 50, (9, 13, 3)), rng.random((9, 13)) < 0.6
    assert_allclose(membrane(values, free), solved(values, free), atol=1e-9)


def test_a_membrane_over_a_plane_is_the_plane_and_keeps_within_its_rim():
    down, across = np.mgrid[:20, :30].astype(float)
    plane, free = (3 + 2 * across - 5 * down)[..., None], np.zeros((20, 30), bool)
    free[4:15, 6:25] = True
    assert_allclose(membrane(np.where(free[..., None], 99, plane), free), plane, atol=1e-9)
    rough = np.random.default_rng(0).uniform(-1, 1, (20, 30, 1))
    assert np.abs(membrane(rough, free)[free]).max() < 1


@pytest.mark.parametrize("parameters", [WHOLE, {"share": 0.6, "left": 0.3, "top": 0.1, "mirrored": True}])
def test_the_change_solves_its_equation(photo, mask, parameters):
    """The oracle: bilinear parts by SciPy, the membrane by a dense matrix, added to the foreground."""
    ys, xs = np.nonzero(mask)
    (top, bottom), (left, right) = (ys.min(), ys.max() + 1), (xs.min(), xs.max() + 1)
    down, across = round((bottom - top) / 8), round((right - left) / 8)
    rows, columns = slice(top - down, bottom + down), slice(left - across, right + across)
    inside = mask[rows, columns] > 0

    def part(region: np.ndarray, share: float, left: float, top: float, mirrored: bool) -> np.ndarray:
        y, x = (SIDE * (start + share * (np.arange(n) + 0.5) / n) - 0.5 for start, n in zip((top, left), inside.shape, strict=True))
        grid = np.meshgrid(y, x[::-1] if mirrored else x, indexing="ij")
        planes = [map_coordinates(plane, grid, order=1, mode="nearest") for plane in region.reshape(SIDE, SIDE, 3).transpose(2, 0, 1)]
        return np.stack(planes, axis=-1)

    region = a_region(1)
    change = solved(part(region, **parameters) - part(colours_by_place(photo, mask), **WHOLE), inside)
    expected = np.clip(photo[rows, columns] + change, 0, 255)
    result = random_poisson(photo, mask, region, parameters)
    assert np.abs(result[rows, columns][inside] - expected[inside]).max() < 1.5  # OpenCV's parts are in steps of 1/32 px
    assert_array_equal(result[mask == 0], photo[mask == 0])
    assert np.ptp(change[inside], axis=0).min() > 5


@pytest.mark.parametrize("level", [-30, 0, 17])
def test_in_its_own_region_a_foreground_stays_and_in_a_brighter_one_it_is_brighter(photo, mask, level):
    result = random_poisson(photo, mask, colours_by_place(photo, mask) + level, WHOLE)
    assert_array_equal(result, photo + level * mask[..., None].astype(int))


def test_how_bright_the_foreground_was_does_not_matter(photo, mask):
    one, two = (random_poisson(each, mask, a_region(2), WHOLE)[mask > 0].astype(int) for each in (photo, photo + np.uint8(25)))
    assert np.abs(one - two).max() <= 1


def test_neighbours_change_alike_so_that_the_grain_stays(photo, mask):
    change = random_poisson(photo, mask, a_region(3, side=2), WHOLE).astype(int) - photo
    core = cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0
    both = core[:, 1:] & core[:, :-1]
    steps, grain = (np.diff(each.astype(int), axis=1)[both] for each in (change, photo))
    assert np.abs(change[core]).max() > 40
    assert np.abs(steps).mean() < np.abs(grain).mean() / 3


def test_a_large_foreground_is_changed_as_a_small_one(photo, mask):
    """Solved on a smaller picture and handed up."""
    times = 8
    assert times * WIDTH > 3 * LONGEST
    photo = cv2.GaussianBlur(photo, (0, 0), 3)
    large = [cv2.resize(each, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST) for each in (photo, mask)]
    small, result = random_poisson(photo, mask, a_region(4), WHOLE), random_poisson(*large, a_region(4), WHOLE)
    core = cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0
    again = cv2.resize(result, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    assert np.abs(again[core].astype(int) - small[core]).max() <= 6
    assert np.abs(small[core].astype(int) - photo[core]).max() > 30
    assert_array_equal(result[large[1] == 0], large[0][large[1] == 0])


def test_what_is_kept_of_a_region_is_the_foregrounds_alone(photo, mask):
    coloured = photo.copy()
    coloured[mask > 0] = (200, 30, 90)
    assert_array_equal(colours_by_place(coloured, mask).reshape(-1, 3), np.broadcast_to([200, 30, 90], (SIDE * SIDE, 3)))
    halves = coloured.copy()
    halves[:, 28:][mask[:, 28:] > 0] = (10, 30, 90)
    kept = colours_by_place(halves, mask).reshape(SIDE, SIDE, 3)
    assert (kept[SIDE // 2, 6, 0], kept[SIDE // 2, -7, 0]) == (200, 10)  # in the foreground
    assert kept[:, 0, 0].min() > 150 > 60 > kept[:, -1, 0].max()  # beside it


@pytest.mark.parametrize("place", [np.s_[:, :], np.s_[:20, :], np.s_[5:6, 7:8]], ids=["everywhere", "at the frame", "one pixel"])
def test_awkward_masks(photo, place):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[place] = 255
    result = random_poisson(photo, mask, a_region(5), WHOLE)
    assert_array_equal(result[mask == 0], photo[mask == 0])
    assert np.array_equal(result, photo) == bool(mask.all())


def test_drawn_parts_lie_in_the_region_and_can_be_written():
    drawn = [draw_random_poisson(np.random.default_rng(seed)) for seed in range(200)]
    assert all(0 <= each["left"] <= 1 - each["share"] and 0 <= each["top"] <= 1 - each["share"] for each in drawn)
    assert all(0.5 <= each["share"] <= 1 for each in drawn)
    assert {each["mirrored"] for each in drawn} == {True, False}
    assert json.loads(json.dumps(drawn)) == drawn
