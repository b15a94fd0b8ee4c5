"""Textons: what a pixel's surroundings look like, as the nearest of a few centres of filter responses (Leung & Malik 2001).

The filters are those of Lalonde & Efros's code (2007): of two widths and eight directions each, a Gaussian's second derivative across an
elongated Gaussian, and its Hilbert transform.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.fft import fft, ifft
from scipy.spatial.distance import cdist

from imharmony.running.seeds import numpy_rng

DIRECTIONS = 8
WIDTHS_PX = (1.0, 1.4)
ELONGATION = 2.0
SUPPORT = 3  # standard deviations
OVERSAMPLED = 9  # points of a pixel's side at which a filter is evaluated; odd
FILTERS = 2 * DIRECTIONS * len(WIDTHS_PX)
GREY = np.array([0.2989, 0.5870, 0.1140])
SAMPLES = 100_000  # responses that k-means sees at most
FEW = 8  # of fewer than one pixel in so many the responses are computed one by one
STOP = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)


def filter_bank() -> list[np.ndarray]:
    """The filters, float64 (S, S): each sums to 0 and its absolute values to 1."""
    directions = [np.pi * place / DIRECTIONS for place in range(DIRECTIONS)]
    return [_filter(width, angle, is_odd=odd) for width in WIDTHS_PX for angle in directions for odd in (False, True)]


def responses(picture: np.ndarray) -> np.ndarray:
    """What the filters make of the grey picture of uint8 (H, W, 3), scaled to [0, 1]: float32 (H * W, FILTERS)."""
    grey = picture @ GREY / 255
    found = [cv2.filter2D(grey, cv2.CV_64F, each, borderType=cv2.BORDER_REFLECT) for each in FILTER_BANK]
    return np.stack(found, axis=-1).reshape(-1, FILTERS).astype(np.float32)


def responses_at(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The rows of ``responses`` at these places alone, to within rounding: float32 (len(places), FILTERS)."""
    if FEW * len(places) > picture.shape[0] * picture.shape[1]:
        return responses(picture)[places]
    half = WHOLE_BANK.shape[0] // 2
    grey = cv2.copyMakeBorder(picture @ GREY / 255, half, half, half, half, cv2.BORDER_REFLECT)
    windows = np.lib.stride_tricks.sliding_window_view(grey, WHOLE_BANK.shape[:2])
    return np.tensordot(windows[np.unravel_index(places, picture.shape[:2])], WHOLE_BANK, 2).astype(np.float32)


def fit_textons(pictures: Sequence[np.ndarray], *, count: int, seed: int) -> np.ndarray:
    """The centres of k-means of the pictures' responses, float32 (count, FILTERS).

    Each picture gives equally many of at most ``SAMPLES`` responses, the authors' number. Deviation: the authors start anywhere; here the
    draw and the start, responses far from each other (Arthur & Vassilvitskii 2007), are the seed's.
    """
    rng = numpy_rng(seed, "textons")
    each = max(SAMPLES // len(pictures), 1)
    found = np.concatenate([responses_at(picture, _drawn(picture.shape[0] * picture.shape[1], each, rng)) for picture in pictures])
    nearest = cdist(found, _far_apart(found, count, rng), "sqeuclidean").argmin(axis=1).astype(np.int32)[:, None]
    _, _, centres = cv2.kmeans(found, count, nearest, STOP, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    return centres


def texton_labels(picture: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The nearest centre of each pixel of uint8 (H, W, 3), int64 (H * W,)."""
    found = responses(picture).astype(np.float64)
    wide = centres.astype(np.float64)
    return ((wide * wide).sum(axis=1) - 2 * found @ wide.T).argmin(axis=1)


def _drawn(of: int, count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(of, min(count, of), replace=False)


def _far_apart(found: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Starting centres by k-means++ over a part of the responses."""
    pool = found[_drawn(len(found), 40 * count, rng)].astype(np.float64)
    chosen = [pool[rng.integers(len(pool))]]
    square = ((pool - chosen[0]) ** 2).sum(axis=1)
    for _ in range(count - 1):
        total = square.sum()
        at = np.searchsorted(square.cumsum(), rng.random() * total, side="right") if total > 0 else rng.integers(len(pool))
        chosen.append(pool[min(int(at), len(pool) - 1)])
        square = np.minimum(square, ((pool - chosen[-1]) ** 2).sum(axis=1))
    return np.stack(chosen)


def _filter(width: float, angle: float, *, is_odd: bool) -> np.ndarray:
    half = int(np.ceil(SUPPORT * ELONGATION * width))
    step = 1 / OVERSAMPLED
    fine = (np.arange((2 * half + 1) * OVERSAMPLED) + 0.5) * step - half - 0.5
    across, down = np.meshgrid(fine, fine)
    along, over = across * np.sin(angle) + down * np.cos(angle), across * np.cos(angle) - down * np.sin(angle)
    reach = np.arange(-4 * half * OVERSAMPLED, 4 * half * OVERSAMPLED + 1) * step
    profile = np.exp(-(reach**2) / (2 * width**2)) * (reach**2 / width**2 - 1)
    if is_odd:
        profile = _hilbert(profile)
    values = np.exp(-(along**2) / (2 * (ELONGATION * width) ** 2)) * np.interp(over, reach, profile)
    side = 2 * half + 1
    whole = values.reshape(side, OVERSAMPLED, side, OVERSAMPLED).mean(axis=(1, 3))
    whole -= whole.mean()
    return whole / np.abs(whole).sum()


def _hilbert(values: np.ndarray) -> np.ndarray:
    """The Hilbert transform of values of odd number, as ``scipy.signal.hilbert`` has it, whose import takes a second."""
    spectrum = np.asarray(fft(values), np.complex128)
    half = (len(values) + 1) // 2
    spectrum[1:half] *= 2
    spectrum[half:] = 0
    return np.asarray(ifft(spectrum), np.complex128).imag


def _whole(bank: Sequence[np.ndarray]) -> np.ndarray:
    """The bank as one array, float64 (S, S, FILTERS), the smaller filters with a border of 0."""
    side = max(map(len, bank))
    return np.stack([np.pad(each, (side - len(each)) // 2) for each in bank], axis=-1)


FILTER_BANK = filter_bank()
WHOLE_BANK = _whole(FILTER_BANK)
