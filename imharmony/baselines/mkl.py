"""The foreground's mean and covariance made the background's by the linear map that moves its colours least."""

import numpy as np

from imharmony.baselines.region import recoloured
from imharmony.transfer.covariance import mkl as moved
from imharmony.transfer.covariance import rgb_covariance


def mkl(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's mean and covariance of RGB made the background's, float32 (H, W, 3) in [0, 255].

    Monge and Kantorovitch's linear map (Pitié & Kokaram 2007), with the same picture's background as the reference. All pixels
    of a mask above 0 get the new colours; pixels outside are returned unchanged.
    """
    return recoloured(composite, mask, lambda pixels, own, other: moved(pixels, rgb_covariance(own), rgb_covariance(other)))
