"""What floors and walls are made of.

A material maps (u, v) in metres, any one shape, and ``pixel`` (the metres that a pixel covers) to an
``(albedo (3, ...), tilt (2, ...))``: linear RGB, and how far the normal leans along u and v.
"""

from collections.abc import Callable

import numpy as np

from imharmony.studio.colours import Colour, linear, pick, vivid
from imharmony.studio.textures import cells, sample, sample_pair, wave

_F = np.float32
Surface = tuple[np.ndarray, np.ndarray]
Material = Callable[[np.random.Generator, np.ndarray, np.ndarray, np.ndarray], Surface]


def _coloured(colour: Colour, tone: np.ndarray) -> np.ndarray:
    albedo = np.empty((3, *tone.shape), _F)
    for channel in range(3):
        np.multiply(tone, _F(colour[channel]), out=albedo[channel])
    return albedo


def _toward(albedo: np.ndarray, colour: Colour, share: np.ndarray) -> np.ndarray:
    for channel in range(3):
        albedo[channel] += share * (_F(colour[channel]) - albedo[channel])
    return albedo


def _bumps(kind: str, u: np.ndarray, v: np.ndarray, *, period: float, height: np.ndarray | float) -> np.ndarray:
    tilt = np.empty((2, *u.shape), _F)
    for axis, field in enumerate(sample_pair(kind, u, v, period=period)):
        np.multiply(field, height, out=tilt[axis])
    return tilt


def _sharp(pixel: np.ndarray) -> np.ndarray:
    """How much of a material's fine detail the picture can resolve, 0..1: all of it at 26 px per metre."""
    return np.minimum(_F(1 / 26) / pixel, 1)


def _flat(u: np.ndarray) -> np.ndarray:
    return np.zeros((2, *u.shape), _F)


