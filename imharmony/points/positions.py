"""Which pixels of a picture stand for its regions: decided by the mask alone, evenly, without chance.

Masks are uint8 (H, W), 255 = foreground. A position is y * W + x. Distances are in pixels of the mask.
"""

from typing import NamedTuple

import cv2
import numpy as np

SOLID, EMPTY = 250, 5  # of 255: soft borders belong to neither region
HALF = 128
RING_PX = (2.0, 14.0)  # outside the mask, in a picture of ``PLAIN_PX``
EDGE_PX = 3.0  # from the border to either point of a pair
PLAIN_PX = 256
NEAREST_PX = 1.5  # what smaller pictures' borders blur
WIDEST_PX = 4.5  # a ring reaches so far at least
GOLDEN = (5**0.5 - 1) / 2
FEWEST, MOST = 64, 256


class Counts(NamedTuple):
    """How many points are taken of the foreground, of the background, of the ring, and how many pairs across the border."""

    foreground: int
    background: int
    ring: int
    pairs: int


class Positions(NamedTuple):
    """int64 positions of each region. One without pixels has zeros, and ``known`` says so: bool (4,), in the order of ``Counts``."""

    foreground: np.ndarray
    background: np.ndarray
    ring: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    known: np.ndarray


def counts_for(size_px: int) -> Counts:
    """64 points of either region up to 45 px, 128 at 64 px, 256 from 91 px on; half as many of the ring and of pairs."""
    points = min(max(size_px**2 // 32, FEWEST), MOST)
    return Counts(points, points, points // 2, points // 2)


def positions_of(mask: np.ndarray, counts: Counts) -> Positions:
    """The points of a mask. Of a foreground that is nowhere solid the more opaque half of its range is taken."""
    solid = mask >= (SOLID if mask.max() >= SOLID else max(int(mask.max()) // 2, EMPTY + 1))
    regions = [np.flatnonzero(region) for region in (solid, mask <= EMPTY)]
    ring, inside, outside = _around(mask) if (mask >= HALF).any() and (mask < HALF).any() else (np.zeros(0, np.int64),) * 3
    taken = [spread(region, count) for region, count in zip((*regions, ring), counts, strict=False)]
    pairs = spread(np.arange(len(inside)), counts.pairs)
    both = [side[pairs] if len(inside) else pairs for side in (inside, outside)]
    return Positions._make([*taken, *both, np.array([len(region) > 0 for region in (*regions, ring, inside)])])


def spread(region: np.ndarray, count: int) -> np.ndarray:
    """``count`` entries of a region in steps of the golden ratio: any run of them is spread over all of it. Zeros of an empty one.

    Steps of equal length would meet the rows of a picture in stripes.
    """
    if len(region) == 0:
        return np.zeros(count, np.int64)
    return region[(np.arange(0.5, count) * GOLDEN % 1 * len(region)).astype(np.int64)]


def _around(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ring, and the two sides of the pairs: a pixel inside and its mirror image at the border."""
    height, width = mask.shape
    scale = (height * width) ** 0.5 / PLAIN_PX
    is_inside = (mask >= HALF).astype(np.uint8)
    depth, distance = (cv2.distanceTransform(side, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 0.5 for side in (is_inside, 1 - is_inside))
    near, far = max(NEAREST_PX, RING_PX[0] * scale), max(WIDEST_PX, RING_PX[1] * scale)
    ring = np.flatnonzero((distance >= near) & (distance <= far) & (mask <= EMPTY))
    reach = min(max(NEAREST_PX, EDGE_PX * scale), float(depth.max()))
    y, x = np.nonzero((np.abs(depth - reach) <= 0.75) & (is_inside > 0))
    signed = np.where(is_inside > 0, depth, -distance).astype(np.float32)
    slope_x, slope_y = (cv2.Sobel(signed, cv2.CV_32F, dx, 1 - dx, ksize=3)[y, x] for dx in (1, 0))
    length = np.maximum(np.hypot(slope_x, slope_y), 1e-6)
    other_x = np.rint(x - 2 * depth[y, x] * slope_x / length).astype(np.int64)
    other_y = np.rint(y - 2 * depth[y, x] * slope_y / length).astype(np.int64)
    is_there = (other_x >= 0) & (other_x < width) & (other_y >= 0) & (other_y < height)
    inside, outside = (y * width + x)[is_there], (other_y * width + other_x)[is_there]
    crosses = mask.ravel()[outside] < HALF
    return ring, inside[crosses], outside[crosses]
