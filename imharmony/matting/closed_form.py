"""Closed-form matting (Levin, Lischinski & Weiss 2008) as PyMatting computes it: the classical baseline, which learns nothing.

PyMatting (Germer et al. 2020) is in the extra ``matting``.
"""

from importlib.util import find_spec

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.estimators import ADVICE, LACKING, estimated_alpha
from imharmony.pictures.trimaps import UNKNOWN


def reason_without() -> str | None:
    """Why there is no closed form here, for a table's null; None if there is. Loads nothing."""
    return None if find_spec("pymatting") else f"{LACKING}; {ADVICE}"


def closed_form_alpha(picture: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    """The matte of a picture uint8 (H, W, 3), float64 (H, W) in [0, 1]; where the trimap uint8 (H, W) knows alpha it is the trimap's.

    A trimap without certain foreground, background or unknown pixel, and equations that are not solved in PyMatting's number of steps,
    raise an ``InputError``.
    """
    if (trimap != UNKNOWN).all():
        raise InputError(f"a trimap without a pixel of {UNKNOWN}; expected an unknown region to solve for; draw one around the edge")
    return estimated_alpha(picture, trimap, purpose="closed-form matting", otherwise="leave this baseline out")
