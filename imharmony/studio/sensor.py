"""From light to a file's pixels: lens, exposure, noise, encoding."""

from dataclasses import dataclass

import cv2
import numpy as np

from imharmony.studio.colours import encode
from imharmony.studio.textures import white

_F = np.float32
LUMINANCE = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True)
class Sensor:
    """What a camera adds. Noise is in units of full scale: variance = shot * signal + read**2."""

    blur_px: float
    vignetting: float  # loss in the corners
    shot: float
    read: float
    jpeg_quality: int


def draw_sensor(rng: np.random.Generator, *, key: float) -> Sensor:
    """A camera; the darker the scene, the noisier."""
    gain = 0.2 / key
    return Sensor(
        blur_px=float(rng.uniform(0.3, 0.55)),
        vignetting=float(rng.uniform(0.04, 0.22)),
        shot=float(1.6e-4 * gain * rng.uniform(0.5, 1.5)),
        read=float(1.2e-3 * gain * rng.uniform(0.6, 1.4)),
        jpeg_quality=int(rng.integers(88, 97)),
    )


def through_lens(image: np.ndarray, sensor: Sensor) -> np.ndarray:
    """The image (H, W) or (H, W, C) as the lens draws it; layers go through the same lens, so they stay aligned with the photograph."""
    return cv2.GaussianBlur(image, (3, 3), sensor.blur_px)


def vignette(height: int, width: int, sensor: Sensor) -> np.ndarray:
    """What the lens lets through, 1 in the middle, float32 (H, W)."""
    y = np.linspace(-1, 1, height, dtype=_F)[:, None]
    x = np.linspace(-1, 1, width, dtype=_F)[None]
    return 1 - _F(sensor.vignetting / 2) * (x * x + y * y)


def exposure(radiance: np.ndarray, key: float) -> float:
    """The factor that brings the mean luminance of a linear (H, W, 3) image to ``key``, but leaves few pixels white."""
    luminance = cv2.transform(radiance, np.array([LUMINANCE], _F))
    some = luminance[::2, ::2].ravel()
    rank = int(0.97 * some.size)
    bright = float(np.partition(some, rank)[rank])
    return float(min(key / max(float(luminance.mean()), 1e-6), 1.3 / max(bright, 1e-6)))


def capture(radiance: np.ndarray, sensor: Sensor, rng: np.random.Generator) -> np.ndarray:
    """uint8 sRGB photograph of exposed linear light (H, W, 3)."""
    height, width, _ = radiance.shape
    seen = radiance * vignette(height, width, sensor)[..., None]
    noise = _white_noise(seen.shape, rng)
    noise *= np.sqrt(np.minimum(seen, 1) * _F(sensor.shot) + _F(sensor.read**2))
    seen += noise
    return encode(seen)


def _white_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A stretch of a fixed sequence from a random place: twenty times quicker than fresh numbers, and as good for a picture."""
    size = int(np.prod(shape))
    sequence = white(max(20, (2 * size).bit_length()))
    start = int(rng.integers(sequence.size - size))
    return sequence[start : start + size].reshape(shape).copy()
