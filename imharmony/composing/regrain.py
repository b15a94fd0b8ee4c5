"""The grain reducer of Pitié, Kokaram & Dahyot 2007: the colours of a graded picture with the gradients of its original.

Pictures are uint8 sRGB (H, W, 3); inside, levels are float64 in [0, 1] and planes come first.
"""

from typing import NamedTuple

import cv2
import numpy as np

SWEEPS = (4, 16, 32, 64, 64, 64)  # of Jacobi's method, from the full picture down; each level has half the size
SMALLEST = 20  # px; no level is this small
DAMPING = 1 / 5  # ρ: the share of its old value that a pixel keeps in a sweep


class _Neighbours(NamedTuple):
    """What each pixel takes from itself (H, W), from its right and left (H, W - 1), from below and above (H - 1, W)."""

    itself: np.ndarray
    right: np.ndarray
    left: np.ndarray
    below: np.ndarray
    above: np.ndarray


def regrain(original: np.ndarray, graded: np.ndarray, mask: np.ndarray | None = None, *, smoothness: float = 1.0) -> np.ndarray:
    """``graded`` with the grain of ``original``; where ``mask``, uint8 (H, W), is 0 the original, which then has no say inside.

    The change of colour is smoothed, less where the original has edges. ``smoothness`` 0 returns ``graded`` wherever the
    original is not flat.
    """
    inside = np.ones(original.shape[:2]) if mask is None else (mask > 0).astype(np.float64)
    photo = _planes(original)
    change = _smoothed(photo, (_planes(graded) - photo) * inside, inside, smoothness, level=0)
    levels = np.clip(np.rint((photo + change * inside) * 255), 0, 255)
    return np.ascontiguousarray(levels.transpose(1, 2, 0)).astype(np.uint8)


def _smoothed(photo: np.ndarray, change: np.ndarray, inside: np.ndarray, smoothness: float, *, level: int) -> np.ndarray:
    """The smoothed change (3, H, W), found at half the size first.

    The published code hands the coarse picture up, and starts the coarsest at the original; here the coarse change is handed
    up, which has no edges to blur, and starts at the graded picture, so a flat original is recoloured too.
    """
    height, width = ((size + 1) // 2 for size in inside.shape)
    start = change
    if level + 1 < len(SWEEPS) and min(height, width) > SMALLEST:
        share = _resized(inside, height, width)
        part = np.maximum(share, np.finfo(float).tiny)
        smaller = _smoothed(
            np.stack([_resized(each, height, width) for each in photo]),
            np.stack([_resized(each, height, width) / part for each in change]),
            (share > 0).astype(np.float64),
            smoothness,
            level=level + 1,
        )
        part = np.maximum(_resized((share > 0).astype(np.float64), *inside.shape), np.finfo(float).tiny)
        start = np.stack([_resized(each, *inside.shape) / part for each in smaller]) * inside
    return _relaxed(photo, change, start, inside, smoothness, level)


def _relaxed(photo: np.ndarray, change: np.ndarray, start: np.ndarray, inside: np.ndarray, smoothness: float, level: int) -> np.ndarray:
    padded = np.pad(photo, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across, down = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2], padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    gradient = np.sqrt((across * across + down * down).sum(axis=0))
    trust = np.minimum(256 * gradient / 5, 1)  # ψ
    stiffness = 30 / (1 + 10 * gradient / max(smoothness, np.finfo(float).eps)) * 2.0**-level  # φ
    weights, den = _neighbours(stiffness, inside, trust)
    wanted = change * (trust * (1 - DAMPING) / den)
    now = start
    for _ in range(SWEEPS[level]):
        after = wanted + weights.itself * now
        after[:, :, :-1] += weights.right * now[:, :, 1:]
        after[:, :, 1:] += weights.left * now[:, :, :-1]
        after[:, :-1] += weights.below * now[:, 1:]
        after[:, 1:] += weights.above * now[:, :-1]
        now = after
    return now


def _neighbours(stiffness: np.ndarray, inside: np.ndarray, trust: np.ndarray) -> tuple[_Neighbours, np.ndarray]:
    """The weights of a sweep, and what they were divided by. At the picture's border and the mask's a pixel is its own neighbour."""
    right = (stiffness[:, 1:] + stiffness[:, :-1]) / 2 * (inside[:, 1:] * inside[:, :-1])
    below = (stiffness[1:] + stiffness[:-1]) / 2 * (inside[1:] * inside[:-1])
    met, linked = np.zeros_like(stiffness), np.zeros_like(stiffness)
    for part, one, other in ((right, np.s_[:, :-1], np.s_[:, 1:]), (below, np.s_[:-1], np.s_[1:])):
        for side in (one, other):
            met[side] += part
            linked[side] += part > 0
    alone = (4 - linked) * stiffness
    den = trust + met + alone
    share = (1 - DAMPING) / den
    weights = _Neighbours(alone * share + DAMPING, right * share[:, :-1], right * share[:, 1:], below * share[:-1], below * share[1:])
    return weights, den


def _resized(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    smaller = height < plane.shape[0]
    return cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _planes(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)) / 255
