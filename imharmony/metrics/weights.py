"""A mask as sums over a picture need it, looked at once for all of them.

Most pixels are all foreground or none of it, so that a sum over them needs no product; only the few at soft edges are weighed.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch

Part = tuple[slice, slice]  # rows and columns, each with its ends


@dataclass(frozen=True)
class Weights:
    """The weight of each pixel, (H, W)."""

    mask: np.ndarray  # the weights themselves
    opaque: np.ndarray  # uint8 (H, W), 1 where the weight is 1
    count: int  # of those
    rows: np.ndarray  # of the pixels whose weight is neither 0 nor 1, (N,)
    columns: np.ndarray
    places: np.ndarray  # of the same, counted row by row
    soft: np.ndarray  # the weights of those, float64 (N,)

    @staticmethod
    def of(mask: np.ndarray) -> "Weights":
        """Those of a mask (H, W) or (H, W, 1), float in [0, 1]."""
        plane = mask.reshape(mask.shape[:2])
        opaque = plane == 1
        count, weighing = int(np.count_nonzero(opaque)), cv2.countNonZero(plane)
        places = np.flatnonzero((plane != 0) & ~opaque) if weighing > count else np.empty(0, np.intp)
        rows, columns = np.divmod(places, mask.shape[1])
        soft = plane.take(places).astype(np.float64)
        return Weights(plane, opaque.view(np.uint8), count, rows, columns, places, soft)

    @cached_property
    def extent(self) -> Part:
        """The smallest part that has every pixel with a weight; the whole picture where none has."""
        return extent_of(self.mask != 0)

    @cached_property
    def area(self) -> float:
        """The sum of all weights."""
        return self.count + float(self.soft.sum())

    @cached_property
    def whole_px(self) -> int:
        """The area without its fraction, summed in single precision: sums of soft edges are often whole, and rounding decides which."""
        return int(torch.from_numpy(self.mask)[None].float().sum((1, 2)))

    @cached_property
    def outside(self) -> "Weights":
        """One minus each weight."""
        return Weights.of(1 - self.mask.astype(np.float64))

    def total(self, values: np.ndarray, part: Part) -> float:
        """The weighed sum of values (h, w, C), which are those of a part of the picture with every weight, in float64."""
        inside = self.opaque[part]
        hard = sum(cv2.mean(values, inside)[: values.shape[2]]) * self.count if self.count else 0.0
        if not len(self.soft):
            return hard
        edge = values[self.rows - part[0].start, self.columns - part[1].start]
        return hard + float(self.soft @ edge.sum(1, dtype=np.float64))


def extent_of(seen: np.ndarray) -> Part:
    """The smallest part of a picture with every True of a bool (H, W); all of it where there is none."""
    x, y, width, height = cv2.boundingRect(seen.view(np.uint8))
    if not width:
        return slice(0, seen.shape[0]), slice(0, seen.shape[1])
    return slice(y, y + height), slice(x, x + width)


def common(one: Part, other: Part) -> Part:
    """What two parts share."""
    rows, columns = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns
