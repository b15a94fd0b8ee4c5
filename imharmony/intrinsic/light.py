"""The light of a picture, fitted to its shading: S(n) = c + n . L, an ambient and one direction.

Normals are (H, W, 3) of length 1: x right, y up, z towards the camera; shading is (H, W) above 0.
"""

from dataclasses import dataclass

import numpy as np

ROUNDS = 3
HUBER = 1.345 * 1.4826  # of the median absolute residual: 95 % as good as least squares where errors are normal
BLOCK_PX = 8  # neighbours know each other, so whole blocks are held out
LEAST_PIXELS = 16  # in each half
LEAST_R2 = 0.2  # on held-out blocks: below it the fit says nothing about the direction
DARK, BRIGHT = 0.05, 0.95  # mean sRGB level between which a pixel tells of its light
RATIOS = (0.5, 2.0)
SINGULAR = 1e-10
FROM_ABOVE = 0.5  # of a light's strength across the picture, where nothing of the shading is explained
LEAST_LIGHT = 0.05  # of the ambient and the light's strength together: what a surface turned away still gets


@dataclass(frozen=True)
class Light:
    """A fitted light. ``vector`` points towards it and is as long as it is strong."""

    vector: np.ndarray  # float64 (3,)
    ambient: float
    r2: float  # of held-out pixels, at most 1; 0 where nothing could be held out
    is_trusted: bool

    def shading(self, normals: np.ndarray) -> np.ndarray:
        """What the light makes of surfaces with these normals, above 0."""
        strength = self.ambient + float(np.linalg.norm(self.vector))
        return np.maximum(self.ambient + normals.astype(np.float64) @ self.vector, max(LEAST_LIGHT * strength, 1e-9))


def well_exposed(photograph: np.ndarray) -> np.ndarray:
    """Which pixels (H, W) of a uint8 photograph are neither nearly black nor nearly white."""
    level = photograph.mean(axis=2) / 255
    return (level > DARK) & (level < BRIGHT)


def fit_light(normals: np.ndarray, shading: np.ndarray, valid: np.ndarray, paints: np.ndarray | None = None) -> Light:
    """The light that explains the shading of the valid pixels (H, W); an ambient alone where held-out pixels are not explained.

    With ``paints`` (see ``paints.paints_of``) each paint may be brighter or darker by a factor of its own.
    """
    r2 = held_out_r2(normals, shading, valid, paints) if valid.any() else 0.0
    if r2 < LEAST_R2:
        return Light(np.zeros(3), float(np.median(shading[valid] if valid.any() else shading)), r2, False)
    return _fitted(normals, shading, valid, paints, r2)


def likely_light(normals: np.ndarray, shading: np.ndarray, valid: np.ndarray, paints: np.ndarray | None = None) -> Light:
    """The same with a direction even where it is not to be trusted."""
    if not valid.any():
        return Light(np.zeros(3), float(np.median(shading)), 0.0, False)
    return _fitted(normals, shading, valid, paints, held_out_r2(normals, shading, valid, paints))


def _fitted(normals: np.ndarray, shading: np.ndarray, valid: np.ndarray, paints: np.ndarray | None, r2: float) -> Light:
    """The fit to all valid pixels, its direction the more from above the less is explained: light mostly comes from above.

    ``FROM_ABOVE`` and the choice of luminance as shading (``compositing.semi_harmonize``) were made on 1,037 scenes of the studio, on whose
    held-out ones they were judged; its lamps come from above more often than not, as the sun does.
    """
    *vector, ambient = first_order(normals[valid], evened(normals, shading, valid, paints)[valid])
    return Light(_turned_up(np.array(vector), FROM_ABOVE * (1 - max(r2, 0.0))), float(ambient), r2, r2 >= LEAST_R2)


def _turned_up(vector: np.ndarray, share: float) -> np.ndarray:
    """The vector with its direction across the picture turned towards (0, 1), which is added to it as this share of its length."""
    across = vector[:2]
    turned = across + np.array([0.0, share * float(np.linalg.norm(across))])
    length = float(np.linalg.norm(turned))
    if length == 0:
        return vector
    return np.append(turned * (np.linalg.norm(across) / length), vector[2])


def first_order(normals: np.ndarray, shading: np.ndarray) -> np.ndarray:
    """L and c, float64 (4,), of pixels (N, 3) and (N,): least squares, reweighted three times by Huber's rule; c is at least 0."""
    design = np.column_stack([normals.astype(np.float64), np.ones(len(normals))])
    wanted = shading.astype(np.float64)
    found = _reweighted(design, wanted)
    return found if found[3] >= 0 else np.append(_reweighted(design[:, :3], wanted), 0.0)


def evened(normals: np.ndarray, shading: np.ndarray, seen: np.ndarray, paints: np.ndarray | None) -> np.ndarray:
    """Shading (H, W) without the factors of the paints, which are 1 on average over the seen pixels that they are fitted to.

    The logarithm of the shading is fitted by n . L and a constant for each paint. A paint of which nothing is seen keeps its factor.
    """
    if paints is None:
        return shading
    names, own = np.unique(paints[seen], return_inverse=True)
    design = np.column_stack([normals[seen].astype(np.float64), np.eye(len(names))[own.ravel()]])
    levels = _reweighted(design, np.log(shading[seen].astype(np.float64)))[3:]
    levels -= levels[own.ravel()].mean()
    factor = np.ones(shading.shape)
    for name, level in zip(names, levels, strict=True):
        factor[paints == name] = np.exp(level)
    return shading / factor


def held_out_r2(normals: np.ndarray, shading: np.ndarray, valid: np.ndarray, paints: np.ndarray | None = None) -> float:
    """The share of the shading's variance that a fit to one half of a chessboard of blocks explains of the other, both ways."""
    down, across = np.indices(valid.shape) // BLOCK_PX
    halves = [valid & ((down + across) % 2 == parity) for parity in (0, 1)]
    if min(np.count_nonzero(half) for half in halves) < LEAST_PIXELS:
        return 0.0
    error = spread = 0.0
    for seen, unseen in (halves, halves[::-1]):
        even = evened(normals, shading, seen, paints).astype(np.float64)
        *vector, ambient = first_order(normals[seen], even[seen])
        error += float(np.square(even[unseen] - normals[unseen].astype(np.float64) @ np.array(vector) - ambient).sum())
        spread += float(np.square(even[unseen] - even[seen].mean()).sum())
    return max(1 - error / spread, -1.0) if spread > 1e-12 * max(error, 1.0) else 0.0


def relighting_ratio(normals: np.ndarray, own: Light, other: Light) -> np.ndarray:
    """By how much the shading of surfaces changes from one light to another, float64 (H, W) in [0.5, 2]."""
    return np.clip(other.shading(normals) / own.shading(normals), *RATIOS)


def _reweighted(design: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    weight = np.ones(len(wanted))
    found = np.zeros(design.shape[1])
    for _ in range(ROUNDS + 1):
        weighted = design * weight[:, None]
        # Four unknowns of millions of pixels. Normals that are all alike leave a singular matrix, and the shortest solution.
        found = np.linalg.lstsq(weighted.T @ design, weighted.T @ wanted, rcond=SINGULAR)[0]
        residual = np.abs(wanted - design @ found)
        limit = HUBER * float(np.median(residual))
        if limit <= 1e-12 * float(np.abs(wanted).max(initial=0.0)):
            break  # half of the pixels are explained exactly
        weight = limit / np.maximum(residual, limit)
    return found
