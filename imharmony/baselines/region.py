"""What a mask says about a composite, and a foreground recoloured by what is seen on both sides of its edge.

Composites are uint8 (H, W, 3), masks float32 (H, W) in [0, 1]. A mask is read relative to its largest value: a faint one means the same.
"""

from collections.abc import Callable

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.gathering import gathered, put_back

EDGE = 0.5  # of the mask's largest value: pixels above are measured as foreground, the others as background
FAINTEST = 5 / 255  # of the mask's largest value: a trace of foreground that does not count


def foreground_of(mask: np.ndarray) -> np.ndarray:
    """Which pixels are measured as foreground, bool (H, W): at least one, and not all."""
    inside = mask > EDGE * mask.max()
    if not inside.any() or inside.all():
        raise InputError("the mask is all black or all white; a baseline needs a foreground and a background; check the mask")
    return inside


def opacity_of(mask: np.ndarray) -> np.ndarray:
    """How much of each pixel is foreground, float64 (H, W): somewhere 1, and somewhere 0 even if no pixel of the mask is."""
    foreground_of(mask)
    whole = float(mask.max())
    nothing = max(float(mask.min()), FAINTEST * whole)
    return np.clip((mask.astype(np.float64) - nothing) / (whole - nothing), 0, 1)


def recoloured(composite: np.ndarray, mask: np.ndarray, recolour: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The composite with new colours wherever the mask is above 0, float32 (H, W, 3) in [0, 255].

    ``recolour`` gets the pixels to change, those that are foreground, and those that are background, each uint8 (N, 3), and
    returns the first ones' new levels. Where all that change are foreground, the first two are one array.
    """
    inside, touched = foreground_of(mask), mask > 0
    output, pixels = composite.astype(np.float32), gathered(composite, touched)
    own = pixels if (inside == touched).all() else gathered(composite, inside)
    put_back(output, touched, recolour(pixels, own, gathered(composite, ~inside)))
    return output
