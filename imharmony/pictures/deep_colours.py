"""Colours of 16 bits a channel under a profile of their own, changed as they are seen in sRGB, without a step through 8 bits.

Profiles of a matrix and curves (Display P3, Adobe RGB, ProPhoto RGB and most others) are computed here in floats. Others, of tables, are
left to the library below, which has 8 bits: a change under such a profile is as precise as these. sRGB goes below 0 and above 1 here, so
that colours which it does not have are not cut.
"""

import numpy as np

from imharmony.pictures.matrix_profiles import CURVE, MOST, Matrix, from_light, matrix_of, to_light
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.profiles import from_srgb
from imharmony.pictures.visible import STRIP_ROWS


def in_own_deep_colours(photograph: Photograph, seen: np.ndarray, harmonized: np.ndarray) -> np.ndarray:
    """The photograph's own 16 bits, uint16 (H, W, 3), with what changed from ``seen`` to ``harmonized``; the rest bit for bit as it came.

    ``seen`` is sRGB, uint8 (H, W, 3), ``harmonized`` the same or float32 in levels of 0 to 255. The change is added to the photograph's
    colours as they are in sRGB, so that what 8 bits do not show stays. Raises ``ValueError`` of a photograph that has no 16 bits.
    """
    if photograph.deep is None:
        raise ValueError("a photograph of 8 bits")
    own = photograph.deep.copy()
    for top in range(0, len(own), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        has_changed = (seen[rows] != harmonized[rows]).any(axis=2)
        if photograph.alpha is not None:
            has_changed &= photograph.alpha[rows] > 0
        if has_changed.any():
            before, after = seen[rows][has_changed], harmonized[rows][has_changed]
            own[rows][has_changed] = _changed(own[rows][has_changed], before, after, photograph)
    return own


def fine_srgb(photograph: Photograph) -> np.ndarray | None:
    """The colours as sRGB in levels of 0 to 255 that are not rounded, float32 (H, W, 3); None where only 8 bits are known.

    A method whose change depends on each pixel's own colour steps with the 256 levels that it sees: a gain of 1.3 leaves steps of a third
    of a level in a gradient of 16 bits. Where it is computed of these levels (and added to what was seen) there are none.
    """
    if photograph.deep is None:
        return None
    matrix = None if photograph.is_srgb or photograph.profile is None else matrix_of(photograph.profile)
    if matrix is None and not photograph.is_srgb:
        return None
    fine = np.empty(photograph.deep.shape, np.float32)
    for top in range(0, len(fine), STRIP_ROWS):
        own = photograph.deep[top : top + STRIP_ROWS]
        levels = own / np.float32(MOST) if matrix is None else from_light(_light(own.reshape(-1, 3), matrix)).reshape(own.shape)
        fine[top : top + STRIP_ROWS] = np.clip(levels, 0, 1) * 255
    return fine


def _light(own: np.ndarray, matrix: Matrix) -> np.ndarray:
    """The light of sRGB's channels, of own colours uint16 (N, 3)."""
    return np.stack([curve[own[:, channel]] for channel, curve in enumerate(matrix.curves)], axis=1) @ matrix.to_srgb.T


def _changed(own: np.ndarray, before: np.ndarray, after: np.ndarray, photograph: Photograph) -> np.ndarray:
    """Own colours, uint16 (N, 3), with the change between two colours in sRGB (N, 3)."""
    change = after.astype(np.float32) - before
    if photograph.is_srgb or photograph.profile is None:
        return _rounded(own + change * (MOST / 255))
    matrix = matrix_of(photograph.profile)
    if matrix is None:
        made = [from_srgb(np.ascontiguousarray(_bytes(each))[None], photograph.profile)[0] for each in (before, after)]
        return _rounded(own + (made[1].astype(np.float32) - made[0]) * (MOST / 255))
    wanted = to_light(from_light(_light(own, matrix)) + change / 255) @ np.linalg.inv(matrix.to_srgb).T
    steps = np.arange(CURVE)
    return _rounded(np.stack([np.interp(wanted[:, channel], curve, steps) for channel, curve in enumerate(matrix.curves)], axis=1))


def _rounded(levels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(levels), 0, MOST).astype(np.uint16)


def _bytes(levels: np.ndarray) -> np.ndarray:
    return levels if levels.dtype == np.uint8 else np.clip(np.rint(levels), 0, 255).astype(np.uint8)
