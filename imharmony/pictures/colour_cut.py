"""A rough cut-out made to fit a photograph's colours: GrabCut (Rother, Kolmogorov & Blake 2004), begun where a network says what is what.

Mixtures of Gaussians are fitted to the colours of both sides, a cut through the picture follows its edges, and both in turn a few times.
"""

import cv2
import numpy as np

LONGER_PX = 400  # at which it is done: its time grows with the pixels
ROUNDS = 4
SURE = (0.05, 0.95)  # of the rough alpha: beyond these nothing is moved
SMALLEST_PART = 0.02  # of the largest connected one; smaller ones are dropped, and smaller holes are filled


def colour_cut(rough: np.ndarray, photo: np.ndarray, known: np.ndarray | None = None, *, level: float = 0.5) -> np.ndarray:
    """A mask, float32 (h, w) of 0 and 1 at most ``LONGER_PX`` long, of a rough alpha (any size) in [0, 1] of a photograph uint8 (H, W, 3).

    From ``level`` on the rough alpha is taken for the foreground. ``known``, uint8 (H, W), is 0 and 255 where it is not to be moved. Where
    one side has no colours to learn from, the mask is the rough alpha's own. The same arguments give the same mask.
    """
    height, width = photo.shape[:2]
    scale = min(1.0, LONGER_PX / max(height, width))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA) if scale < 1 else photo
    alpha = cv2.resize(rough.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    sides = np.where(alpha >= level, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    sides[alpha < SURE[0]], sides[alpha > SURE[1]] = cv2.GC_BGD, cv2.GC_FGD
    if known is not None:
        told = cv2.resize(known, size, interpolation=cv2.INTER_NEAREST)
        sides[told == 0], sides[told == 255] = cv2.GC_BGD, cv2.GC_FGD
    is_front = sides % 2 == 1
    if is_front.all() or not is_front.any():
        return is_front.astype(np.float32)
    cv2.setRNGSeed(0)  # OpenCV draws the mixtures' first means
    cv2.grabCut(np.ascontiguousarray(small), sides, None, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)  # pyright: ignore[reportCallIssue, reportArgumentType]
    mask = _without_specks(sides % 2 == 1)
    return (~_without_specks(~mask)).astype(np.float32)


def _without_specks(region: np.ndarray) -> np.ndarray:
    """A region (h, w) without its small connected parts."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
    if count <= 2:
        return region
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.isin(labels, 1 + np.flatnonzero(areas >= SMALLEST_PART * areas.max()))
