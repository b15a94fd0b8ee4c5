"""How near an alpha matte is to the true one: one number per picture, in the units of the literature.

Alpha mattes are float (H, W) in [0, 1]; a region is bool (H, W), the pixels that count, all of the picture without one. Results are
floats. ``sad``, ``grad`` and ``conn`` are sums over the region divided by 1000: they grow with the number of pixels, so a value says
nothing without the picture's size and the region. Mattes of another shape or range are an ``InputError``.

Rhemann et al. 2009 (A perceptually motivated online benchmark for image matting) define ``grad`` and ``conn``; filters and constants are
those of the evaluation code of Xu et al. 2017 (arXiv:1703.03872). Nothing is stretched to the range [0, 1] before it is compared, as
some of the code does: a prediction of 0.2 + 0.6 A would have no error then.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from imharmony.errors import InputError

UNIT = 1000.0
SIGMA, SMALLEST = 1.4, 1e-2  # of the Gaussian's derivative; the filter ends where the Gaussian falls below the latter
LEVELS = np.arange(11) / 10
ROUNDING = 1e-6  # by which arithmetic may leave [0, 1]
TOLERANCE = 0.15  # of connectivity: a pixel may stand so far above the level at which it is connected

MattingMetric = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]  # (alpha, truth, region)


def sad(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None = None) -> float:
    """Sum of absolute differences, / 1000."""
    return _over(region, "sad", alpha, truth)


def mse(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None = None) -> float:
    """Mean squared error in [0, 1]; NaN of an empty region."""
    return _over(region, "mse", alpha, truth)


def mad(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None = None) -> float:
    """Mean absolute difference in [0, 1]; NaN of an empty region."""
    return _over(region, "mad", alpha, truth)


def grad(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None = None, *, compat_minmax: bool = False) -> float:
    """Sum of squared differences of the gradients' magnitudes, / 1000.

    Gradients are those of a Gaussian of sigma 1.4 on 9 x 9 px, of unit L2 norm; beyond the border the matte goes on as it ends.
    ``compat_minmax`` stretches both mattes to [0, 1] first, as the code of Xu et al. does for this error alone.
    """
    predicted, wanted = _checked(alpha, truth, region)
    return _over(region, "grad", *((_stretched(predicted), _stretched(wanted)) if compat_minmax else (predicted, wanted)))


def conn(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None = None) -> float:
    """Sum of absolute differences of connectivity, / 1000.

    A pixel is connected up to the highest level of alpha, in steps of .1, at which it belongs to the largest part, by its four
    neighbours, of what both mattes have at that level or above. How far it stands above that, from .15 on, is what is not connected.
    """
    return _over(region, "conn", alpha, truth)


def errors_by_region(alpha: np.ndarray, truth: np.ndarray, regions: Mapping[str, np.ndarray | None]) -> dict[str, dict[str, float]]:
    """Each of ``MATTING_METRICS`` over each region: what a metric finds at the pixels is the same for all of them."""
    return {name: _over_each(regions, name, alpha, truth) for name in MATTING_METRICS}


# By the names of the literature.
MATTING_METRICS: dict[str, MattingMetric] = {"sad": sad, "mse": mse, "mad": mad, "grad": grad, "conn": conn}


def _over(region: np.ndarray | None, name: str, alpha: np.ndarray, truth: np.ndarray) -> float:
    return _over_each({"": region}, name, alpha, truth)[""]


def _over_each(regions: Mapping[str, np.ndarray | None], name: str, alpha: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    for region in regions.values():
        alpha, truth = _checked(alpha, truth, region)
    error, total = _PIXELS[name]
    found = error(alpha, truth)
    return {where: total(found.ravel() if region is None else found[region]) for where, region in regions.items()}


def _absolute(predicted: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.abs(predicted - wanted)


def _squared(predicted: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.square(predicted - wanted)


def _of_gradients(predicted: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.square(_magnitude(predicted) - _magnitude(wanted))


def _of_connectivity(predicted: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    level = _connected_up_to(np.minimum(predicted, wanted))
    return np.abs(_connectivity(predicted, level) - _connectivity(wanted, level))


def _thousands(values: np.ndarray) -> float:
    return float(values.sum()) / UNIT


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else math.nan


# Of each metric its error at each pixel (H, W), and what is made of those that count (N,).
_PIXELS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], Callable[[np.ndarray], float]]] = {
    "sad": (_absolute, _thousands),
    "mse": (_squared, _mean),
    "mad": (_absolute, _mean),
    "grad": (_of_gradients, _thousands),
    "conn": (_of_connectivity, _thousands),
}


def _connected_up_to(least: np.ndarray) -> np.ndarray:
    """The highest level at which each pixel is connected, of the smaller of both mattes.

    A level that no pixel reaches decides nothing: what was connected below it counts as connected up to 1, as in the published code.
    """
    level = np.full(least.shape, np.nan)
    for below, at in pairwise(LEVELS):
        count, labels, statistics, _ = cv2.connectedComponentsWithStats((least >= at).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
        if count == 1:
            continue
        # Label 0 is what lies below the level. A port to Python lets it win too, which is a different error.
        largest = labels == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()
        level[np.isnan(level) & ~largest] = below
    return np.nan_to_num(level, nan=1.0)


def _connectivity(matte: np.ndarray, level: np.ndarray) -> np.ndarray:
    """In [0, 1]: 1 is connected up to the pixel's own alpha."""
    above = matte - level
    return 1 - np.where(above >= TOLERANCE, above, 0)


def _magnitude(matte: np.ndarray) -> np.ndarray:
    smooth, derivative = _filters()
    across = cv2.sepFilter2D(matte, cv2.CV_64F, derivative, smooth, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(matte, cv2.CV_64F, smooth, derivative, borderType=cv2.BORDER_REPLICATE)
    return np.hypot(across, down)


@cache
def _filters() -> tuple[np.ndarray, np.ndarray]:
    """The Gaussian and its derivative, float64 (9,), whose product has unit L2 norm."""
    half = math.ceil(SIGMA * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * SIGMA * SMALLEST)))
    x = np.arange(-half, half + 1)
    smooth = np.exp(-(x**2) / (2 * SIGMA**2))
    derivative = x * smooth
    return smooth / np.linalg.norm(smooth), derivative / np.linalg.norm(derivative)


def _stretched(matte: np.ndarray) -> np.ndarray:
    low, high = matte.min(), matte.max()
    return (matte - low) / (high - low) if high > low else np.zeros_like(matte)


def _checked(alpha: np.ndarray, truth: np.ndarray, region: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Both mattes in float64."""
    for what, came in (("a true matte", truth.shape), ("a region", alpha.shape if region is None else region.shape)):
        if alpha.ndim != 2 or came != alpha.shape:
            raise InputError(f"an alpha matte of shape {alpha.shape} beside {what} of {came}; expected one (H, W); resize the matte")
    if region is not None and region.dtype != bool:
        raise InputError(f"a region of {region.dtype}; expected bool, the pixels that count; compare the trimap with its unknown value")
    for what, matte in (("predicted", alpha), ("true", truth)):
        if matte.size and not (matte.min() >= -ROUNDING and matte.max() <= 1 + ROUNDING):  # NaN fails too
            came = f"a {what} alpha matte from {matte.min():g} to {matte.max():g}"
            raise InputError(f"{came}; expected [0, 1]; divide 8 bits by 255, and clip what a network gives")
    return alpha.astype(np.float64), truth.astype(np.float64)
