"""Harmonizers that are not trained, by name.

Each maps a composite, uint8 (H, W, 3), and a mask, float32 (H, W) in [0, 1], to its own picture, float32 (H, W, 3) in [0, 255].
Whoever scores or saves the picture pastes it over a background by the mask; a baseline never sees the real photograph.
"""

from collections.abc import Callable

import numpy as np

from imharmony.baselines.histogram import histogram
from imharmony.baselines.identity import identity
from imharmony.baselines.lalonde_efros import lalonde_efros
from imharmony.baselines.mkl import mkl
from imharmony.baselines.multiband import multiband
from imharmony.baselines.poisson import poisson
from imharmony.baselines.reinhard import reinhard
from imharmony.baselines.xue import xue

BASELINES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "identity": identity,
    "reinhard": reinhard,
    "histogram": histogram,
    "mkl": mkl,
    "lalonde_efros": lalonde_efros,
    "xue": xue,
    "poisson": poisson,
    "multiband": multiband,
}
