"""A 64-bit hash of what a photograph shows, and the search for photographs with nearly the same one.

Re-encoding, resizing and a change of exposure or contrast move a few bits; two photographs of different things differ in about
half of them. Crops, mirror images and rotations are not recognised.
"""

from typing import NamedTuple

import cv2
import numpy as np

SIDE_PX = 32
RADIUS = 6  # bits
BLOCK = 256
BLANK = np.uint64(0)  # the hash of a picture without structure; it is near to nothing

# The 64 slowest waves of a 32 x 32 picture but for its mean: by the diagonal they lie on, then from top to bottom.
_WAVES = sorted(((down + across, down, across) for down in range(12) for across in range(12)), key=lambda wave: wave[:2])[1:65]
_DOWN, _ACROSS = (np.array([wave[axis] for wave in _WAVES]) for axis in (1, 2))
_BITS = np.uint64(1) << np.arange(64, dtype=np.uint64)
_FAINTEST = 16.0  # of a picture whose levels vary by a quarter of one


class NearPairs(NamedTuple):
    """Positions of the two photographs of each pair, and how many bits differ."""

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray


def perceptual_hash(rgb: np.ndarray) -> np.uint64:
    """The signs of a photograph's slow waves against their median (Zauner 2010); uint8 (H, W, 3)."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey.astype(np.float32), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    waves = cv2.dct(small)[_DOWN, _ACROSS]
    if np.linalg.norm(waves) < _FAINTEST:
        return BLANK
    return _BITS[waves > np.median(waves)].sum(dtype=np.uint64)


def near_pairs(hashes: np.ndarray, groups: np.ndarray, *, radius: int = RADIUS) -> NearPairs:
    """The pairs from different groups whose hashes (uint64) differ in at most ``radius`` bits; the first is of the lower group.

    Compares every pair across groups, in blocks that stay in the processor's cache.
    """
    near = [np.empty((3, 0), np.int64)]
    known = np.flatnonzero(hashes != BLANK)
    known = known[np.argsort(groups[known], kind="stable")]
    for start in range(0, len(known), BLOCK):
        rows = known[start : start + BLOCK]
        # Only what comes before the block can be of a lower group than its last member.
        for other in range(0, start + len(rows), BLOCK):
            columns = known[other : other + BLOCK]
            if groups[columns[0]] == groups[rows[-1]]:
                break
            distance = np.bitwise_count(hashes[columns][:, None] ^ hashes[rows])
            first, second = np.nonzero(distance <= radius)
            pairs = np.stack([columns[first], rows[second], distance[first, second]])
            near.append(pairs[:, groups[pairs[0]] < groups[pairs[1]]])
    return NearPairs(*np.concatenate(near, axis=1))
