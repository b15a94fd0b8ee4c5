"""A picture's foreground and background, as all judges of realism take them.

Pictures are uint8 (H, W, 3), masks float (H, W) in [0, 1], 1 = foreground; soft values are shares of a pixel.
"""

import numpy as np

from imharmony.errors import InputError

INSIDE = 0.5  # where a pixel must be one or the other


def expect_regions(picture: np.ndarray, mask: np.ndarray) -> None:
    """Raises an ``InputError`` unless the mask has the picture's size and a pixel that is mostly foreground, and one that is not."""
    if picture.shape[:2] != mask.shape:
        came, wanted = (f"{shape[1]}x{shape[0]}" for shape in (mask.shape, picture.shape))
        raise InputError(f"the mask is {came} pixels; expected the picture's {wanted}; save it at that size")
    inside = mask > INSIDE
    if not inside.any() or inside.all():
        came = "empty" if not inside.any() else "full"
        raise InputError(f"the mask is {came}: realism compares a foreground with a background; expected some of both; check the mask")


def shares_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel is foreground and how much background, float64 (H * W,) each."""
    foreground = mask.astype(np.float64).ravel()
    return foreground, 1 - foreground
