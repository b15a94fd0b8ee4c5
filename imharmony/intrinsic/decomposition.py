"""A photograph as albedo times shading, by name of how the shading is found.

Photographs are uint8 sRGB (H, W, 3); albedo is linear float32 (H, W, 3) in [0, 1]; shading is float32 (H, W) above 0. Only their
product is seen, so the scale is a convention: the 99th percentile of the albedo's brightest channel is 0.75.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imharmony.colour.spaces import linear_from_srgb
from imharmony.errors import InputError
from imharmony.intrinsic.retinex import retinex_log_shading_by_rows
from imharmony.intrinsic.strips import step_of, strips

BRIGHT_PERCENTILE = 99
BRIGHT_ALBEDO = 0.75
DARKEST_SHADING = 1e-4  # a third of the linear light of the sRGB level 1

_LINEAR = linear_from_srgb(np.arange(256) / 255)

ShadingOf = Callable[[np.ndarray], np.ndarray]  # uint8 sRGB (H, W, 3) -> shading (H, W) up to a factor


def constant_shading(photograph: np.ndarray) -> np.ndarray:
    """The same light everywhere: all that is seen is paint."""
    return np.ones(photograph.shape[:2])


def luminance_shading(photograph: np.ndarray) -> np.ndarray:
    """The mean over the channels of the linear light: paint has a colour but no brightness."""
    shading = np.empty(photograph.shape[:2])
    for rows in strips(shading.shape):
        linear_of(photograph[rows]).mean(axis=2, out=shading[rows])
    return shading


def retinex_shading(photograph: np.ndarray) -> np.ndarray:
    """Colour Retinex with its thresholds' defaults."""
    step = step_of(photograph.size // 3)
    measured = linear_of(photograph.reshape(-1, 3)[::step])
    logs = retinex_log_shading_by_rows(lambda rows: linear_of(photograph[rows]), photograph.shape[:2], measured)
    return np.exp(logs, out=logs)


DECOMPOSITIONS: dict[str, ShadingOf] = {
    "constant": constant_shading,
    "luminance": luminance_shading,
    "retinex": retinex_shading,
}


def linear_of(photograph: np.ndarray) -> np.ndarray:
    """Linear light, float64 in [0, 1], of a uint8 sRGB photograph."""
    return _LINEAR[photograph]


@dataclass(frozen=True)
class Decomposition:
    """A photograph taken apart, whose layers are made where they are asked for: at full size they are four times as large as it is."""

    photograph: np.ndarray
    found: np.ndarray  # float64 (H, W): its shading up to a factor
    scale: float  # that factor

    @staticmethod
    def of(photograph: np.ndarray, found: np.ndarray) -> "Decomposition":
        """With the scale that all decompositions have; of a large photograph ``strips.MEASURED_PX`` pixels are measured."""
        step = step_of(found.size)
        brightest = _LINEAR[_largest(photograph.reshape(-1, 3)[::step])]
        return Decomposition(photograph, found, _scale(brightest, found.ravel()[::step]))

    def part(self, rows: slice, chosen: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Albedo and shading of some rows, or (N, 3) and (N,) of the pixels of them that ``chosen`` says by index in reading order."""
        photograph, found = self.photograph[rows], self.found[rows]
        if chosen is not None:
            photograph, found = photograph.reshape(-1, 3)[chosen], found.ravel()[chosen]
        return _split(linear_of(photograph), found, self.scale)


def decompose(photograph: np.ndarray, shading_of: ShadingOf) -> tuple[np.ndarray, np.ndarray]:
    """Albedo and shading, whose product is the photograph's linear light but for float32's rounding.

    Where the shading that was found would need an albedo above 1, the shading is raised: nothing reflects more than it gets.
    """
    return decomposed(photograph, shading_of).part(slice(None))


def decomposed(photograph: np.ndarray, shading_of: ShadingOf) -> Decomposition:
    """The same with the layers not yet made; an ``InputError`` if the shading that was found is none."""
    found = shading_of(photograph)
    if found.shape != photograph.shape[:2] or not np.isfinite(found).all():
        came = f"shading of shape {found.shape}, {np.count_nonzero(~np.isfinite(found))} values of it not finite"
        raise InputError(f"{came}; expected finite values of shape {photograph.shape[:2]}; use another decomposition")
    return Decomposition.of(photograph, found.astype(np.float64, copy=False))


def split(linear: np.ndarray, shading: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear light (H, W, 3) as albedo and shading, of a shading that is known up to a factor."""
    return _split(linear, shading, _scale(_largest(linear), shading))


def _largest(colours: np.ndarray) -> np.ndarray:
    """The largest channel (...) of (..., 3): by whole channels many times faster than NumPy's maximum along a short axis."""
    red, green, blue = np.moveaxis(colours, -1, 0)
    return np.maximum(np.maximum(red, green), blue)


def _scale(brightest: np.ndarray, shading: np.ndarray) -> float:
    bright = np.percentile(brightest / np.maximum(shading, DARKEST_SHADING), BRIGHT_PERCENTILE)
    return bright / BRIGHT_ALBEDO if bright > 0 else 1.0  # a black picture leaves the scale open


def _split(linear: np.ndarray, shading: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    shading = np.maximum(shading, DARKEST_SHADING) * scale
    shading = np.maximum(np.maximum(shading, DARKEST_SHADING), _largest(linear)).astype(np.float32)
    albedo = np.minimum(linear / shading[..., None], 1).astype(np.float32)
    return albedo, shading
