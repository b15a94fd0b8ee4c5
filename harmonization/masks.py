"""Masks of COCO annotations, and what is measured on them.

A mask is uint8 (H, W), 1 = foreground. A segmentation is COCO's json text: polygons, or run lengths (plain or compressed).
"""

from typing import Any, cast

import cv2
import msgspec
import numpy as np
from pycocotools import mask as coco_mask

SMALLEST_PART = 0.01  # of the mask's area; smaller connected parts do not count


class DegenerateSegmentationError(ValueError):
    """A segmentation that encloses nothing or does not fit its photograph."""


def decode_segmentation(segmentation: bytes, *, width: int, height: int) -> np.ndarray:
    """The mask of a segmentation, bit-identical to pycocotools' ``annToMask``; raises ``DegenerateSegmentationError``."""
    return coco_mask.decode(run_lengths(segmentation, width=width, height=height))


def run_lengths(segmentation: bytes, *, width: int, height: int) -> Any:
    """A segmentation as compressed run lengths of the photograph's size."""
    try:
        shape: Any = msgspec.json.decode(segmentation)
    except msgspec.DecodeError as error:
        raise DegenerateSegmentationError(f"not json: {error}") from error
    if isinstance(shape, list):
        _check_polygons(shape)
        return coco_mask.merge(coco_mask.frPyObjects(shape, height, width))
    if not isinstance(shape, dict) or "counts" not in shape or list(shape.get("size", [])) != [height, width]:
        size = shape.get("size") if isinstance(shape, dict) else shape
        raise DegenerateSegmentationError(f"run lengths of size {size}; expected [{height}, {width}]")
    counts: Any = shape["counts"]
    if isinstance(counts, str):
        return {"size": [height, width], "counts": counts.encode()}
    if sum(counts) != height * width:
        raise DegenerateSegmentationError(f"run lengths cover {sum(counts)} pixels; expected {height * width}")
    return coco_mask.frPyObjects(cast(Any, shape), height, width)


def foreground_ratio(mask: np.ndarray) -> float:
    """The share of pixels that are foreground."""
    return float(np.count_nonzero(mask)) / mask.size


def border_fraction(mask: np.ndarray) -> float:
    """The share of the mask's outline pixels that lie on the photograph's border: how much of it is cut off."""
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    outline = mask - inner
    total = np.count_nonzero(outline)
    inside = np.count_nonzero(outline[1:-1, 1:-1])
    return (total - inside) / total if total else 0.0


def part_count(mask: np.ndarray) -> int:
    """The number of 8-connected parts; parts under 1 % of the mask's area are specks and do not count."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int((areas >= SMALLEST_PART * areas.sum()).sum())


def _check_polygons(polygons: list[Any]) -> None:
    if not polygons:
        raise DegenerateSegmentationError("no polygon")
    for polygon in polygons:
        if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
            raise DegenerateSegmentationError("a polygon of fewer than three points or with half a point")
        if not np.isfinite(np.asarray(polygon, dtype=np.float64)).all():
            raise DegenerateSegmentationError("a polygon with a coordinate that is not a number")
