"""Colour Retinex: steep or coloured steps are changes of paint, all others are changes of light.

As Grosse, Johnson, Adelson and Freeman 2009 ("Ground truth dataset and baseline evaluations for intrinsic image algorithms") put
it, integrated by least squares. Pictures are linear float (H, W, 3).
"""

import numpy as np

from imharmony.intrinsic.poisson import integrate

GREY_STEP = 0.3  # of the logarithm: steeper is paint
CHROMATIC_STEP = 0.1
BLACK = 1 / 255 / 12.92  # the linear light of the sRGB level 1, the least that a file tells from none


def retinex_log_shading(linear: np.ndarray, *, grey_step: float = GREY_STEP, chromatic_step: float = CHROMATIC_STEP) -> np.ndarray:
    """The logarithm of the shading, float64 (H, W), up to a constant: the gradients that are no step of paint, integrated.

    A step is paint if the mean over the channels of the logarithm's gradient is larger than ``grey_step``, or the rest of the
    gradient is longer than ``chromatic_step``.
    """
    logs = np.log(np.maximum(linear, BLACK))
    across, down = (_light_only(np.diff(logs, axis=axis), grey_step, chromatic_step) for axis in (1, 0))
    return integrate(across, down) + logs.mean()


def _light_only(gradient: np.ndarray, grey_step: float, chromatic_step: float) -> np.ndarray:
    grey = gradient.mean(axis=2)
    chromatic = np.sqrt(np.square(gradient - grey[..., None]).sum(axis=2))
    is_paint = (np.abs(grey) > grey_step) | (chromatic > chromatic_step)
    return np.where(is_paint, 0.0, grey)
