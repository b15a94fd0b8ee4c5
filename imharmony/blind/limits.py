"""From which probability on a pixel counts as found: so high that few photographs as they are have any finding."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch

from imharmony.blind.detections import detect
from imharmony.blind.detector import Detector, Found, evidence
from imharmony.blind.labels import CLASSES
from imharmony.running.progress import track

LEAST_SHARE = Found().least_share
ALARMS = 0.1  # share of photographs as they are that may have one
HALVINGS = 12
STEP = 2.0**-HALVINGS


def what_is_found(detector: Detector, photographs: np.ndarray, *, device: torch.device) -> Found:
    """What counts as found, by photographs uint8 (N, S, S, 3), N >= 1, as they are: at most ``ALARMS`` of them have a finding.

    Of each class by itself as many would have one. Without that the class that is hardest to see would never be found.
    """
    looked = detect(detector, photographs, range(len(photographs)), device=device)
    chances = list(track(looked, total=len(photographs), what="limit", unit="photographs"))
    limits = [min(max(_limit([each[place] for each in chances]), STEP), 1 - STEP) for place in range(len(CLASSES))]
    dark, bright, colour = ((1 - limit) / limit for limit in limits)
    odds = dark, bright, colour
    even = [evidence(torch.from_numpy(each)[None], odds)[0].numpy().max(0) for each in chances]
    return Found(_limit(even), LEAST_SHARE, odds)


def _limit(chances: Sequence[np.ndarray]) -> float:
    """The least limit, to ``STEP``, at which at most ``ALARMS`` of the maps (H, W) have a finding."""
    strongest = sorted(map(strongest_finding, chances), reverse=True)
    return min(strongest[min(int(ALARMS * len(strongest)), len(strongest) - 1)] + STEP, 1.0)


def strongest_finding(probabilities: np.ndarray) -> float:
    """The largest limit at which a region of (H, W) that hangs together is ``LEAST_SHARE`` of it or more, to 2**-12; from below."""
    low, high = 0.0, 1.0
    least = max(LEAST_SHARE * probabilities.size, 1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        _, _, stats, _ = cv2.connectedComponentsWithStats((probabilities >= middle).astype(np.uint8), connectivity=8)
        is_found = bool((stats[1:, cv2.CC_STAT_AREA] >= least).any())
        low, high = (middle, high) if is_found else (low, middle)
    return low
