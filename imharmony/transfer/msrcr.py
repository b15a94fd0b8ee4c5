"""Multi-scale retinex with colour restoration (Jobson, Rahman & Woodell 1997) of a whole photograph, uint8 sRGB (H, W, 3)."""

import cv2
import numpy as np

SCALES = (15 / 800, 80 / 800, 250 / 800)  # the paper's 15, 80 and 250 px, for a longer side of 800 px
SURROUND_SIGMA = 4.0  # pixels; a wider surround is computed on a photograph made smaller until it has this width
RESTORATION_GAIN = 46.0  # the paper's beta
RESTORATION_CURVE = 125.0  # the paper's alpha
LEAST_REACH = 5.0  # of the restored retinex; the noise of a flat photograph is not stretched any further
MIDDLE_GREY = 128

RANGES = {"strength": (0.35, 0.9), "clipped": (0.04, 0.15)}


def draw_msrcr(rng: np.random.Generator) -> dict[str, float]:
    """How much of the result is used, and the share of values that its range leaves out."""
    return {name: float(rng.uniform(low, high)) for name, (low, high) in RANGES.items()}


def msrcr(photo: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    """The photograph after the retinex, mixed with itself by ``strength``: at 0 it stays, bit for bit.

    The paper's last gain and offset suit its own camera. Here one range for all channels is stretched to 0..255: around the median,
    which becomes middle grey, and so wide that the share ``clipped`` of the values lies outside.
    """
    restored = restored_retinex(photo)
    restored -= np.median(restored)
    reach = max(np.quantile(np.abs(restored), 1 - parameters["clipped"]), LEAST_REACH)
    stretched = np.rint((MIDDLE_GREY + 255 / 2 * restored / reach).clip(0, 255))
    return np.rint(photo + parameters["strength"] * (stretched - photo)).astype(np.uint8)


def restored_retinex(photo: np.ndarray) -> np.ndarray:
    """Eq. 6 of the paper, in logarithms to base 10 and of values from 1 to 256, float64 (H, W, 3)."""
    values = photo + 1.0
    restoration = RESTORATION_GAIN * np.log10(RESTORATION_CURVE * values / values.sum(axis=2, keepdims=True))
    surrounds = sum(np.log10(surround(values, scale * max(photo.shape[:2]))) for scale in SCALES)
    return restoration * (np.log10(values) - surrounds / len(SCALES))


def surround(values: np.ndarray, sigma_px: float) -> np.ndarray:
    """An image (H, W, 3) under a Gaussian, mirrored at its borders; within 1 % of the range of one computed at full size."""
    height, width = values.shape[:2]
    factor = max(sigma_px / SURROUND_SIGMA, 1.0)
    size = max(round(width / factor), 1), max(round(height / factor), 1)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    sigma_x, sigma_y = (sigma_px * one / other for one, other in zip(size, (width, height), strict=True))
    blurred = cv2.GaussianBlur(small, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
