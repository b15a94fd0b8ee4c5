"""How near an albedo or a shading is to a known one, whose scale nobody can see: one number per image.

Layers are linear float (H, W, 3) or (H, W); a valid mask is bool (H, W), all of the picture without one. Results are floats.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from imharmony.errors import InputError

WINDOW_PX, SHIFT_PX = 20, 10  # Grosse et al. 2009
FAINTEST_ENERGY = 1e-5  # of an estimate's window: below it no scale is fitted
WHDR_MARGIN = 0.10  # Bell, Bala and Snavely 2014: ratios below 1.1 count as equal
DARKEST_REFLECTANCE = 1e-10


def si_mse(estimate: np.ndarray, truth: np.ndarray, valid: np.ndarray | None = None) -> float:
    """Mean squared error after the best common factor, which all channels share; NaN where nothing is valid."""
    pixels, wanted = _pixels(estimate, valid), _pixels(truth, valid)
    return float(_residual(pixels, wanted, faintest=0.0) / wanted.size) if wanted.size else math.nan


def si_rmse(estimate: np.ndarray, truth: np.ndarray, valid: np.ndarray | None = None) -> float:
    """The root of ``si_mse``."""
    return math.sqrt(si_mse(estimate, truth, valid))


def lmse(estimate: np.ndarray, truth: np.ndarray, valid: np.ndarray | None = None) -> float:
    """Local mean squared error (Grosse et al. 2009): 0 if each window is right up to a factor of its own, 1 for black.

    Windows of 20 px, 10 px apart. The channels of a window share its factor. The truth's energy is summed over the windows too, as
    Bell et al. 2014 and Careaga and Aksoy 2023 do; the first code summed it once, so that errors could exceed 1.
    """
    height, width = truth.shape[:2]
    if min(height, width) < WINDOW_PX:
        raise InputError(f"layers are {width} x {height} px; the local error needs at least {WINDOW_PX} px a side; score larger images")
    error = energy = 0.0
    for top in range(0, height - WINDOW_PX + 1, SHIFT_PX):
        for left in range(0, width - WINDOW_PX + 1, SHIFT_PX):
            window = slice(top, top + WINDOW_PX), slice(left, left + WINDOW_PX)
            inside = None if valid is None else valid[window]
            pixels, wanted = _pixels(estimate[window], inside), _pixels(truth[window], inside)
            error += _residual(pixels, wanted, faintest=FAINTEST_ENERGY)
            energy += float(wanted @ wanted)
    return error / energy if energy > 0 else math.nan


class Judgement(NamedTuple):
    """Which of two points, (x, y) in [0, 1], has the darker paint: ``"1"``, ``"2"`` or ``"E"`` for neither."""

    first: tuple[float, float]
    second: tuple[float, float]
    darker: str
    weight: float


def read_judgements(document: dict[str, Any]) -> list[Judgement]:
    """The judgements of a file of Intrinsic Images in the Wild that count: both points opaque, the weight above 0."""
    points = {point["id"]: point for point in document["intrinsic_points"]}
    judgements = []
    for comparison in document["intrinsic_comparisons"]:
        first, second = points[comparison["point1"]], points[comparison["point2"]]
        weight = comparison["darker_score"] or 0
        if first["opaque"] and second["opaque"] and weight > 0 and comparison["darker"] in ("1", "2", "E"):
            judgements.append(Judgement((first["x"], first["y"]), (second["x"], second["y"]), comparison["darker"], weight))
    return judgements


def draw_judgements(albedo: np.ndarray, count: int, rng: np.random.Generator) -> list[Judgement]:
    """Judgements that a known albedo settles, of random pairs of pixels, each of weight 1."""
    spots = (rng.random((count, 4))).tolist()
    return [Judgement((a, b), (c, d), _darker(albedo, (a, b), (c, d)), 1.0) for a, b, c, d in spots]


def whdr(albedo: np.ndarray, judgements: Sequence[Judgement]) -> float:
    """Weighted human disagreement rate (Bell et al. 2014) of an albedo, in [0, 1]; NaN without judgements."""
    total = sum(judgement.weight for judgement in judgements)
    wrong = sum(j.weight for j in judgements if _darker(albedo, j.first, j.second) != j.darker)
    return wrong / total if total > 0 else math.nan


def _darker(albedo: np.ndarray, first: tuple[float, float], second: tuple[float, float]) -> str:
    one, other = (max(float(np.mean(_at(albedo, spot))), DARKEST_REFLECTANCE) for spot in (first, second))
    if other / one > 1 + WHDR_MARGIN:
        return "1"
    return "2" if one / other > 1 + WHDR_MARGIN else "E"


def _at(layer: np.ndarray, spot: tuple[float, float]) -> np.ndarray:
    height, width = layer.shape[:2]
    return layer[min(int(spot[1] * height), height - 1), min(int(spot[0] * width), width - 1)]


def _pixels(layer: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    return (layer if valid is None else layer[valid]).astype(np.float64).ravel()


def _residual(pixels: np.ndarray, wanted: np.ndarray, *, faintest: float) -> float:
    """Summed squared error after the best factor, which is 0 if the pixels hold no more energy than the faintest."""
    energy = float(pixels @ pixels)
    factor = float(wanted @ pixels) / energy if energy > faintest else 0.0
    difference = wanted - factor * pixels
    return float(difference @ difference)
