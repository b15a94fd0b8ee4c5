"""Masks of COCO annotations, and what is measured on them.

A mask is uint8 (H, W), 1 = foreground. A segmentation is COCO's json text: polygons, or run lengths (plain or compressed).
"""

from typing import Any

import cv2
import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from imharmony.pictures.opening import MOST_PIXELS

SMALLEST_PART = 0.01  # of the mask's area; smaller connected parts do not count
LONGEST_SIDE_PX = 65_535  # of a photograph whose annotations are drawn; pycocotools counts pixels in 32 bits and takes a byte for each
LONGEST_OUTLINE_PX = 1 << 23  # pycocotools keeps every step along it: 40 bytes a pixel


class DegenerateSegmentationError(ValueError):
    """A segmentation that encloses nothing or does not fit its photograph."""


def decode_segmentation(segmentation: bytes, *, width: int, height: int) -> np.ndarray:
    """The mask of a segmentation, bit-identical to pycocotools' ``annToMask``; raises ``DegenerateSegmentationError``."""
    if not has_sane_size(width, height):
        raise DegenerateSegmentationError(f"a photograph of {width}x{height} pixels; expected at most {MOST_PIXELS}")
    try:
        shape: Any = msgspec.json.decode(segmentation)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DegenerateSegmentationError(f"not json: {error}") from error
    if isinstance(shape, list):
        if shape and isinstance(shape[0], int | float):  # some tools write one polygon without the list around it
            shape = [shape]
        encoded: Any = coco_mask.frPyObjects(_polygons(shape, width=width, height=height), height, width)
        return coco_mask.decode(coco_mask.merge(encoded) if len(encoded) > 1 else encoded[0])
    plain: Any = {"size": [height, width], "counts": _run_lengths(shape, width=width, height=height)}
    return coco_mask.decode(coco_mask.frPyObjects(plain, height, width))


def has_sane_size(width: int, height: int) -> bool:
    """Whether a photograph of this size can have masks here."""
    return 1 <= width <= LONGEST_SIDE_PX and 1 <= height <= LONGEST_SIDE_PX and width * height <= MOST_PIXELS


def run_lengths(mask: np.ndarray) -> dict[str, list[int]]:
    """COCO's uncompressed run-length code of a boolean (H, W): lengths down the columns, zeros first."""
    flat = mask.ravel(order="F")
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate(([0], ends, [flat.size]))).tolist()
    return {"counts": [0, *lengths] if flat[0] else lengths, "size": list(mask.shape)}


def instance_of(mask: np.ndarray, *, category_id: int, category: str) -> dict[str, Any]:
    """The columns of ``instances.INSTANCES`` that a boolean mask (H, W) tells: box, area and run lengths as json."""
    box, (height, width) = cv2.boundingRect(mask.astype(np.uint8)), mask.shape  # zeros where the mask is empty
    return {
        "category_id": category_id,
        "category": category,
        "iscrowd": False,
        "area_px": float(np.count_nonzero(mask)),
        **{f"bbox_{side}": float(value) for side, value in zip(("x", "y", "width", "height"), box, strict=True)},
        "width": width,
        "height": height,
        "segmentation": msgspec.json.encode(run_lengths(mask)),
    }


def foreground_ratio(mask: np.ndarray) -> float:
    """The share of pixels that are foreground."""
    return float(np.count_nonzero(mask)) / mask.size


def border_fraction(mask: np.ndarray) -> float:
    """The share of the mask's outline pixels that lie on the photograph's border: how much of it is cut off."""
    edge = outline(mask)
    total = np.count_nonzero(edge)
    inside = np.count_nonzero(edge[1:-1, 1:-1])
    return (total - inside) / total if total else 0.0


def outline(mask: np.ndarray) -> np.ndarray:
    """The foreground pixels of which one of the eight neighbours is background or beyond the photograph."""
    return mask - cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)


def part_count(mask: np.ndarray) -> int:
    """The number of 8-connected parts; parts under 1 % of the mask's area are specks and do not count."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return int((areas >= SMALLEST_PART * areas.sum()).sum())


def _polygons(polygons: list[Any], *, width: int, height: int) -> Any:
    """The polygons as arrays of x and y in turn, which pycocotools takes as well as lists, and sooner.

    Specks of one or two points stand last: pycocotools takes what stands first for the kind of all, and four numbers for a box.
    """
    arrays, specks = [], []
    area = length = 0.0
    for polygon in polygons:
        if not isinstance(polygon, list) or len(polygon) % 2:
            raise DegenerateSegmentationError("a polygon that is no list of points or has half a point")
        if not polygon:
            continue
        points = _numbers(polygon)
        x, y = points[::2], points[1::2]
        # pycocotools walks along each edge: a far point would cost gigabytes, or overflow its integers.
        if x.min() < -width or x.max() > 2 * width or y.min() < -height or y.max() > 2 * height:
            raise DegenerateSegmentationError("a polygon with a point far outside the photograph")
        length += np.maximum(abs(np.diff(x, append=x[0])), abs(np.diff(y, append=y[0]))).sum()
        area += abs(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])
        (arrays if len(points) >= 6 else specks).append(points)
    if not arrays:
        raise DegenerateSegmentationError("no polygon of three points or more")
    if area == 0:
        raise DegenerateSegmentationError("no polygon, or polygons without area")
    if length > LONGEST_OUTLINE_PX:
        raise DegenerateSegmentationError(f"polygons of {length:.0f} pixels around; expected at most {LONGEST_OUTLINE_PX}")
    return arrays + specks


def _run_lengths(shape: object, *, width: int, height: int) -> list[int]:
    """The counts of a run-length encoded mask; pycocotools itself would read beyond its memory where they do not fit."""
    if not isinstance(shape, dict) or shape.get("size") != [height, width]:
        size = shape.get("size") if isinstance(shape, dict) else shape
        raise DegenerateSegmentationError(f"run lengths of size {size}; expected [{height}, {width}]")
    counts = shape.get("counts")
    numbers = _uncompressed(counts) if isinstance(counts, str) else _numbers(counts)
    if (numbers < 0).any() or (numbers % 1).any() or numbers.sum() != width * height:
        raise DegenerateSegmentationError(f"run lengths cover {numbers.sum()} pixels; expected {width * height}")
    return numbers.astype(np.int64).tolist()


def _uncompressed(text: str) -> np.ndarray:
    """Counts of COCO's text encoding: five bits a letter, lowest first, and from the fourth count on the difference to the last but one."""
    counts: list[int] = []
    value = shift = 0
    for letter in text.encode():
        bits = letter - 48
        if not 0 <= bits < 64 or shift > 60:
            raise DegenerateSegmentationError(f"run lengths with a letter or a count that is not COCO's: {text[:20]!r}")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise DegenerateSegmentationError("run lengths that end in the middle of a count")
    return np.array(counts, np.float64)


def _numbers(values: object) -> np.ndarray:
    try:
        numbers = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DegenerateSegmentationError(f"a coordinate or count that is not a number ({error})") from error
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise DegenerateSegmentationError("a coordinate or count that is not a finite number")
    return numbers
