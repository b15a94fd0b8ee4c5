"""Photographs that are transparent in parts, or under a colour profile of their own, through a method that knows opaque sRGB only.

Pixels whose alpha is 0 are hidden: their colours play no part, and are written as they came. Arrays are uint8 (H, W, 3) and (H, W).
"""

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.pairs import INSIDE
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.profiles import from_srgb

STRIP_ROWS = 256


def filled(rgb: np.ndarray, alpha: np.ndarray | None, region: np.ndarray, *, name: str) -> np.ndarray:
    """The sRGB picture as a method is to see it: hidden pixels have the mean of what is visible on their side of the region.

    Raises ``InputError`` where nothing of the region, or nothing around it, can be seen.
    """
    if alpha is None or alpha.min() > 0:
        return rgb
    seen, is_hidden, inside = rgb.copy(), alpha == 0, region >= INSIDE
    for side, what in ((inside, "to be changed"), (~inside, "to go by")):
        visible = side & ~is_hidden
        if not visible.any():
            came = f"nothing {what} is visible, all of it is transparent"
            raise InputError(f"{name}: {came}; expected some of it opaque; check photograph and mask")
        seen[side & is_hidden] = np.rint(rgb[visible].mean(axis=0)).astype(np.uint8)
    return seen


def in_own_colours(photograph: Photograph, seen: np.ndarray, harmonized: np.ndarray) -> np.ndarray:
    """The photograph's own colours with what changed from ``seen`` to ``harmonized``, both sRGB; the rest bit for bit as it came.

    Under another profile than sRGB's the change is taken between the two brought back to it, so that colours which sRGB does not have
    are not cut where the change is small.
    """
    if photograph.alpha is None and photograph.is_srgb:
        return harmonized
    own = photograph.colours.copy()
    for top in range(0, len(own), STRIP_ROWS):
        rows = slice(top, top + STRIP_ROWS)
        own[rows] = _changed_rows(photograph, own[rows], seen[rows], harmonized[rows], rows)
    return own


def _changed_rows(photograph: Photograph, own: np.ndarray, seen: np.ndarray, harmonized: np.ndarray, rows: slice) -> np.ndarray:
    has_changed = (seen != harmonized).any(axis=2)
    if photograph.alpha is not None:
        has_changed &= photograph.alpha[rows] > 0
    if not has_changed.any():
        return own
    made = harmonized
    if not photograph.is_srgb and photograph.profile is not None:
        before, after = (from_srgb(np.ascontiguousarray(each), photograph.profile).astype(np.int16) for each in (seen, harmonized))
        made = np.clip(own + (after - before), 0, 255).astype(np.uint8)
    return np.where(has_changed[..., None], made, own)
