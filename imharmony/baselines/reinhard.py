"""The foreground's colours moved to the background's, the simplest harmonizer that does anything."""

import numpy as np

from imharmony.baselines.region import recoloured
from imharmony.transfer.moments import moments
from imharmony.transfer.reinhard_lab import reinhard_lab


def reinhard(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's CIELAB mean and spread made the background's, float32 (H, W, 3) in [0, 255].

    Reinhard, Ashikhmin, Gooch & Shirley 2001, with the same picture's background as the reference. All pixels of a mask
    above 0 get the new colours; pixels outside are returned unchanged.
    """
    return recoloured(composite, mask, lambda pixels, own, other: reinhard_lab(pixels, moments(own), moments(other)))
