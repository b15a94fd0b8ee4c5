"""Whether a mask is white where it should be black: objects seldom cover a photograph's border, and backgrounds seldom leave it.

Masks are uint8 (H, W), 255 = the pasted object. The two limits were chosen on drawn masks of objects and on the same inverted;
benchmarks/doctor.py measures both kinds of mistake.
"""

from typing import NamedTuple

import numpy as np

from imharmony.pictures.pairs import INSIDE

LEAST_AREA, LEAST_BORDER = 0.2, 0.65  # shares of the picture and of its border, from which on both together are a background's


class Coverage(NamedTuple):
    """Shares in [0, 1] that a mask covers."""

    area: float  # of the picture
    border: float  # of the pixels along its four sides

    @property
    def is_a_background(self) -> bool:
        """Whether this is much likelier of all around an object than of the object."""
        return self.area >= LEAST_AREA and self.border >= LEAST_BORDER


def coverage_of(mask: np.ndarray) -> Coverage:
    """What a mask (H, W) covers, soft pixels counted from half-way."""
    inside = mask >= INSIDE
    border = np.concatenate([inside[0], inside[-1], inside[1:-1, 0], inside[1:-1, -1]])
    return Coverage(float(inside.mean()), float(border.mean()))


def inverted_line(mask: np.ndarray, *, name: str) -> str | None:
    """What is said of a mask that is probably inverted; None of any other."""
    coverage = coverage_of(mask)
    if not coverage.is_a_background:
        return None
    return f"{name} covers the border and {100 * coverage.area:.0f} % of the picture: probably inverted"
