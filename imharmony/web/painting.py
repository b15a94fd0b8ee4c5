"""A mask as strokes of a brush, drawn at the photograph's full size however small the page showed it."""

from collections.abc import Sequence
from typing import Annotated

import cv2
import msgspec
import numpy as np
from msgspec import Meta

WIDER_PX = 0.65  # what OpenCV's smooth edge adds to a radius
SHIFT = 4  # binary digits behind the point of OpenCV's coordinates
MOST_STROKES = 5000
LARGEST_RADIUS_PX = 16_000  # about half of the widest line that OpenCV draws

Coordinate = Annotated[float, Meta(ge=-100_000, le=200_000)]


class Stroke(msgspec.Struct, forbid_unknown_fields=True):
    """One movement of the brush, in pixels of the photograph; (0, 0) is the left upper corner of its first pixel."""

    radius: Annotated[float, Meta(gt=0, le=LARGEST_RADIUS_PX)]
    points: Annotated[list[tuple[Coordinate, Coordinate]], Meta(min_length=1)]
    erase: bool = False


def painted(strokes: Sequence[Stroke], *, width: int, height: int, base: np.ndarray | None = None) -> np.ndarray:
    """The mask uint8 (H, W), 255 = painted, of strokes one after the other; on top of ``base`` (H, W) where there is one."""
    mask = np.zeros((height, width), np.uint8) if base is None else base.copy()
    for stroke in strokes:
        level = 0 if stroke.erase else 255
        radius = max(stroke.radius - WIDER_PX, 0.5)
        points = np.rint((np.array(stroke.points) - 0.5) * (1 << SHIFT)).astype(np.int32)
        if len(points) == 1:
            centre = int(points[0, 0]), int(points[0, 1])
            cv2.circle(mask, centre, round(radius * (1 << SHIFT)), level, cv2.FILLED, cv2.LINE_AA, SHIFT)
        else:
            cv2.polylines(mask, [points], False, level, max(2 * round(radius), 1), cv2.LINE_AA, SHIFT)
    return mask
