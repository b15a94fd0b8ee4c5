"""Eigenvalues of symmetric 3 x 3 matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.transfer.symmetric import composed, eigen, product


@pytest.mark.parametrize("seed", range(20))
def test_eigenvalues_agree_with_lapack_and_the_axes_are_orthonormal(seed):
    half = np.random.default_rng(seed).normal(size=(3, 3)) * [1, 10, 100]
    matrix = half @ half.T
    values, axes = eigen(matrix)
    assert_allclose(values, np.linalg.eigvalsh(matrix)[::-1], rtol=1e-9)
    assert_allclose(axes.T @ axes, np.eye(3), atol=1e-14)
    assert_allclose(composed(values, axes), matrix, rtol=1e-12, atol=1e-12 * values[0])


def test_a_matrix_worked_out_by_hand():
    values, axes = eigen(np.array([[2.0, 1, 0], [1, 2, 0], [0, 0, 5]]))
    assert_allclose(values, [5, 3, 1], rtol=1e-15)
    assert_allclose(np.abs(axes), [[0, 0.5**0.5, 0.5**0.5], [0, 0.5**0.5, 0.5**0.5], [1, 0, 0]], atol=1e-15)


def test_small_eigenvalues_of_a_graded_matrix_are_precise():
    scale = np.array([1e6, 1, 1e-6])
    values, _ = eigen(scale[:, None] * (np.eye(3) + 0.1) * scale)
    determinant = np.linalg.det(np.eye(3) + 0.1)
    assert values.prod() == pytest.approx(determinant, rel=1e-12)


def test_a_matrix_of_rank_one_has_two_eigenvalues_of_zero():
    values, _ = eigen(np.full((3, 3), 7.0))
    assert_allclose(values, [21, 0, 0], atol=1e-14)


def test_zero_has_the_unit_axes():
    values, axes = eigen(np.zeros((3, 3)))
    assert_array_equal(values, 0)
    assert_array_equal(axes, np.eye(3))


def test_the_product_is_the_matrix_product():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(3, 3)), rng.normal(size=(3, 2))
    assert_allclose(product(one, other), one @ other)
