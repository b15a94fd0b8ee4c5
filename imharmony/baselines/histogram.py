"""The foreground's histograms of R, G and B made the background's."""

import cv2
import numpy as np

from imharmony.baselines.region import foreground_of
from imharmony.transfer.histogram import masked_histogram, matched


def histogram(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's cumulative histograms made the background's, channel by channel, float32 (H, W, 3) in [0, 255].

    All pixels of a mask above 0 get the new levels; pixels outside are returned unchanged. A flat foreground takes the
    background's largest levels (see ``transfer.histogram``).
    """
    inside = foreground_of(mask).astype(np.uint8)
    composite = np.ascontiguousarray(composite)  # or each of OpenCV's calls makes it so
    own, other = (masked_histogram(composite, part) for part in (inside, 1 - inside))
    output = composite.copy()
    cv2.copyTo(matched(composite, own, other), (mask > 0).astype(np.uint8), output)
    return output.astype(np.float32)
