"""The light of a scene: what it is like, how it was drawn, and how it falls on a surface.

Directions and normals: x right, y up, z towards the camera. Colours are linear RGB, after the camera's (incomplete) white balance.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from imharmony.studio.chance import choose
from imharmony.studio.colours import Colour, linear, vivid

_F = np.float32
T = TypeVar("T", float, np.ndarray)


@dataclass(frozen=True)
class Mood:
    """A kind of light, before chance. Colours are sRGB, 0..255; weights are relative; angles in degrees."""

    colour: tuple[int, int, int]
    above: tuple[int, int, int]  # ambient light from the sky or the ceiling
    below: tuple[int, int, int]  # and from the ground
    direct: float
    ambient: float
    elevation: tuple[float, float]
    azimuth: float  # at most so far from the camera's side: 0 is from behind the camera, 180 against it
    softness: float  # of the shadows' edges, metres
    key: float  # mean linear luminance of the picture
    zenith: tuple[int, int, int] = (120, 160, 220)
    horizon: tuple[int, int, int] = (210, 225, 240)


OUTDOOR_MOODS = {
    "daylight": Mood(
        (255, 245, 228), (150, 180, 232), (150, 146, 130), 1.0, 0.42, (32, 66), 125, 0.02, 0.30, (74, 128, 206), (190, 214, 236)
    ),
    "morning": Mood(
        (255, 226, 184), (160, 184, 226), (150, 140, 120), 1.0, 0.36, (16, 32), 120, 0.03, 0.28, (104, 152, 212), (232, 226, 212)
    ),
    "sunset": Mood((255, 176, 96), (150, 140, 178), (128, 96, 84), 1.0, 0.30, (9, 20), 150, 0.04, 0.22, (96, 108, 170), (255, 186, 120)),
    "overcast": Mood(
        (232, 238, 246), (206, 216, 230), (128, 130, 128), 0.16, 0.95, (50, 80), 100, 0.16, 0.29, (176, 186, 198), (216, 222, 228)
    ),
    "dusk": Mood((150, 166, 220), (96, 124, 206), (72, 80, 120), 0.30, 0.85, (30, 60), 140, 0.12, 0.125, (40, 60, 126), (150, 140, 180)),
}
INDOOR_MOODS = {
    "tungsten": Mood((255, 188, 108), (214, 160, 104), (150, 104, 66), 1.0, 0.26, (38, 62), 110, 0.06, 0.20),
    "window": Mood((226, 238, 255), (190, 198, 212), (150, 140, 126), 1.0, 0.24, (18, 38), 105, 0.09, 0.22),
    "fluorescent": Mood((236, 255, 232), (214, 230, 214), (150, 156, 146), 0.62, 0.62, (58, 82), 90, 0.10, 0.29),
    "evening": Mood((255, 166, 84), (96, 108, 170), (110, 82, 70), 1.0, 0.20, (28, 52), 120, 0.05, 0.145),
    "coloured": Mood((255, 120, 190), (70, 80, 150), (60, 50, 80), 1.0, 0.24, (34, 58), 110, 0.06, 0.15),
}


MIDDLE = np.array([0.0, 1.2, -3.4])  # of a scene, in metres: lamps stand around it


@dataclass(frozen=True)
class Light:
    """One main light and an ambient that depends on which way a surface looks."""

    mood: str
    direction: np.ndarray  # (3,) unit vector from the middle of the scene towards the light
    position: np.ndarray | None  # (3,) metres, of a lamp or window; None: so far away that the direction is the same everywhere
    reach_m: float  # distance from the lamp at which its strength is 1
    colour: np.ndarray  # (3,)
    above: np.ndarray  # (3,) ambient on a surface that looks up
    below: np.ndarray  # (3,) ambient on a surface that looks down
    softness: float
    key: float
    zenith: Colour
    horizon: Colour

    @property
    def ambient(self) -> np.ndarray:
        """(3,) ambient on a surface that looks at the camera."""
        return (self.above + self.below) / 2


def draw_light(rng: np.random.Generator, *, indoors: bool) -> Light:
    """A light of one of the moods, with the camera's white balance applied."""
    moods = INDOOR_MOODS if indoors else OUTDOOR_MOODS
    weights = [0.26, 0.26, 0.22, 0.16, 0.10] if indoors else [0.32, 0.18, 0.22, 0.16, 0.12]
    name = choose(rng, list(moods), weights)
    mood = moods[name]
    direction = _direction(rng, mood)
    distance = rng.uniform(2.6, 4.2)
    light = Light(
        mood=name,
        direction=direction,
        position=MIDDLE + direction * distance if indoors else None,
        reach_m=distance,
        colour=_tint(rng, mood.colour) * mood.direct * rng.uniform(0.85, 1.15),
        above=_tint(rng, mood.above) * mood.ambient * rng.uniform(0.8, 1.2),
        below=_tint(rng, mood.below) * mood.ambient * rng.uniform(0.8, 1.2),
        softness=mood.softness * rng.uniform(0.7, 1.6),
        key=mood.key * float(np.exp(rng.normal(0, 0.14))),
        zenith=linear(mood.zenith),
        horizon=linear(mood.horizon),
    )
    if name == "coloured":
        light = replace(light, colour=np.array(vivid(rng, saturation=(0.45, 0.85), value=(250, 255))))
    return _balanced(light, strength=rng.uniform(0.15, 0.55))


