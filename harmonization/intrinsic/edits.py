"""Edits of an albedo with few parameters, in a fixed order, and how they are fitted to another albedo without chance.

White balance, a curve of 8 segments for each channel, saturation, exposure: the edits of Careaga, Miangoleh and Aksoy 2023 ("Intrinsic
harmonization for illumination-aware compositing"), who draw their order anew each time and let a network choose the parameters. Here
the order is fixed and the parameters are moments. Albedos are linear (N, 3).
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import lsq_linear

SEGMENTS = 8
GAINS = (0.5, 2.0)  # of white balance, the curve's slopes, saturation and exposure
DARKEST_ALBEDO = 1e-3
RIDGE = 0.03  # of a segment that few pixels lie in, towards the slope 1
QUANTILES = np.linspace(0.01, 0.99, 50)


@dataclass(frozen=True)
class AlbedoEdit:
    """What is done to an albedo, in the order of the fields; without arguments nothing is, bit for bit."""

    white_balance: np.ndarray = field(default_factory=lambda: np.ones(3))  # (3,) gains
    curve: np.ndarray = field(default_factory=lambda: np.ones((3, SEGMENTS)))  # (3, 8) slopes over [0, 1]; beyond 1 the slope is 1
    saturation: float = 1.0
    exposure: float = 1.0

    def __call__(self, albedo: np.ndarray) -> np.ndarray:
        """The edited albedo, float64 (..., 3), at least 0; it may exceed 1."""
        edited = albedo.astype(np.float64) * self.white_balance
        edited = _bent(edited, self.curve)
        return np.maximum(_saturated(edited, self.saturation), 0) * self.exposure


def fit_edit(own: np.ndarray, other: np.ndarray, *, strength: float) -> AlbedoEdit:
    """The edit that moves an albedo (N, 3) towards another (M, 3): all the way with strength 1, not at all with 0.

    White balance moves the mean of the logarithm of each channel over the grey; the curve moves the spread of the logarithm of the
    grey; saturation the mean distance from the grey; exposure the mean of the logarithm of the grey. Each is fitted to what the ones
    before it leave, and each gain is kept within 0.5 .. 2.
    """
    white_balance = _bounded(np.exp(strength * (_tint(other) - _tint(own))))
    balanced = own * white_balance
    curve = _fitted_curve(balanced, other, strength)
    bent = _bent(balanced, curve)
    saturation = _gain(_chroma(bent), _chroma(other), strength)
    saturated = np.maximum(_saturated(bent, saturation), 0)
    before, wanted = _log_grey(own).mean(), _log_grey(other).mean()
    goal = before + strength * (wanted - before)
    exposure = 1.0 if goal == before and _is_nothing(white_balance, curve, saturation) else math.exp(goal - _log_grey(saturated).mean())
    return AlbedoEdit(white_balance, curve, saturation, float(_bounded(exposure)))


def _fitted_curve(own: np.ndarray, other: np.ndarray, strength: float) -> np.ndarray:
    """Slopes (3, 8), the same for each channel, nearest to the power law that moves the spread of the logarithm of the grey."""
    logs = _log_grey(own)
    power = _gain(float(logs.std()), float(_log_grey(other).std()), strength)
    if power == 1:
        return np.ones((3, SEGMENTS))
    levels = np.quantile(np.exp(logs), QUANTILES)
    middle = math.exp(float(logs.mean()))
    wanted = middle * (levels / middle) ** power
    # Only the curve's shape is wanted: its level is the exposure's, so the middle stays where the bounded slopes put it.
    design = _portions(levels)
    ridge = RIDGE * np.eye(SEGMENTS)
    found = lsq_linear(np.vstack([design, ridge]), np.concatenate([wanted, np.full(SEGMENTS, RIDGE)]), bounds=GAINS).x
    return np.tile(found, (3, 1))


def _bent(albedo: np.ndarray, curve: np.ndarray) -> np.ndarray:
    if (curve == 1).all():
        return albedo
    knots = np.arange(SEGMENTS + 1) / SEGMENTS
    channels = [
        np.interp(levels, knots, np.append(0, slopes.cumsum() / SEGMENTS)) + np.maximum(levels - 1, 0)
        for levels, slopes in zip(np.moveaxis(albedo, -1, 0), curve, strict=True)
    ]
    return np.stack(channels, axis=-1)


def _portions(levels: np.ndarray) -> np.ndarray:
    """How much of each level (N,) lies in each segment, (N, 8): the curve is linear in its slopes."""
    return np.clip(levels[..., None] - np.arange(SEGMENTS) / SEGMENTS, 0, 1 / SEGMENTS)


def _saturated(albedo: np.ndarray, saturation: float) -> np.ndarray:
    return albedo + (saturation - 1) * (albedo - albedo.mean(axis=-1, keepdims=True))


def _log_grey(albedo: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(albedo.mean(axis=-1, dtype=np.float64), DARKEST_ALBEDO))


def _tint(albedo: np.ndarray) -> np.ndarray:
    logs = np.log(np.maximum(albedo.astype(np.float64), DARKEST_ALBEDO))
    return (logs - logs.mean(axis=1, keepdims=True)).mean(axis=0)


def _chroma(albedo: np.ndarray) -> float:
    """Mean distance of the channels from the grey, as a share of the mean grey."""
    grey = albedo.mean(axis=-1, keepdims=True, dtype=np.float64)
    return float(np.abs(albedo - grey).mean() / max(float(grey.mean()), DARKEST_ALBEDO))


def _gain(own: float, other: float, strength: float) -> float:
    """How much to multiply by; 1 where there is nothing to multiply."""
    return 1.0 if own < 1e-9 else float(_bounded((other / own) ** strength))


def _bounded(gain: np.ndarray | float) -> np.ndarray:
    return np.clip(gain, *GAINS)


def _is_nothing(white_balance: np.ndarray, curve: np.ndarray, saturation: float) -> bool:
    return bool((white_balance == 1).all() and (curve == 1).all() and saturation == 1)
