"""Pérez, Gangnet & Blake 2003, "Poisson image editing": the foreground's gradients between the background's colours."""

import cv2
import numpy as np

from imharmony.baselines.multigrid import solved
from imharmony.baselines.region import opacity_of


def poisson(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground solved for, so that no seam is left, float32 (H, W, 3) in [0, 255].

    Where the mask is 0 the composite is returned unchanged and is the boundary; at the picture's frame there is none. The paper
    takes the foreground's gradients across its edge too, but what the pasted picture had beyond it is unknown: there the wanted
    gradient is 0. Where the mask is soft, gradients count by the less opaque of two pixels. What leaves the gamut is clipped.
    """
    opacity = opacity_of(mask)
    output = composite.astype(np.float32)
    box = _box_with_border(opacity)
    free, levels = opacity[box] > 0, composite[box].astype(np.float64)
    changed = np.clip(levels + solved(_unwanted(levels, opacity[box]), free), 0, 255)
    output[box][free] = changed[free]
    return output


def _box_with_border(opacity: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of what is free and a pixel around it, where the picture has one."""
    x, y, width, height = cv2.boundingRect((opacity > 0).astype(np.uint8))
    return slice(max(y - 1, 0), y + height + 1), slice(max(x - 1, 0), x + width + 1)


def _unwanted(levels: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """The laplacian of the change that leaves of each gradient its share that is wanted, (H, W, 3)."""
    flow = np.zeros_like(levels)
    for axis in (0, 1):
        first, last = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        gone = (1 - np.minimum(opacity[first], opacity[last]))[..., None] * np.diff(levels, axis=axis)
        flow[first] += gone
        flow[last] -= gone
    return flow
