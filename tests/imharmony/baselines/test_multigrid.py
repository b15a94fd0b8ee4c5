"""Poisson's equation by multigrid, against fields that are known."""

import cv2
import numpy as np
import pytest

from imharmony.baselines import multigrid
from imharmony.baselines.multigrid import DIRECT_PX, laplacian, solved


def free_pixels(kind: str, size: tuple[int, int] = (97, 130)) -> np.ndarray:
    """Which pixels are free, bool (H, W)."""
    rng = np.random.default_rng(3)
    free = np.ones(size, bool)
    if kind == "all but one":
        free[40, 61] = False
    elif kind == "a disc":
        free = np.hypot(*(np.indices(size) - 48)) < 40
    elif kind == "blobs":
        free = cv2.GaussianBlur(rng.normal(size=size), (0, 0), 4) > -0.02
    elif kind == "scattered":
        free = rng.random(size) > 0.1
    else:
        free[1:, ::9] = False
    return free


KINDS = ("all but one", "a disc", "blobs", "scattered", "a comb")


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_is_found_again_from_its_laplacian(kind):
    free = free_pixels(kind)
    field = np.random.default_rng(0).uniform(-255, 255, (*free.shape, 3)) * free[..., None]
    np.testing.assert_allclose(solved(laplacian(field), free), field, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_multigrid_and_factors_agree(kind, monkeypatch):
    free = free_pixels(kind)
    right = np.random.default_rng(1).normal(0, 20, (*free.shape, 3))
    found = solved(right, free)
    monkeypatch.setattr(multigrid, "DIRECT_PX", 200)
    np.testing.assert_allclose(found, solved(right, free), atol=1e-3)


def test_a_laplacian_counts_no_neighbour_beyond_the_frame():
    field = np.array([[1.0, 5.0], [2.0, 9.0]])
    # The corners' two differences each: 1 - 5 + 1 - 2, 5 - 1 + 5 - 9, 2 - 1 + 2 - 9, 9 - 5 + 9 - 2.
    np.testing.assert_array_equal(laplacian(field), [[-5, 0], [-6, 11]])


def test_between_two_fixed_columns_a_source_makes_a_parabola():
    # -u'' = 1/16 and u = 0 at both ends: u = k (n - k) / 32.
    count = 4 * DIRECT_PX
    free = np.ones((50, count + 1), bool)
    free[:, [0, -1]] = False
    place = np.arange(count + 1)
    found = solved(np.full((*free.shape, 3), 1 / 16), free)
    np.testing.assert_allclose(found[..., 0], np.broadcast_to(place * (count - place) / 32, free.shape), atol=1e-3)


def test_what_is_not_solved_says_so(monkeypatch):
    monkeypatch.setattr(multigrid, "MOST_STEPS", 2)
    with pytest.raises(RuntimeError, match="not solved in 2 steps: 12609 free pixels"):
        solved(np.ones((97, 130, 3)), free_pixels("all but one"))
