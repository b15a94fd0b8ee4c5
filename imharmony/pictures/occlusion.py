"""How much of a foreground's outline other objects of its photograph touch, and so may cut off.

COCO tells which pixels an object has, not which of two objects is in front: contact stands for occlusion, but with those that reach
around the foreground, which are behind it. Masks are uint8 (H, W), 1 = foreground.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import cv2
import numpy as np

from imharmony.pictures.masks import DegenerateSegmentationError, decode_segmentation, outline

REACH_PX = 3  # in rows and columns; outlines drawn by hand leave such gaps between objects that meet
AROUND = 0.9  # the share of a foreground's pixels from which on an instance's convex hull reaches around it

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are beyond it


@dataclass(frozen=True)
class Cutout:
    """A mask cut to its box, so that all those of a crowded photograph fit into memory at once."""

    mask: np.ndarray
    left: int
    top: int

    @classmethod
    def of(cls, mask: np.ndarray) -> Self:
        top, left, height, width = cv2.boundingRect(mask.T)  # transposed, as COCO's masks are stored; else it would be copied first
        return cls(mask[top : top + height, left : left + width].copy(), left, top)

    @cached_property
    def hull(self) -> "Cutout":
        """Its convex hull."""
        contours, _ = cv2.findContours(self.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        filled = cv2.fillConvexPoly(np.zeros_like(self.mask), cv2.convexHull(np.concatenate(contours)), 1)
        return Cutout(filled, self.left, self.top)

    def window(self, box: Box) -> np.ndarray:
        """What of the photograph's mask lies in a box."""
        left, top, right, bottom = box
        beyond = max(self.left - left, 0), max(self.top - top, 0)  # the box reaches beyond the mask by so much at its left and top
        part = self.mask[max(top - self.top, 0) : max(bottom - self.top, 0), max(left - self.left, 0) : max(right - self.left, 0)]
        result = np.zeros((bottom - top, right - left), np.uint8)
        result[beyond[1] : beyond[1] + part.shape[0], beyond[0] : beyond[0] + part.shape[1]] = part
        return result


def occlusion(foreground: Cutout, others: Iterable[Cutout], *, width: int, height: int) -> float:
    """The share of its outline, without the border of the photograph of this size, that is within ``REACH_PX`` of others.

    Others count where they are outside of it, so that what was drawn as a part of it, such as a tie, does not hide it. One whose
    convex hull holds it does not count: the table of a plate, the sofa of a cat.
    """
    rows, columns = foreground.mask.shape
    left, top = max(foreground.left - REACH_PX, 0), max(foreground.top - REACH_PX, 0)
    right, bottom = min(foreground.left + columns + REACH_PX, width), min(foreground.top + rows + REACH_PX, height)
    box = left, top, right, bottom
    own, near = foreground.window(box), np.zeros((bottom - top, right - left), np.uint8)
    around = AROUND * np.count_nonzero(own)
    for other in others:
        part = other.window(box)
        if part.any() and np.count_nonzero(other.hull.window(box) & own) < around:
            near |= part
    reached = cv2.dilate(near & ~own, np.ones((2 * REACH_PX + 1, 2 * REACH_PX + 1), np.uint8))
    inside = np.s_[int(top == 0) : height - 1 - top, int(left == 0) : width - 1 - left]
    free = outline(own)[inside]
    total = np.count_nonzero(free)
    return np.count_nonzero(free & reached[inside]) / total if total else 0.0


def occlusions(segmentations: Sequence[bytes], foregrounds: Sequence[int], *, width: int, height: int) -> list[float]:
    """``occlusion`` of these foregrounds among all instances of a photograph, of which a degenerate one hides nothing."""
    cutouts = [_cutout(segmentation, width=width, height=height) for segmentation in segmentations]
    pieces = {position: piece for position, piece in enumerate(cutouts) if piece}
    return [
        occlusion(pieces[one], (piece for position, piece in pieces.items() if position != one), width=width, height=height)
        for one in foregrounds
    ]


def _cutout(segmentation: bytes, *, width: int, height: int) -> Cutout | None:
    try:
        mask = decode_segmentation(segmentation, width=width, height=height)
    except DegenerateSegmentationError:
        return None
    return Cutout.of(mask) if mask.any() else None
