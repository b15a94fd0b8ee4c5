"""Lalonde & Efros 2007, "Using color compatibility for assessing image realism": the part that recolours a foreground.

A signature is a region's colours in short: the centres of its clusters in CIELAB and how many of 2,048 samples are in each.
"""

from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial.distance import cdist

from imharmony.baselines.region import recoloured
from imharmony.colour.integer_lab import LAB_ORIGIN, LAB_STEP, decode, encode, lab_from_pixels
from imharmony.transfer.blocks import blocks
from imharmony.transfer.idt import SAMPLE, idt_sample

CLUSTERS = 50
SIGMA = 50.0  # CIELAB units: how far a cluster may move, and how far its move is felt
STOP = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.01)  # of k-means: sweeps, and the last one's largest step


class Signature(NamedTuple):
    """Clusters of colours, none of them empty."""

    centres: np.ndarray  # float64 (K, 3), CIELAB
    counts: np.ndarray  # int64 (K,), SAMPLE in all


def lalonde_efros(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The composite with its foreground's colours moved as the earth mover moves its signature to the background's.

    float32 (H, W, 3) in [0, 255]. All pixels of a mask above 0 get the new colours; pixels outside are returned unchanged.
    """
    return recoloured(composite, mask, lambda pixels, own, other: _moved(pixels, signature(own), signature(other)))


def signature(pixels: np.ndarray) -> Signature:
    """The signature of a region uint8 (N, 3), whatever the order of its pixels.

    The samples lie along a Z-order curve, and k-means starts with equal stretches of it, so that nothing is left to chance.
    """
    sample = lab_from_pixels(idt_sample(pixels).reshape(-1, 3).astype(np.uint8)).astype(np.float32)
    start = (np.arange(SAMPLE) * CLUSTERS // SAMPLE).astype(np.int32)[:, None]  # labels of another shape are not written back
    _, labels, centres = cv2.kmeans(sample, CLUSTERS, start, STOP, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    counts = np.bincount(labels.ravel(), minlength=CLUSTERS)
    return Signature(centres[counts > 0].astype(np.float64), counts[counts > 0])


def flow(own: Signature, other: Signature) -> np.ndarray:
    """How many samples go from each cluster to each of the other's, whole numbers as float64 (K, L), with the least work in all."""
    leaving, arriving = (each.counts.astype(np.float32)[:, None] for each in (own, other))
    work = cdist(own.centres, other.centres).astype(np.float32)
    return cv2.EMD(leaving, arriving, cv2.DIST_USER, work)[2].astype(np.float64)


def _moved(pixels: np.ndarray, own: Signature, other: Signature) -> np.ndarray:
    """The pixels uint8 (N, 3), each moved as the nearer half of the clusters is, the nearest most.

    A cluster that would go ``SIGMA`` or farther in L, a or b has nothing like it in the background and is left out. Where
    none stays, nothing is moved.
    """
    shifts = flow(own, other) @ other.centres / own.counts[:, None] - own.centres
    near = (np.abs(shifts) < SIGMA).all(axis=1)
    if not near.any():
        return pixels
    centres, shifts = own.centres[near], shifts[near]
    return np.concatenate([_shifted(block, centres, shifts) for block in blocks(pixels)])


def _shifted(pixels: np.ndarray, centres: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    codes = encode(pixels)
    square = cdist(codes * LAB_STEP + LAB_ORIGIN, centres, "sqeuclidean")
    last = (len(centres) - 1) // 2
    is_near = square <= np.partition(square, last, axis=1)[:, last, None]
    weights = np.exp(np.divide(square, -2 * SIGMA**2, out=square), out=square)
    weights *= is_near
    return decode(codes + weights @ shifts / weights.sum(axis=1, keepdims=True) / LAB_STEP)
