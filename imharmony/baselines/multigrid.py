"""Poisson's equation on some of a picture's pixels, by conjugate gradients whose preconditioner is a multigrid cycle.

``laplacian`` is a pixel's differences to its neighbours, added up; what is beyond the frame is no neighbour. Fields are (H, W, 3) and 0
where a pixel is not ``free``, bool (H, W). After McAdams, Sifakis & Teran 2010, "A parallel multigrid Poisson solver for fluids simulation
on large grids": a coarse pixel is free if all are that it covers, so that what is thin is left to the finer grids.
"""

from typing import Protocol

import cv2
import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

DIRECT_PX = 32  # the shorter side of what is factored as it is
ENOUGH = 1e-4  # the largest step, in levels, after which no other is made
MOST_STEPS = 200  # a dozen is usual
DAMPING = 0.8  # of Jacobi's sweeps, two before and two after the coarser grid
DIFFERENCES = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float64)
SWEEP = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]) - DAMPING / 4 * DIFFERENCES


class _Solver(Protocol):
    def __call__(self, right: np.ndarray) -> np.ndarray: ...


def laplacian(field: np.ndarray) -> np.ndarray:
    """How far each pixel is above its neighbours, added up over them, of the field's type."""
    return cv2.filter2D(field, -1, DIFFERENCES, borderType=cv2.BORDER_REPLICATE)  # beyond the frame is what is at it: no difference


def solved(right: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The field, float64, whose ``laplacian`` is ``right`` where pixels are free, to about ``ENOUGH``; some pixel must not be free.

    A ``RuntimeError`` where ``MOST_STEPS`` are not enough.
    """
    right = np.ascontiguousarray(right * free[..., None], np.float64)
    precondition = _solver(free)
    if isinstance(precondition, _Factored):
        return precondition(right)
    found, inside = np.zeros_like(right), np.repeat(free[..., None], 3, axis=2)
    while (change := _approached(right - laplacian(found) * inside, inside.astype(np.float32), precondition)) is not None:
        found += change
    return found


def _approached(right: np.ndarray, inside: np.ndarray, precondition: _Solver) -> np.ndarray | None:
    """The field as near as float32 gets to it, by conjugate gradients; None where it is less than ``ENOUGH`` everywhere."""
    left = right.astype(np.float32)
    found, along, response = np.zeros((3, *left.shape), np.float32)
    share, before = 0.0, 1.0
    for step in range(MOST_STEPS):
        near = precondition(left)
        if max(-float(near.min()), float(near.max())) < ENOUGH:
            return found + near if step else None
        # The cycle is not quite symmetric, so a direction is kept apart from the one before as Polak & Ribière do.
        along *= -share * float(np.vdot(response, near)) / before
        along += near
        response = laplacian(along)
        response *= inside
        before = float(np.vdot(left, near))
        share = before / float(np.vdot(along, response))
        found += share * along
        left -= share * response
    raise RuntimeError(f"not solved in {MOST_STEPS} steps: {np.count_nonzero(inside) // 3} free pixels of {inside.shape[:2]}")


def _solver(free: np.ndarray) -> _Solver:
    return _Factored(free) if min(free.shape) <= DIRECT_PX else _Cycle(free)


class _Factored:
    """The solution itself, by the sparse factors of the matrix."""

    def __init__(self, free: np.ndarray) -> None:
        self._inside = free.ravel()
        index = np.arange(free.size).reshape(free.shape)
        one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
        other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
        signs, rows = np.repeat([1.0, -1.0], len(one)), np.tile(np.arange(len(one)), 2)
        gradient = csc_array((signs, (rows, np.concatenate([one, other]))), shape=(len(one), free.size))[:, self._inside]
        matrix = (gradient.T @ gradient).tocsc()
        options = {"SymmetricMode": True}
        self._factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options=options) if free.any() else None

    def __call__(self, right: np.ndarray) -> np.ndarray:
        found = np.zeros((self._inside.size, right.shape[2]), right.dtype)
        if self._factors is not None:
            found[self._inside] = self._factors.solve(right.reshape(found.shape)[self._inside].astype(np.float64))
        return found.reshape(right.shape)


class _Cycle:
    """About the solution, float32: sweeps on this grid, what they leave on a grid of half the size, and sweeps again."""

    def __init__(self, free: np.ndarray) -> None:
        self._inside = np.repeat(free[..., None], 3, axis=2).astype(np.float32)
        height, width = free.shape
        self._half = (width + 1) // 2, (height + 1) // 2
        covered = cv2.resize((~free).astype(np.float32), self._half, interpolation=cv2.INTER_AREA)
        self._coarser = _solver(covered == 0)

    def __call__(self, right: np.ndarray) -> np.ndarray:
        """Of ``right``, float32 (H, W, 3), 0 where nothing is free."""
        pull = right * np.float32(DAMPING / 4)
        found = self._swept(pull, pull)
        left = cv2.subtract(right, laplacian(found)) * self._inside
        below = self._coarser(4 * cv2.resize(left, self._half, interpolation=cv2.INTER_AREA))  # a difference spans two pixels there
        found += cv2.resize(below, right.shape[1::-1], interpolation=cv2.INTER_LINEAR) * self._inside
        return self._swept(self._swept(found, pull), pull)

    def _swept(self, field: np.ndarray, pull: np.ndarray) -> np.ndarray:
        swept = cv2.filter2D(field, -1, SWEEP, borderType=cv2.BORDER_REPLICATE)
        swept += pull
        swept *= self._inside
        return swept
