"""Edits of albedo and shading with few parameters, in a fixed order, and how they are fitted to others without chance.

White balance, a curve of 8 segments for each channel, saturation, exposure: the edits of Careaga, Miangoleh and Aksoy 2023 ("Intrinsic
harmonization for illumination-aware compositing"), who draw their order anew each time and let a network choose the parameters. Here
the order is fixed, and the parameters are moments (``fitted_edits``) or a network's choice (``learned.learned_edits``). Shading, which
they render anew from normals, gets another level and contrast. Albedos are linear (N, 3), shading (N,) above 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from imharmony.intrinsic.strips import picked

SEGMENTS = 8
GAINS = (0.5, 2.0)  # of white balance, the curve's slopes, saturation and exposure
DARKEST_ALBEDO = 1e-3
LEAST_SPREAD = 0.02  # of the log shading between its 5th and 95th percentile: less is no contrast to change
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


@dataclass(frozen=True)
class ShadingEdit:
    """The logarithm of a shading moved by ``level`` and stretched by ``contrast`` about ``middle``."""

    middle: float = 0.0
    level: float = 0.0
    contrast: float = 1.0

    def __call__(self, shading: np.ndarray) -> np.ndarray:
        """The edited shading, float64, above 0."""
        return np.exp(self.middle + self.level + self.contrast * (np.log(shading.astype(np.float64)) - self.middle))


@dataclass(frozen=True)
class Layers:
    """A picture taken apart: albedo (H, W, 3) linear, shading (H, W) above 0."""

    albedo: np.ndarray
    shading: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        height, width = self.shading.shape
        return height, width

    def part(self, rows: slice, chosen: np.ndarray | None = None) -> "Layers":
        """Those of some rows, or (N, 3) and (N,) of the pixels of them that ``chosen`` says by index in reading order."""
        albedo, shading = self.albedo[rows], self.shading[rows]
        return Layers(albedo, shading) if chosen is None else Layers(albedo.reshape(-1, 3)[chosen], shading.ravel()[chosen])


class Parts(Protocol):
    """Layers of a picture of a ``size`` (H, W) that may be made only where they are asked for (``Layers.part``)."""

    @property
    def size(self) -> tuple[int, int]: ...

    def part(self, rows: slice, chosen: np.ndarray | None = None) -> Layers: ...


@dataclass(frozen=True)
class Pasted:
    """What edits are chosen by: a composite's layers, where its foreground is, and a clean background's layers at the same scale."""

    layers: Parts
    inside: np.ndarray  # bool (H, W)
    background: Parts | None = None  # None: what is seen of it in the composite

    @property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """Albedo (N, 3) and shading (N,) of the foreground, of large ones as much as is measured (``strips``)."""
        return _measured(self.layers, self.inside)

    @property
    def other(self) -> tuple[np.ndarray, np.ndarray]:
        """Albedo (M, 3) and shading (M,) of the background, of large ones as much as is measured."""
        if self.background is None:
            return _measured(self.layers, ~self.inside)
        return _measured(self.background, np.ones(self.background.size, bool))


def _measured(layers: Parts, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = [layers.part(rows, chosen) for rows, chosen in picked(region)]
    return np.concatenate([part.albedo for part in parts]), np.concatenate([part.shading for part in parts])


EditsOf = Callable[[Pasted], tuple[AlbedoEdit, ShadingEdit]]


def fitted_edits(*, strength: float) -> EditsOf:
    """Edits that go ``strength`` of the way to the background's moments, in the logarithm."""

    def edits_of(pasted: Pasted) -> tuple[AlbedoEdit, ShadingEdit]:
        (albedo, shading), (other_albedo, other_shading) = pasted.own, pasted.other
        return fit_edit(albedo, other_albedo, strength=strength), fit_shading_edit(shading, other_shading, strength=strength)

    return edits_of


def fit_edit(own: np.ndarray, other: np.ndarray, *, strength: float) -> AlbedoEdit:
    """The edit that moves an albedo (N, 3) towards another (M, 3): all the way with strength 1, not at all with 0.

    White balance moves the mean of the logarithm of each channel over the grey; the curve moves the spread of the logarithm of the
    grey; saturation the mean distance from the grey; exposure the mean of the logarithm of the grey. Each is fitted to what the ones
    before it leave, and each gain is kept within 0.5 .. 2.
    """
    white_balance = _bounded(np.exp(strength * (_tint(other) - _tint(own))))
    edited = own * white_balance  # each step's takes the place of the one before: pixels may be millions
    curve = _fitted_curve(edited, other, strength)
    edited = _bent(edited, curve)
    saturation = _gain(_chroma(edited), _chroma(other), strength)
    edited = np.maximum(_saturated(edited, saturation), 0)
    before, wanted = _log_grey(own).mean(), _log_grey(other).mean()
    goal = before + strength * (wanted - before)
    exposure = 1.0 if goal == before and _is_nothing(white_balance, curve, saturation) else math.exp(goal - _log_grey(edited).mean())
    return AlbedoEdit(white_balance, curve, saturation, float(_bounded(exposure)))


def fit_shading_edit(own: np.ndarray, other: np.ndarray, *, strength: float) -> ShadingEdit:
    """The edit that moves median and contrast (5th to 95th percentile), in the logarithm, from one region's towards another's."""
    (low, median, high), (other_low, other_median, other_high) = (np.percentile(np.log(part), (5, 50, 95)) for part in (own, other))
    spread, other_spread = high - low, other_high - other_low
    contrast = 1.0 if min(spread, other_spread) < LEAST_SPREAD else np.clip((other_spread / spread) ** strength, *GAINS)
    return ShadingEdit(float(median), float(np.clip(strength * (other_median - median), *np.log(GAINS))), float(contrast))


def _fitted_curve(own: np.ndarray, other: np.ndarray, strength: float) -> np.ndarray:
    """Slopes (3, 8), the same for each channel, nearest to the power law that moves the spread of the logarithm of the grey."""
    from scipy.optimize import lsq_linear  # here, because a network that chooses edits fits no curve, and it takes long to load

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
    bent = np.empty(albedo.shape)
    for channel, slopes in enumerate(curve):
        levels = albedo[..., channel]
        bent[..., channel] = np.interp(levels, knots, np.append(0, slopes.cumsum() / SEGMENTS)) + np.maximum(levels - 1, 0)
    return bent


def _portions(levels: np.ndarray) -> np.ndarray:
    """How much of each level (N,) lies in each segment, (N, 8): the curve is linear in its slopes."""
    return np.clip(levels[..., None] - np.arange(SEGMENTS) / SEGMENTS, 0, 1 / SEGMENTS)


def _saturated(albedo: np.ndarray, saturation: float) -> np.ndarray:
    return albedo + (saturation - 1) * (albedo - albedo.mean(axis=-1, keepdims=True))


def _log_grey(albedo: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(albedo.mean(axis=-1, dtype=np.float64), DARKEST_ALBEDO))


def _tint(albedo: np.ndarray) -> np.ndarray:
    logs = albedo.astype(np.float64)  # one array from the first to the last line: pixels may be millions
    np.log(np.maximum(logs, DARKEST_ALBEDO, out=logs), out=logs)
    logs -= logs.mean(axis=1, keepdims=True)
    return logs.mean(axis=0)


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
