"""Reinhard's transfer of lightness alone, the luminance offsets of Dolhasz, Harvey & Williams 2020."""

import numpy as np

from imharmony.transfer.moments import LIGHTNESS, Moments, matched


def luminance(pixels: np.ndarray, own: Moments, reference: Moments) -> np.ndarray:
    """The region with the reference's mean and standard deviation in L; a and b stay, but where the gamut ends."""
    return matched(pixels, own, reference, channels=LIGHTNESS)
