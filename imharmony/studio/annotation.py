"""COCO's annotation of an instance: polygons, run lengths, box and area.

Pixel coordinates as COCO uses them: pixel (column, row) covers [column, column + 1).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from imharmony.pictures.masks import run_lengths

SMALLEST_PX = 12  # a smaller visible mask is not annotated
_FINE = 4  # outlines are traced on a grid this much finer than the pixels
_THRESHOLD = 0.46  # of alpha, on the fine grid; see _polygons
_TOLERANCE = 0.7  # of the simplified outline, in fine pixels
_HOLE_PX = 1.5  # smaller holes are filled
_CRUMB_PX, _CRUMB_SHARE = 4.0, 0.01  # smaller fragments are left out, as a human annotator leaves them out

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Outline:
    """What COCO's json says of an instance."""

    segmentation: list[list[float]] | dict[str, list[int]]
    area: float
    bbox: Box


def outline(alpha: np.ndarray, *, iscrowd: bool) -> Outline | None:
    """The annotation of ``alpha`` > 0.5, shape (H, W): polygons, or run lengths of a crowd; None below ``SMALLEST_PX`` pixels."""
    mask = alpha > 0.5
    area = int(np.count_nonzero(mask))
    if area < SMALLEST_PX:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))
    if iscrowd:
        return Outline(run_lengths(mask), float(area), tuple(map(float, box)))  # pyright: ignore[reportArgumentType]
    polygons = _polygons(alpha, box)
    points = np.concatenate(polygons)
    low, high = points.min(axis=0), points.max(axis=0)
    bbox = tuple(round(float(value), 2) for value in (*low, *(high - low)))
    return Outline([polygon.ravel().tolist() for polygon in polygons], float(area), bbox)  # pyright: ignore[reportArgumentType]


def _polygons(alpha: np.ndarray, box: tuple[int, int, int, int]) -> list[np.ndarray]:
    """Outlines of the parts, float64 (n, 2) each in eighths of a pixel, the largest first."""
    left, top, width, height = box
    x0, y0 = max(left - 1, 0), max(top - 1, 0)
    piece = alpha[y0 : top + height + 1, x0 : left + width + 1]
    padded = cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    fine = cv2.resize(padded, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_LINEAR)
    # A contour runs through the centres of its outermost fine pixels, half of one inside the edge: hence below 0.5.
    inside = (fine > _THRESHOLD).astype(np.uint8)
    contours, hierarchy = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    parents: list[int] = hierarchy[0, :, 3].tolist()
    sizes = {index: cv2.contourArea(contours[index]) / _FINE**2 for index, parent in enumerate(parents) if parent == -1}
    order = sorted(sizes, key=lambda index: -sizes[index])
    least = max(_CRUMB_PX, _CRUMB_SHARE * sizes[order[0]])
    kept = [index for index in order if sizes[index] >= least] or order[:1]
    holes = [[contours[k] for k, parent in enumerate(parents) if parent == index] for index in kept]
    polygons = [_with_holes(contours[index], within) for index, within in zip(kept, holes, strict=True)]
    shift = np.array([x0 - 1, y0 - 1])
    limit = np.array(alpha.shape[::-1])
    return [np.clip((polygon + 0.5) / _FINE + shift, 0, limit) for polygon in polygons]


def _with_holes(contour: np.ndarray, holes: list[np.ndarray]) -> np.ndarray:
    """One polygon, its holes reached through cuts of no width, because COCO's polygons have none."""
    polygon = _simplified(contour)
    for hole in sorted(holes, key=lambda h: -cv2.contourArea(h)):
        if cv2.contourArea(hole) < _HOLE_PX * _FINE**2:
            break
        inner = _simplified(hole)
        gap = np.square(polygon[:, None] - inner[None]).sum(axis=2)
        at, start = np.unravel_index(int(gap.argmin()), gap.shape)
        loop = np.roll(inner, -int(start), axis=0)
        polygon = np.concatenate([polygon[: at + 1], loop, loop[:1], polygon[at:]])
    return polygon


def _simplified(contour: np.ndarray) -> np.ndarray:
    points = cv2.approxPolyDP(contour, _TOLERANCE, closed=True)[:, 0]
    if len(points) < 3:  # a sliver: its box
        x, y, width, height = cv2.boundingRect(contour)
        points = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    return points.astype(np.float64)
