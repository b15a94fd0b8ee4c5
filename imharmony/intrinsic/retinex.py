"""Colour Retinex: steep or coloured steps are changes of paint, all others are changes of light.

As Grosse, Johnson, Adelson and Freeman 2009 ("Ground truth dataset and baseline evaluations for intrinsic image algorithms") put
it, integrated by least squares. Pictures are linear float (H, W, 3).
"""

from collections.abc import Callable

import numpy as np

from imharmony.intrinsic.poisson import divergence, solve_poisson
from imharmony.intrinsic.strips import strips

GREY_STEP = 0.3  # of the logarithm: steeper is paint
CHROMATIC_STEP = 0.1
BLACK = 1 / 255 / 12.92  # the linear light of the sRGB level 1, the least that a file tells from none


def retinex_log_shading(linear: np.ndarray, *, grey_step: float = GREY_STEP, chromatic_step: float = CHROMATIC_STEP) -> np.ndarray:
    """The logarithm of the shading, float64 (H, W), up to a constant: the gradients that are no step of paint, integrated.

    A step is paint if the mean over the channels of the logarithm's gradient is larger than ``grey_step``, or the rest of the
    gradient is longer than ``chromatic_step``.
    """
    steps = {"grey_step": grey_step, "chromatic_step": chromatic_step}
    return retinex_log_shading_by_rows(lambda rows: linear[rows], linear.shape[:2], linear, **steps)


def retinex_log_shading_by_rows(
    linear_of: Callable[[slice], np.ndarray],
    size: tuple[int, int],
    measured: np.ndarray,
    *,
    grey_step: float = GREY_STEP,
    chromatic_step: float = CHROMATIC_STEP,
) -> np.ndarray:
    """The same of a picture of this size (H, W), whose rows ``linear_of`` gives; the constant is the mean of what is ``measured``."""
    logs = solve_poisson(_flow(linear_of, size, grey_step, chromatic_step))
    logs += np.log(np.maximum(measured, BLACK)).mean()
    return logs


def _flow(linear_of: Callable[[slice], np.ndarray], size: tuple[int, int], grey_step: float, chromatic_step: float) -> np.ndarray:
    """The divergence of the gradients that are light, by strips, each of which sees a row more on either side."""
    plane = np.empty(size)
    for rows in strips(size):
        first = max(rows.start - 1, 0)
        logs = np.log(np.maximum(linear_of(slice(first, rows.stop + 1)), BLACK))
        across, down = (_light_only(np.diff(logs, axis=axis), grey_step, chromatic_step) for axis in (1, 0))
        plane[rows] = divergence(across, down)[rows.start - first :][: rows.stop - rows.start]
    return plane


def _light_only(gradient: np.ndarray, grey_step: float, chromatic_step: float) -> np.ndarray:
    grey = gradient.mean(axis=2)
    chromatic = np.sqrt(np.square(gradient - grey[..., None]).sum(axis=2))
    is_paint = (np.abs(grey) > grey_step) | (chromatic > chromatic_step)
    return np.where(is_paint, 0.0, grey)
