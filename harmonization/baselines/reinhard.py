"""The foreground's colours moved to the background's, the simplest harmonizer that does anything."""

import numpy as np

from harmonization.errors import InputError
from harmonization.transfer.moments import moments
from harmonization.transfer.reinhard_lab import reinhard_lab

EDGE = 0.5  # of the mask's largest value: pixels above are measured as foreground, the others as background


def reinhard(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's CIELAB mean and spread made the background's, float32 (H, W, 3) in [0, 255].

    Reinhard, Ashikhmin, Gooch & Shirley 2001, with the same picture's background as the reference. All pixels of a mask
    above 0 get the new colours; pixels outside are returned unchanged.
    """
    inside = mask > EDGE * mask.max()
    if not inside.any() or inside.all():
        raise InputError("the mask is all black or all white; Reinhard's transfer needs a foreground and a background; check the mask")
    touched = mask > 0
    output = composite.astype(np.float32)
    output[touched] = reinhard_lab(composite[touched], moments(composite[inside]), moments(composite[~inside]))
    return output
