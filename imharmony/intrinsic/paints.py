"""The few paints of an object, and its shading without what they make brighter or darker.

A mean over channels takes a white shirt for a bright light. Where colours fall into a few groups, each group's own factor can be fitted
together with the light.
"""

import cv2
import numpy as np

from imharmony.colour.spaces import lab_from_srgb

PAINTS = 5
LIGHTNESS_WEIGHT = 0.5  # lightness is light as well as paint
SAMPLE = 4096
STOP = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.1)
NOT_MEASURED = -1


def paints_of(photograph: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Which paint each valid pixel (H, W) of a uint8 photograph has, int (H, W): 0 up to 4, and -1 elsewhere.

    k-means of at most 4,096 evenly spaced pixels' CIELAB, lightness at half its weight, from a fixed start: equal parts of the order
    by lightness.
    """
    paints = np.where(valid, 0, NOT_MEASURED)
    if np.count_nonzero(valid) <= PAINTS:
        return paints  # too few to tell apart
    colours = (lab_from_srgb(photograph[valid] / 255) * [LIGHTNESS_WEIGHT, 1, 1]).astype(np.float32)
    sample = colours[np.linspace(0, len(colours) - 1, min(len(colours), SAMPLE)).astype(int)]
    start = np.empty((len(sample), 1), np.int32)
    start[np.argsort(sample[:, 0], kind="stable"), 0] = np.arange(len(sample)) * PAINTS // len(sample)
    _, _, centres = cv2.kmeans(sample, PAINTS, start, STOP, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    distances = np.stack([np.square(colours - centre).sum(axis=1) for centre in centres])
    paints[valid] = distances.argmin(axis=0)
    return paints
