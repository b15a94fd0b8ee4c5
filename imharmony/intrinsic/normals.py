"""Normals of an object whose outline alone is known: the mask blown up like a balloon.

Normals are float32 (H, W, 3) of length 1: x right, y up, z towards the camera.
"""

import cv2
import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

SOLVED_PX = 200  # longest side of the mask's box that is solved directly; larger ones are solved at half their size first
EDGE = 0.5  # of the mask's largest value
SWEEPS, DAMPING = 24, 0.8  # of Jacobi's method
NEIGHBOURS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
FACING = np.array([0.0, 0.0, 1.0], np.float32)


def inflate(mask: np.ndarray) -> np.ndarray:
    """Normals that turn outward along the mask's edge; outside it, and on a mask without an edge, they face the camera.

    The height h over a mask (H, W) is the root of u, the solution of Poisson's equation with -4 inside and 0 on the edge: exact for
    a disc, whose balloon is the half of a sphere. Normals are those of h, (-h_x, -h_y, 1), times 2 h, which is finite at the edge
    too. At the frame an object is cut, not ended: no value is given there, and the normal derivative is 0.
    """
    inside = mask > EDGE * mask.max()
    normals = np.tile(FACING, (*mask.shape, 1))
    if not inside.any() or inside.all():
        return normals
    rows, columns = _box_with_border(inside)
    squared = _squared_height(inside[rows, columns])
    slope_down, slope_across = np.gradient(squared) if min(squared.shape) > 1 else _line_gradient(squared)
    vectors = np.stack([-slope_across, slope_down, 2 * np.sqrt(squared)], axis=-1)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found = np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), FACING)
    part = inside[rows, columns]
    normals[rows, columns][part] = found[part]
    return normals


def _box_with_border(inside: np.ndarray) -> tuple[slice, slice]:
    """The box of the mask and a pixel around it, where the picture has one."""
    x, y, width, height = cv2.boundingRect(inside.astype(np.uint8))
    return slice(max(y - 1, 0), min(y + height + 1, inside.shape[0])), slice(max(x - 1, 0), min(x + width + 1, inside.shape[1]))


def _line_gradient(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients down and across of a picture of one row or one column."""
    along = int(squared.shape[1] > 1)
    gradients = [np.zeros_like(squared), np.zeros_like(squared)]
    if squared.size > 1:
        gradients[along] = np.gradient(squared, axis=along)
    return gradients[0], gradients[1]


def _squared_height(inside: np.ndarray) -> np.ndarray:
    """The solution u in squared pixels, float64 (H, W), 0 outside.

    A large mask is solved at half its size. What that gets wrong lies along the edge, and a few sweeps at full size mend it.
    """
    if max(inside.shape) <= SOLVED_PX:
        return _solved(inside)
    height, width = inside.shape
    half = (width + 1) // 2, (height + 1) // 2
    share = cv2.resize(inside.astype(np.float32), half, interpolation=cv2.INTER_AREA)
    solid = share > EDGE
    if not solid.any():
        solid = share == share.max()  # a hair: its thickest part
    if solid.all():
        solid = share > share.min()  # a pinhole: where it is
    squared = 4 * cv2.resize(_squared_height(solid), (width, height), interpolation=cv2.INTER_LINEAR)
    for _ in range(SWEEPS):
        squared[~inside] = 0
        around = cv2.filter2D(squared, cv2.CV_64F, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE)  # nothing changes across the frame
        squared += DAMPING * (around + 1 - squared)
    return np.where(inside, np.maximum(squared, 0), 0)


def _solved(inside: np.ndarray) -> np.ndarray:
    index = np.full(inside.shape, -1)
    index[inside] = np.arange(np.count_nonzero(inside))
    pairs = [(index[:, :-1], index[:, 1:]), (index[:-1], index[1:])]
    diagonal = np.zeros(np.count_nonzero(inside))
    rows, columns = [np.arange(len(diagonal))], [np.arange(len(diagonal))]
    for one, other in pairs:
        for here, there in ((one, other), (other, one)):
            np.add.at(diagonal, here[here >= 0], 1)  # the frame is no neighbour; a pixel outside the mask is one, of height 0
            both = (here >= 0) & (there >= 0)
            rows.append(here[both])
            columns.append(there[both])
    values = np.concatenate([diagonal, np.full(sum(map(len, rows[1:])), -1.0)])
    matrix = csc_array((values, (np.concatenate(rows), np.concatenate(columns))), shape=(len(diagonal), len(diagonal)))
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    squared = np.zeros(inside.shape)
    squared[inside] = factors.solve(np.full(len(diagonal), 4.0))
    return squared
