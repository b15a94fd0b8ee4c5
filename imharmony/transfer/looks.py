"""A hundred colour looks as 3-D lookup tables, made by rule: twelve families, each drawn from its ranges.

Values are sRGB in [0, 1]. Along the grey axis no channel of any look ever falls.
"""

import numpy as np

from imharmony.running.seeds import numpy_rng
from imharmony.transfer.daylight import LUMINANCE
from imharmony.transfer.photometric import steepened

SIZE = 17  # grid points along each side

# In the order in which they are applied; what a family does not name is neutral.
NEUTRAL = {
    "mixing": 0.0,  # share of each channel that comes from the two others
    "contrast": 1.0,  # slope at middle grey
    "crossing": 0.0,  # red steeper, blue flatter by this share
    "warmth": 0.0,  # exponent of blue over that of red, in octaves
    "magenta": 0.0,  # exponent of green, in octaves
    "gamma": 1.0,
    "black": 0.0,  # what black becomes
    "white": 1.0,  # what white becomes
    "shadow_tone": 0.0,  # colour added to black, fading out towards white
    "shadow_hue": 0.0,  # degrees; 0 is red, 120 green, 240 blue
    "highlight_tone": 0.0,
    "highlight_hue": 0.0,
    "saturation": 1.0,
}

FAMILIES: dict[str, dict[str, tuple[float, float]]] = {
    "film": {"contrast": (1.2, 1.7), "gamma": (0.5, 1.7), "black": (0.02, 0.08), "white": (0.9, 0.98), "warmth": (-0.1, 0.4)},
    "faded": {"contrast": (0.6, 0.9), "gamma": (0.5, 1.7), "black": (0.08, 0.2), "white": (0.86, 0.96), "saturation": (0.5, 0.85)},
    "warm": {"warmth": (0.5, 1.1), "gamma": (0.5, 1.7), "saturation": (0.9, 1.15)},
    "cool": {"warmth": (-1, -0.5), "gamma": (0.5, 1.7), "saturation": (0.8, 1.1)},
    "cross_process": {"crossing": (0.3, 0.7), "contrast": (1, 1.3), "magenta": (-0.4, 0.3), "gamma": (0.5, 1.7), "saturation": (1, 1.3)},
    "split_tone": {
        "shadow_tone": (0.08, 0.16),
        "shadow_hue": (180, 260),
        "highlight_tone": (0.08, 0.16),
        "highlight_hue": (15, 60),
        "contrast": (0.9, 1.4),
        "gamma": (0.5, 1.7),
    },
    "reverse_tone": {
        "shadow_tone": (0.08, 0.15),
        "shadow_hue": (0, 50),
        "highlight_tone": (0.06, 0.13),
        "highlight_hue": (170, 250),
        "gamma": (0.5, 1.7),
    },
    "channel_mix": {"mixing": (0.25, 0.5), "saturation": (1, 1.5), "gamma": (0.5, 1.7), "contrast": (0.9, 1.4)},
    "bleach": {"saturation": (0.2, 0.5), "contrast": (1.4, 1.9), "gamma": (0.5, 1.4)},
    "vivid": {"saturation": (1.3, 1.8), "contrast": (1.2, 1.6), "gamma": (0.5, 1.7)},
    "night": {"gamma": (1.3, 1.9), "warmth": (-0.8, -0.2), "saturation": (0.5, 0.9)},
    "bright": {"gamma": (0.45, 0.7), "white": (0.94, 1), "saturation": (0.8, 1.2), "warmth": (-0.2, 0.4)},
}

COUNT = 100
LOOKS: tuple[str, ...] = tuple(f"{list(FAMILIES)[index % len(FAMILIES)]}_{index // len(FAMILIES)}" for index in range(COUNT))


def look_table(name: str) -> np.ndarray:
    """A look of ``LOOKS``, float64 (S, S, S, 3) in [0, 1], indexed by red, green, blue; its name alone decides it."""
    rng = numpy_rng("look", name)
    recipe = NEUTRAL | {key: float(rng.uniform(*limits)) for key, limits in FAMILIES[name.rpartition("_")[0]].items()}
    return developed(identity_table(SIZE), recipe, mix=_mix(rng))


def identity_table(size: int) -> np.ndarray:
    """The table that changes nothing, float64 (size, size, size, 3)."""
    side = np.arange(size) / (size - 1)
    return np.stack(np.meshgrid(side, side, side, indexing="ij"), axis=-1)


def developed(colours: np.ndarray, recipe: dict[str, float], *, mix: np.ndarray) -> np.ndarray:
    """Colours (..., 3) after a recipe with the keys of ``NEUTRAL``; the rows of ``mix`` say what a channel takes from the others."""
    share, crossing = recipe["mixing"], recipe["crossing"]
    values = (1 - share) * colours + share * (colours[..., None, :] * mix).sum(axis=-1)
    values = steepened(values, recipe["contrast"] * np.array([1 + crossing, 1, 1 / (1 + crossing)]))
    octaves = np.array([-recipe["warmth"], recipe["magenta"], recipe["warmth"]]) / np.array([2, 1, 2])
    values = values ** (recipe["gamma"] * 2**octaves)
    values = recipe["black"] + (recipe["white"] - recipe["black"]) * values
    luma = _luma(values)
    tones = recipe["shadow_tone"] * (1 - luma) ** 2 * _tint(recipe["shadow_hue"])
    tones = tones + recipe["highlight_tone"] * luma**2 * _tint(recipe["highlight_hue"])
    values = values + tones
    luma = _luma(values)
    return (luma + recipe["saturation"] * (values - luma)).clip(0, 1)


def _mix(rng: np.random.Generator) -> np.ndarray:
    """Shares of the two other channels, in rows that sum to 1 with zeros on the diagonal."""
    share = rng.uniform(0, 1, 3)
    mix = np.zeros((3, 3))
    for row in range(3):
        mix[row, (row + 1) % 3], mix[row, (row + 2) % 3] = share[row], 1 - share[row]
    return mix


def _tint(degrees: float) -> np.ndarray:
    """A colour of this hue without luma."""
    waves = np.cos(np.radians(degrees - np.array([0, 120, 240])))
    return waves - (LUMINANCE * waves).sum()


def _luma(values: np.ndarray) -> np.ndarray:
    return (values * LUMINANCE).sum(axis=-1, keepdims=True)