def grass(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """A lawn or a dry meadow."""
    sharp = _sharp(pixel)
    tone = 1 + 0.17 * sharp * sample("grain", u, v, period=2.4) + 0.16 * sample("cloud", u, v, period=9, shift=rng.random())
    albedo = _coloured(pick(rng, [(96, 122, 58), (112, 132, 66), (84, 104, 50), (152, 140, 84)]), np.maximum(tone, 0.3))
    return _toward(albedo, linear((140, 118, 84)), np.clip(sample("cloud", u, v, period=5) - 1.1, 0, 0.7)), _bumps(
        "grain", u, v, period=2.4, height=0.09 * sharp
    )


def asphalt(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """A road with a painted line."""
    sharp = _sharp(pixel)
    tone = 1 + 0.12 * sharp * sample("grain", u, v, period=1.1) + 0.1 * sample("cloud", u, v, period=6, shift=rng.random())
    albedo = _coloured(pick(rng, [(96, 96, 98), (112, 110, 108), (82, 84, 90)]), np.maximum(tone, 0.4))
    line = (np.abs(u - _F(rng.uniform(-2.5, 2.5))) < 0.07).astype(_F) * _F(0.8)
    return _toward(albedo, linear((226, 222, 206)), line), _bumps("grain", u, v, period=1.1, height=0.06 * sharp)


def sand(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Trodden sand."""
    sharp = _sharp(pixel)
    tone = 1 + 0.05 * sharp * sample("grain", u, v, period=0.9) + 0.06 * sample("cloud", u, v, period=4, shift=rng.random())
    albedo = _coloured(pick(rng, [(214, 190, 148), (200, 176, 140), (222, 204, 170)]), tone)
    return albedo, _bumps("leaf", u, v, period=3.2, height=0.08 * sharp)


def snow(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Fresh snow."""
    sharp = _sharp(pixel)
    albedo = _coloured(linear((238, 240, 244)), 1 + 0.02 * sample("cloud", u, v, period=3, shift=rng.random()))
    return albedo, _bumps("cloud", u, v, period=3.2, height=0.08 * sharp)


def _masonry(size: tuple[float, float], stagger: float, palette: list, joint: tuple[int, int, int], spread: float) -> Material:
    def material(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
        sharp = _sharp(pixel)
        width, height = (s * rng.uniform(0.85, 1.2) for s in size)
        tone, joints = cells(u, v, pixel, width=width, height=height, joint=0.05 * min(width, height) + 0.006, stagger=stagger)
        grain = sample("grain", u, v, period=1.3)
        albedo = _coloured(pick(rng, palette), 1 + sharp * (spread * tone + 0.07 * grain) + 0.06 * sample("cloud", u, v, period=5))
        return _toward(albedo, linear(joint), joints * _F(0.8)), _bumps("grain", u, v, period=1.3, height=(0.05 + 0.15 * joints) * sharp)

    return material


_BRICK = [(150, 82, 62), (168, 100, 74), (126, 76, 62), (206, 196, 180)]
_STONE = [(176, 168, 156), (150, 148, 146), (190, 178, 160), (130, 122, 116)]
_WOOD = [(164, 120, 78), (134, 94, 62), (190, 152, 108), (98, 68, 48), (176, 160, 138)]
_TILE = [(226, 222, 212), (190, 200, 204), (150, 120, 100), (120, 140, 142), (206, 186, 160)]
_PAINT = [
    (232, 228, 216),
    (206, 204, 200),
    (178, 196, 204),
    (196, 206, 182),
    (222, 200, 166),
    (154, 118, 104),
    (110, 130, 142),
    (214, 178, 168),
]


def planks(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Boards along v."""
    sharp = _sharp(pixel)
    tone, joints = cells(v, u, pixel, width=1.4, height=rng.uniform(0.09, 0.18), joint=0.006, stagger=0.37)
    grain = sample("strand", u, v, period=0.8)
    albedo = _coloured(pick(rng, _WOOD), 1 + sharp * (0.16 * tone + 0.09 * grain) + 0.04 * sample("cloud", u, v, period=4))
    return _toward(albedo, (0.02, 0.014, 0.01), joints * _F(0.7)), _flat(u)


def plaster(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """A painted wall."""
    sharp = _sharp(pixel)
    tone = 1 + 0.035 * sample("cloud", u, v, period=3.5, shift=rng.random())
    return _coloured(pick(rng, _PAINT), tone), _bumps("cloud", u, v, period=2.2, height=0.035 * sharp)


def wallpaper(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Vertical stripes of two near colours."""
    sharp = _sharp(pixel)
    base = pick(rng, _PAINT)
    albedo = _coloured(base, 1 + 0.02 * sample("cloud", u, v, period=3))
    other = tuple(
        float(c) for c in np.array(base) * rng.uniform(0.55, 0.8) + 0.12 * np.array(vivid(rng, saturation=(0.2, 0.6), value=(120, 220)))
    )
    share = wave(u, period=rng.uniform(0.16, 0.42), sharpness=12)
    return _toward(albedo, other, share * sharp), _flat(u)  # pyright: ignore[reportArgumentType]


def panels(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Wooden boards upright, dado height or full."""
    albedo, tilt = planks(rng, u, v, pixel)
    if rng.random() < 0.6:
        above = (v > _F(rng.uniform(0.9, 1.3))).astype(_F)
        _toward(albedo, pick(rng, _PAINT), above)
    return albedo, tilt


def carpet(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """A dull floor covering."""
    sharp = _sharp(pixel)
    tone = 1 + 0.1 * sharp * sample("grain", u, v, period=0.7) + 0.05 * sample("cloud", u, v, period=3)
    return _coloured(pick(rng, [(120, 110, 104), (92, 104, 120), (140, 96, 84), (160, 150, 132), (86, 98, 84)]), tone), _bumps(
        "grain", u, v, period=0.7, height=0.08 * sharp
    )


def concrete(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, pixel: np.ndarray) -> Surface:
    """Grey, stained."""
    sharp = _sharp(pixel)
    tone = 1 + 0.05 * sharp * sample("grain", u, v, period=1.5) + 0.12 * sample("cloud", u, v, period=4, shift=rng.random())
    return _coloured(pick(rng, [(168, 164, 158), (140, 140, 140), (186, 180, 168)]), np.maximum(tone, 0.4)), _bumps(
        "grain", u, v, period=1.5, height=0.05 * sharp
    )


brick = _masonry((0.24, 0.085), 0.5, _BRICK, (188, 182, 172), 0.2)
paving = _masonry((0.6, 0.4), 0.5, _STONE, (96, 92, 88), 0.1)
stone = _masonry((0.7, 0.34), 0.5, _STONE, (120, 114, 106), 0.14)
tiles = _masonry((0.45, 0.45), 0.0, _TILE, (150, 146, 140), 0.05)

FLOORS_OUTSIDE = {"grass": grass, "asphalt": asphalt, "sand": sand, "snow": snow, "paving": paving, "concrete": concrete}
FLOORS_INSIDE = {"planks": planks, "carpet": carpet, "tiles": tiles, "concrete": concrete}
WALLS_INSIDE = {"plaster": plaster, "wallpaper": wallpaper, "panels": panels, "brick": brick, "tiles": tiles}
WALLS_OUTSIDE = {"brick": brick, "stone": stone, "plaster": plaster, "concrete": concrete}
