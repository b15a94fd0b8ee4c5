"""What the global judge sees of a picture: histograms of the colours and the textons of its foreground and of its background."""

from typing import NamedTuple

import numpy as np

from imharmony.realism.histograms import Histogram, colour_labels, histogram_of
from imharmony.realism.regions import expect_regions, shares_of
from imharmony.realism.textons import texton_labels


class Description(NamedTuple):
    """Histograms of the two regions, a pixel of a soft mask counted in both by its shares."""

    foreground_colours: Histogram
    foreground_textons: Histogram
    background_colours: Histogram
    background_textons: Histogram


def described(picture: np.ndarray, mask: np.ndarray, *, bins: int, textons: np.ndarray) -> Description:
    """The description of uint8 (H, W, 3) under a mask, float (H, W) in [0, 1].

    Deviation: Lalonde & Efros's masks are hard; here a soft edge counts in both regions.
    """
    expect_regions(picture, mask)
    colours, kinds = colour_labels(picture, bins=bins), texton_labels(picture, textons)
    found = [histogram_of(labels, weights) for weights in shares_of(mask) for labels in (colours, kinds)]
    return Description(*found)
