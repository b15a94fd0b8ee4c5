"""A mask as sums over a picture need it, looked at once for all of them.

Most pixels are all foreground or none of it, so that a sum over them needs no product; only the few at soft edges are weighed.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

Part = tuple[slice, slice]  # rows and columns, each with its ends
_NOWHERE, _NOTHING = np.empty(0, np.intp), np.empty(0)


@dataclass(eq=False)
class Shares:
    """How much each pixel of a picture counts."""

    opaque: np.ndarray  # uint8 (H, W), 1 where the weight is 1
    count: int  # of those
    places: np.ndarray  # of the pixels whose weight is neither 0 nor 1, counted row by row, (N,)
    soft: np.ndarray  # the weights of those, float64 (N,)
    extent: Part  # of the picture, which has every pixel with a weight

    @cached_property
    def area(self) -> float:
        """The sum of all weights."""
        return self.count + float(self.soft.sum()) if len(self.soft) else float(self.count)


class Weights(Shares):
    """A mask's."""

    def __init__(self, mask: np.ndarray) -> None:
        """``mask`` is (H, W), float in [0, 1]."""
        self.mask = mask
        opaque, weighing = mask == 1, mask != 0
        self.opaque, self._weighing = opaque.view(np.uint8), weighing.view(np.uint8)
        self.count = cv2.countNonZero(self.opaque)
        is_hard = cv2.countNonZero(self._weighing) == self.count
        self.places = _NOWHERE if is_hard else np.flatnonzero(opaque ^ weighing)
        self.soft = _NOTHING if is_hard else mask.take(self.places).astype(np.float64)

    @staticmethod
    def of(mask: np.ndarray) -> "Weights":
        """Those of a mask (H, W) or (H, W, 1), float in [0, 1]."""
        return Weights(mask if mask.ndim == 2 else mask.reshape(mask.shape[:2]))

    @cached_property
    def extent(self) -> Part:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The smallest part that has every pixel with a weight; the whole picture where none has."""
        return extent_of(self._weighing)

    @cached_property
    def whole_px(self) -> int:
        """The area without its fraction, summed in single precision: sums of soft edges are often whole, and rounding decides which."""
        import torch  # as for ``pictures``

        return int(torch.from_numpy(self.mask)[None].float().sum((1, 2)))

    @cached_property
    def outside(self) -> Shares:
        """One minus each weight."""
        height, width = self.mask.shape
        bare = self._weighing ^ 1
        count = height * width - self.count - len(self.places)
        return Shares(bare, count, self.places, 1 - self.soft, (slice(0, height), slice(0, width)))

    @cached_property
    def _plane(self) -> np.ndarray:
        """The extent's weights for three channels, float32 (h, 3 w)."""
        return self.mask[self.extent].astype(np.float32).repeat(3, axis=1)

    def total(self, values: np.ndarray, part: Part) -> float:
        """The weighed sum of values, float32 (h, w, 3), which are those of a part of the picture with every weight.

        A row's products are summed in float32, the rows in float64.
        """
        if not self.area:
            return 0.0
        first, columns = within(self.extent, part)
        rows = values.reshape(len(values), -1)[first, 3 * columns.start : 3 * columns.stop]
        return float(np.einsum("ij,ij->i", rows, self._plane).sum(dtype=np.float64))


def extent_of(seen: np.ndarray) -> Part:
    """The smallest part of a picture with every 1 of a uint8 (H, W); all of it where there is none."""
    x, y, width, height = cv2.boundingRect(seen)
    if not width:
        return slice(0, seen.shape[0]), slice(0, seen.shape[1])
    return slice(y, y + height), slice(x, x + width)


def common(one: Part, other: Part) -> Part:
    """What two parts share."""
    (rows, columns), (other_rows, other_columns) = one, other
    return (
        slice(max(rows.start, other_rows.start), min(rows.stop, other_rows.stop)),
        slice(max(columns.start, other_columns.start), min(columns.stop, other_columns.stop)),
    )


def within(inner: Part, outer: Part) -> Part:
    """A part as seen from one that holds it."""
    (rows, columns), (top, left) = inner, (outer[0].start, outer[1].start)
    return slice(rows.start - top, max(rows.stop, rows.start) - top), slice(columns.start - left, max(columns.stop, columns.start) - left)
