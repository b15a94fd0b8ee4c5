"""How far a foreground's colours are from its own background's."""

from functools import lru_cache

import numpy as np
from scipy.spatial.distance import cdist

from imharmony.baselines.lalonde_efros import Signature, flow, signature
from imharmony.realism.regions import INSIDE, expect_regions


def earth_movers_distance(own: Signature, other: Signature) -> float:
    """The least mean way of a colour from one signature to the other, in CIELAB units: 0 for equal ones (Rubner et al. 2000)."""
    return float((flow(own, other) * cdist(own.centres, other.centres)).sum() / own.counts.sum())


def local_emd(picture: np.ndarray, mask: np.ndarray) -> float:
    """The earth mover's distance between the colours of foreground and background, 0 or more; lower is more realistic.

    uint8 (H, W, 3) and float (H, W) in [0, 1]; a pixel of a soft mask is of the region that it is mostly of. Where the pixels of a
    region lie plays no part.
    """
    expect_regions(picture, mask)
    inside = mask > INSIDE
    return earth_movers_distance(*(_signature(picture[region].tobytes()) for region in (inside, ~inside)))


@lru_cache(maxsize=8)  # a composite and its truth share a region
def _signature(pixels: bytes) -> Signature:
    return signature(np.frombuffer(pixels, np.uint8).reshape(-1, 3))