def turned_by(light: Light, angle: float) -> Light:
    """The light after it went by an angle in radians around the middle of the scene, as high as it was."""
    if angle == 0:
        return light
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    position = None if light.position is None else MIDDLE + turn @ (light.position - MIDDLE)
    return replace(light, direction=turn @ light.direction, position=position)


def _direction(rng: np.random.Generator, mood: Mood) -> np.ndarray:
    elevation = np.deg2rad(rng.uniform(*mood.elevation))
    azimuth = np.deg2rad(choose(rng, [-1, 1]) * rng.uniform(18, mood.azimuth))
    return np.array([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])


def _tint(rng: np.random.Generator, srgb: tuple[int, int, int]) -> np.ndarray:
    return np.array(linear(srgb)) * np.exp(rng.normal(0, 0.05, 3))


def _balanced(light: Light, *, strength: float) -> Light:
    """The light as a camera sees it that corrects ``strength`` (0..1) of its colour, in the logarithm."""
    total = light.colour * 0.6 + light.ambient
    gain = (total.mean() / total) ** strength
    sky = {name: tuple(float(c) for c in np.clip(getattr(light, name) * gain, 0, 1)) for name in ("zenith", "horizon")}
    return replace(light, colour=light.colour * gain, above=light.above * gain, below=light.below * gain, **sky)


def arrival(light: Light, point: np.ndarray) -> tuple[np.ndarray, float]:
    """(unit vector towards the light, its strength) at a point of the world."""
    if light.position is None:
        return light.direction, 1.0
    way = light.position - point
    distance = float(np.sqrt(way @ way))
    return way / distance, strength(light, distance)


def strength(light: Light, distance: T) -> T:
    """How strong a lamp is at a distance, 1 at ``reach_m``; finite near it."""
    return (light.reach_m**2 * 1.15) / (distance**2 + 0.15 * light.reach_m**2)


def shade(normals: np.ndarray, direct: np.ndarray, occlusion: np.ndarray | float, light: Light) -> np.ndarray:
    """Shading, float32 (3, H, W): direct light where ``direct`` (H, W) says how much arrives, and the ambient of the surface's side."""
    up = (normals[1] * _F(0.5) + _F(0.5)) * occlusion
    down = occlusion - up
    shading = np.empty_like(normals)
    for channel in range(3):
        np.multiply(direct, _F(light.colour[channel]), out=shading[channel])
        shading[channel] += up * _F(light.above[channel])
        shading[channel] += down * _F(light.below[channel])
    return shading


def length_of(normals: np.ndarray) -> np.ndarray:
    """Length of each vector of (3, H, W), never 0."""
    x, y, z = normals
    return np.sqrt(x * x + y * y + z * z + _F(1e-12))


def incidence(normals: np.ndarray, direction: np.ndarray, *, wrap: float = 0.0) -> np.ndarray:
    """Lambert's cosine, clipped at 0, float32 (H, W); ``wrap`` lets light bleed past the terminator, as skin and cloth do."""
    x, y, z = (_F(c / (1 + wrap)) for c in direction)
    return np.maximum(normals[0] * x + normals[1] * y + normals[2] * z + _F(wrap / (1 + wrap)), 0)
