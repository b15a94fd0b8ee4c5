"""A photograph as albedo times shading, by name of how the shading is found.

Photographs are uint8 sRGB (H, W, 3); albedo is linear float32 (H, W, 3) in [0, 1]; shading is float32 (H, W) above 0. Only their
product is seen, so the scale is a convention: the 99th percentile of the albedo's brightest channel is 0.75.
"""

from collections.abc import Callable

import numpy as np

from imharmony.colour.spaces import linear_from_srgb
from imharmony.errors import InputError
from imharmony.intrinsic.retinex import retinex_log_shading

BRIGHT_PERCENTILE = 99
BRIGHT_ALBEDO = 0.75
DARKEST_SHADING = 1e-4  # a third of the linear light of the sRGB level 1

ShadingOf = Callable[[np.ndarray], np.ndarray]  # uint8 sRGB (H, W, 3) -> shading (H, W) up to a factor


def constant_shading(photograph: np.ndarray) -> np.ndarray:
    """The same light everywhere: all that is seen is paint."""
    return np.ones(photograph.shape[:2])


def luminance_shading(photograph: np.ndarray) -> np.ndarray:
    """The mean over the channels of the linear light: paint has a colour but no brightness."""
    return linear_of(photograph).mean(axis=2)


def retinex_shading(photograph: np.ndarray) -> np.ndarray:
    """Colour Retinex with its thresholds' defaults."""
    return np.exp(retinex_log_shading(linear_of(photograph)))


DECOMPOSITIONS: dict[str, ShadingOf] = {
    "constant": constant_shading,
    "luminance": luminance_shading,
    "retinex": retinex_shading,
}


def linear_of(photograph: np.ndarray) -> np.ndarray:
    """Linear light, float64 in [0, 1], of a uint8 sRGB photograph."""
    return linear_from_srgb(np.arange(256) / 255)[photograph]


def decompose(photograph: np.ndarray, shading_of: ShadingOf) -> tuple[np.ndarray, np.ndarray]:
    """Albedo and shading, whose product is the photograph's linear light but for float32's rounding.

    Where the shading that was found would need an albedo above 1, the shading is raised: nothing reflects more than it gets.
    """
    found = shading_of(photograph)
    if found.shape != photograph.shape[:2] or not np.isfinite(found).all():
        came = f"shading of shape {found.shape}, {np.count_nonzero(~np.isfinite(found))} values of it not finite"
        raise InputError(f"{came}; expected finite values of shape {photograph.shape[:2]}; use another decomposition")
    return split(linear_of(photograph), found.astype(np.float64))


def split(linear: np.ndarray, shading: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear light (H, W, 3) as albedo and shading, of a shading that is known up to a factor."""
    brightest = linear.max(axis=2)
    shading = np.maximum(shading, DARKEST_SHADING)
    bright = np.percentile(brightest / shading, BRIGHT_PERCENTILE)
    scale = bright / BRIGHT_ALBEDO if bright > 0 else 1.0  # a black picture leaves the scale open
    shading = np.maximum(np.maximum(shading * scale, DARKEST_SHADING), brightest).astype(np.float32)
    albedo = np.minimum(linear / shading[..., None], 1).astype(np.float32)
    return albedo, shading
