"""The Poisson solver: a residual of rounding, SciPy's sparse solver, and planes that come back from their gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import diags_array, eye_array, kron
from scipy.sparse.linalg import lsqr

from imharmony.intrinsic.poisson import divergence, integrate, laplacian, solve_poisson

sides = st.integers(1, 24)


@settings(max_examples=30, deadline=None)
@given(height=sides, width=sides, seed=st.integers(0, 99))
def test_the_laplacian_of_the_solution_is_the_source_without_its_mean(height, width, seed):
    source = np.random.default_rng(seed).normal(size=(height, width))
    residual = laplacian(solve_poisson(source)) - (source - source.mean())
    assert np.abs(residual).max() < 1e-8


def test_the_residual_stays_that_of_rounding_at_512_px():
    source = np.random.default_rng(0).normal(size=(512, 512))
    assert np.abs(laplacian(solve_poisson(source)) - (source - source.mean())).max() < 1e-8


@settings(max_examples=30, deadline=None)
@given(height=sides, width=sides, seed=st.integers(0, 99))
def test_a_plane_comes_back_from_its_gradients_but_for_its_mean(height, width, seed):
    plane = np.random.default_rng(seed).normal(size=(height, width))
    np.testing.assert_allclose(integrate(np.diff(plane, axis=1), np.diff(plane, axis=0)), plane - plane.mean(), atol=1e-9)


def test_a_cosine_is_divided_by_its_eigenvalue():
    wave = np.cos(np.pi * 3 * (np.arange(16) + 0.5) / 16)[None].repeat(5, axis=0)
    np.testing.assert_allclose(solve_poisson(wave), wave / (2 * np.cos(np.pi * 3 / 16) - 2), atol=1e-12)


def test_gradients_that_no_plane_has_are_met_in_the_sense_of_least_squares():
    rng = np.random.default_rng(2)
    across, down = rng.normal(size=(7, 8)), rng.normal(size=(6, 9))
    step = [diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n)) for n in (7, 9)]
    matrix = np.vstack([kron(eye_array(7), step[1]).toarray(), kron(step[0], eye_array(9)).toarray()])
    expected = lsqr(matrix, np.concatenate([across.ravel(), down.ravel()]), atol=1e-14, btol=1e-14)[0].reshape(7, 9)
    np.testing.assert_allclose(integrate(across, down), expected - expected.mean(), atol=1e-8)


def test_nothing_flows_through_the_frame():
    rng = np.random.default_rng(3)
    assert divergence(rng.normal(size=(6, 4)), rng.normal(size=(5, 5))).sum() == pytest.approx(0, abs=1e-12)
