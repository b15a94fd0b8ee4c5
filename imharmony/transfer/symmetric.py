"""Symmetric 3 x 3 matrices in float64, the same bits on every machine: LAPACK's depend on its build.

Only +, *, / and square roots of single numbers, in a fixed order.
"""

import math

import numpy as np

SWEEPS = 30  # six are common
NEGLIGIBLE = 1e-16  # of an off-diagonal element, relative to the diagonal's


def eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (3,), largest first, and their eigenvectors as columns (3, 3), of a positive semidefinite matrix; Jacobi's method.

    The test for convergence is relative to the diagonal, so small eigenvalues of a graded matrix are as precise as large ones
    (Demmel & Veselić 1992). Values that rounding made negative are 0. The sign of a vector means nothing.
    """
    a = matrix.tolist()
    v = np.eye(3).tolist()
    for _ in range(SWEEPS):
        turned = [_annihilated(a, v, p, q) for p, q in ((0, 1), (0, 2), (1, 2))]
        if not any(turned):
            break
    values = [max(a[i][i], 0.0) for i in range(3)]
    order = sorted(range(3), key=lambda i: -values[i])
    return np.array([values[i] for i in order]), np.array([[row[i] for i in order] for row in v])


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The matrix product, summed in order."""
    return (a[:, :, None] * b[None]).sum(axis=1)


def composed(values: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The matrix of these eigenvalues and eigenvectors."""
    return product(axes * values, axes.T)


def _annihilated(a: list[list[float]], v: list[list[float]], p: int, q: int) -> bool:
    """Turns the plane (p, q) so that ``a[p][q]`` becomes 0, and collects the turn in ``v``; False where nothing was left to do."""
    if abs(a[p][q]) <= NEGLIGIBLE * math.sqrt(max(a[p][p], 0.0) * max(a[q][q], 0.0)):
        a[p][q] = a[q][p] = 0.0
        return False
    slope = (a[q][q] - a[p][p]) / (2 * a[p][q])
    tangent = math.copysign(1.0, slope) / (abs(slope) + math.sqrt(slope * slope + 1))
    cosine = 1 / math.sqrt(tangent * tangent + 1)
    sine = tangent * cosine
    other = 3 - p - q
    a[p][p] -= tangent * a[p][q]
    a[q][q] += tangent * a[p][q]
    a[p][q] = a[q][p] = 0.0
    x, y = a[other][p], a[other][q]
    a[other][p] = a[p][other] = cosine * x - sine * y
    a[other][q] = a[q][other] = sine * x + cosine * y
    for row in v:
        row[p], row[q] = cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]
    return True
