"""Pérez, Gangnet & Blake 2003, "Poisson image editing": the foreground's gradients between the background's colours."""

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from imharmony.baselines.region import opacity_of


def poisson(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground solved for, so that no seam is left, float32 (H, W, 3) in [0, 255].

    Where the mask is 0 the composite is returned unchanged and is the boundary; at the picture's frame there is none. The paper
    takes the foreground's gradients across its edge too, but what the pasted picture had beyond it is unknown: there the wanted
    gradient is 0. Where the mask is soft, gradients count by the less opaque of two pixels. What leaves the gamut is clipped.
    """
    opacity = opacity_of(mask)
    free = opacity.ravel() > 0
    levels = composite.reshape(-1, 3).astype(np.float64)
    one, other = _neighbours(free.reshape(mask.shape))
    wanted = np.minimum(opacity.flat[one], opacity.flat[other])[:, None] * (levels[one] - levels[other])

    rows = np.arange(len(one))
    signs = np.repeat([1.0, -1.0], len(one))
    gradient = csc_array((signs, (np.tile(rows, 2), np.concatenate([one, other]))), shape=(len(one), free.size))
    inside, outside = gradient[:, free], gradient[:, ~free]
    laplacian = splu((inside.T @ inside).tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options={"SymmetricMode": True})
    levels[free] = np.clip(laplacian.solve(inside.T @ (wanted - outside @ levels[~free])), 0, 255)
    return levels.reshape(composite.shape).astype(np.float32)


def _neighbours(free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The indices of each pair of pixels side by side or one above the other of which at least one is free."""
    index = np.arange(free.size).reshape(free.shape)
    one = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    other = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    touching = free.flat[one] | free.flat[other]
    return one[touching], other[touching]
