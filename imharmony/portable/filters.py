"""Harmonizer's six filters without torch (Ke et al. 2022, arXiv:2207.01322); the numbers are those of ``networks.published.filters``.

Pictures are planes (3, h, w) or photographs (H, W, 3), uint8 or float32 in levels 0..255; maps are the six arguments in [-1, 1] in the
filters' order (6, 1, 1), and once surveyed with three gains, a slope and a mean (11, 1, 1), all float32.
"""

from collections.abc import Callable, Iterator

import numpy as np

SURVEYED_PX = 2**20  # pixels of the photograph that are worked on at once
EPSILON, LEAST = np.float32(1e-6), np.float32(1e-9)
WHITE = np.float32(255)


def surveyed(photo: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """The maps with what two filters have to know of the whole photograph (H, W, 3)."""
    warmth, brightness, contrast = (maps[place, 0, 0] for place in (0, 1, 2))
    gains = _warmth_gains(warmth, _mean(photo, lambda colours: colours))
    turned = _mean(photo, lambda colours: _warmed_and_lit(colours, gains, brightness)).mean()
    slope = 255 / (256 - np.floor(255 * contrast)) - 1 if contrast > 0 else contrast
    return np.concatenate([maps, np.array([*gains, slope, turned], np.float32)[:, None, None]])


def filtered(picture: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """What the filters change of planes (3, h, w), float32 in levels."""
    known = maps[:, 0, 0]
    before = picture.astype(np.float32) / WHITE
    colours = _warmed_and_lit(before, known[6:9], known[1])
    colours = (colours + (colours - known[10]) * known[9]).clip(0, 1)
    colours = _saturated(colours, known[3])
    colours = 1 - ((1 - colours + LEAST) ** (1 + known[4])).clip(0, 1)
    colours = ((colours + LEAST) ** (1 - known[5])).clip(0, 1)
    return (colours - before) * WHITE


def _warmth_gains(argument: np.float32, means: np.ndarray) -> np.ndarray:
    reach = abs(argument)
    raised = means + np.array([reach * (argument < 0), reach / 2, reach * (argument > 0)])
    return (1 + raised.mean() / (raised + EPSILON) - means.mean() / (means + EPSILON)).astype(np.float32)


def _warmed_and_lit(colours: np.ndarray, gains: np.ndarray, brightness: np.float32) -> np.ndarray:
    factor = 1 / (1 - brightness + EPSILON) if brightness >= 0 else 1 + brightness
    return ((colours * gains[:, None, None]).clip(0, 1) * factor).clip(0, 1)


def _saturated(colours: np.ndarray, argument: np.float32) -> np.ndarray:
    low, high = colours.min(0), colours.max(0)
    middle = (low + high) / 2
    if argument < 0:
        return (middle + (colours - middle) * (1 + argument)).clip(0, 1)
    total = low + high
    saturation = (high - low) / (np.where(middle < 0.5, total, 2 - total) + EPSILON)
    room = np.where(argument + saturation > 1, saturation, 1 - argument)
    return (colours + (colours - middle) * (1 / (room + EPSILON) - 1)).clip(0, 1)


def _mean(photo: np.ndarray, changed: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The mean of each channel over the photograph, once ``changed`` as planes in [0, 1], float64 (3,)."""
    total = sum(changed(part).sum((1, 2), dtype=np.float64) for part in _strips(photo))
    return total / (photo.shape[0] * photo.shape[1])


def _strips(photo: np.ndarray) -> Iterator[np.ndarray]:
    step = max(SURVEYED_PX // photo.shape[1], 1)
    for top in range(0, photo.shape[0], step):
        yield photo[top : top + step].transpose(2, 0, 1).astype(np.float32) / WHITE
