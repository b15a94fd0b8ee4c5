"""Reinhard, Ashikhmin, Gooch & Shirley 2001, "Color transfer between images", in CIELAB."""

import numpy as np

from imharmony.transfer.moments import Moments, matched

CHANNELS = (True, True, True)


def reinhard_lab(pixels: np.ndarray, own: Moments, reference: Moments) -> np.ndarray:
    """The region with the reference's mean and standard deviation in L, a and b.

    The paper works in lαβ, whose logarithm has no value for black; CIELAB has one everywhere. A gain is at most
    ``moments.MAX_GAIN``; what leaves the gamut is clipped, so the result's own moments may fall short of the reference's.
    """
    return matched(pixels, own, reference, channels=CHANNELS)
