"""The foreground's histograms of R, G and B made the background's."""

import numpy as np

from imharmony.baselines.region import recoloured
from imharmony.transfer.histogram import histogram as matched
from imharmony.transfer.histogram import rgb_histogram


def histogram(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's cumulative histograms made the background's, channel by channel, float32 (H, W, 3) in [0, 255].

    All pixels of a mask above 0 get the new levels; pixels outside are returned unchanged. A flat foreground takes the
    background's largest levels (see ``transfer.histogram``).
    """
    return recoloured(composite, mask, lambda pixels, own, other: matched(pixels, rgb_histogram(own), rgb_histogram(other)))
