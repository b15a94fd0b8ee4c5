"""Colours: sRGB numbers for people, linear light for the renderer."""

from functools import lru_cache

import numpy as np

from imharmony.studio.chance import bounded, choose

Colour = tuple[float, float, float]

SKIN = [(250, 214, 186), (241, 194, 160), (226, 172, 135), (205, 148, 108), (166, 110, 76), (128, 80, 54), (92, 58, 42), (70, 44, 33)]
HAIR = [
    (34, 26, 24),
    (52, 36, 28),
    (84, 56, 36),
    (120, 80, 46),
    (186, 146, 88),
    (214, 184, 128),
    (138, 62, 34),
    (150, 148, 146),
    (212, 210, 206),
]
NEUTRAL = [
    (236, 234, 228),
    (196, 194, 190),
    (124, 124, 128),
    (64, 66, 72),
    (34, 35, 40),
    (186, 164, 132),
    (120, 96, 70),
    (44, 54, 82),
    (70, 92, 132),
]
DENIM = [(66, 88, 128), (44, 58, 92), (104, 128, 160), (38, 40, 48), (150, 134, 108), (84, 80, 70), (54, 60, 52)]


def linear(srgb: tuple[float, float, float]) -> Colour:
    """The linear RGB, 0..1, of an sRGB colour, 0..255."""
    red, green, blue = (((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10.31475 else c / 255 / 12.92 for c in srgb)
    return red, green, blue


def pick(rng: np.random.Generator, palette: list[tuple[int, int, int]], *, spread: float = 8.0) -> Colour:
    """A colour near one of the palette's, in linear RGB."""
    red, green, blue = choose(rng, palette)
    whole, *single = rng.normal(0, spread, 4).tolist()
    red, green, blue = (bounded(c + whole + 0.4 * d, 4, 252) for c, d in zip((red, green, blue), single, strict=True))
    return linear((red, green, blue))


def cloth_colour(rng: np.random.Generator) -> Colour:
    """A dyed or a neutral fabric's linear RGB."""
    if rng.random() < 0.45:
        return pick(rng, NEUTRAL)
    return vivid(rng, saturation=(0.2, 0.8), value=(80, 230))


def vivid(rng: np.random.Generator, *, saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
    """A colour of any hue, in linear RGB; ``value`` is the largest sRGB channel, 0..255."""
    hue, strength, top = rng.uniform(0, 6), rng.uniform(*saturation), rng.uniform(*value)
    red, green, blue = (top * (1 - strength * bounded(1.5 - abs((hue - k) % 6 - 3), 0, 1)) for k in (0, 2, 4))
    return linear((red, green, blue))


def encode(image: np.ndarray) -> np.ndarray:
    """uint8 sRGB of linear RGB, clipped to 0..1."""
    return _encoding_table()[np.clip(image * 65535 + 0.5, 0, 65535).astype(np.uint16)]


def decode(image: np.ndarray) -> np.ndarray:
    """float32 linear RGB, 0..1, of uint8 sRGB."""
    return _decoding_table()[image]


@lru_cache(1)
def _encoding_table() -> np.ndarray:
    level = np.arange(65536) / 65535
    return np.round(255 * np.where(level > 0.0031308, 1.055 * level ** (1 / 2.4) - 0.055, 12.92 * level)).astype(np.uint8)


@lru_cache(1)
def _decoding_table() -> np.ndarray:
    return np.array([linear((c, c, c))[0] for c in range(256)], np.float32)
