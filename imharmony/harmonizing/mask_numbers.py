"""What is measured on masks to find what is wrong with them. Masks are uint8 (H, W), 255 = the pasted object."""

from functools import lru_cache

import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.diagnosis import LARGEST_PX, Case, Look
from imharmony.pictures.mask_files import COLOURED, OPAQUE
from imharmony.pictures.opening import opened, pixels_of

NOISE = 16  # levels that JPEG leaves beside 0 and 255
DRAWN = 0.9  # of the pixels: near black or white in anything that was drawn as a mask
STRAY = 0.01  # of the pixels: coloured in a mask that is grey otherwise


@lru_cache(maxsize=4)
def stored_numbers(mask: Look) -> tuple[int, ...]:
    """The whole numbers in a mask's file, each once, ascending; of colours the first channel's. Nothing of floats."""
    with opened(mask.path, name=mask.name, most_pixels=LARGEST_PX) as image:
        image.load()
        pixels = np.asarray(image)
    first = pixels if pixels.ndim == 2 else pixels[..., 0]
    if first.dtype == np.uint8:  # counted, because sorting a large one takes seconds
        return tuple(np.flatnonzero(np.bincount(first.ravel(), minlength=256)).tolist())
    return () if first.dtype.kind == "f" else tuple(np.unique(first).tolist())


@lru_cache(maxsize=4)
def stray_colour_share(mask: Look) -> float | None:
    """The share of coloured pixels, in [0, 1], if there are so few that the mask is grey otherwise; None of any other file."""
    if mask.mode not in {"RGB", "RGBA"}:
        return None
    try:
        with opened(mask.path, name=mask.name, most_pixels=LARGEST_PX) as image:
            pixels = pixels_of(image, mask.mode)
    except InputError:
        return None
    if pixels.shape[2] == 4 and pixels[..., 3].min() < OPAQUE:
        return None
    colours = pixels[..., :3]
    share = float((colours.max(axis=2).astype(int) - colours.min(axis=2) > COLOURED).mean())
    return share if 0 < share <= STRAY and is_drawn(grey_of(mask)) else None


def grey_of(mask: Look) -> np.ndarray:
    """The grey of a file in colours, uint8 (H, W)."""
    with opened(mask.path, name=mask.name, most_pixels=LARGEST_PX) as image:
        return pixels_of(image, "L")


def is_drawn(mask: np.ndarray) -> bool:
    """Whether it is black and white for the most part, as masks are and photographs not."""
    return float(((mask <= NOISE) | (mask >= 255 - NOISE)).mean()) >= DRAWN and int(mask.max()) > 255 - NOISE and int(mask.min()) <= NOISE


def noise_share(mask: np.ndarray) -> float:
    """The share of pixels that are nearly black or nearly white, and neither."""
    return float((((mask > 0) & (mask <= NOISE)) | ((mask < 255) & (mask >= 255 - NOISE))).mean())


def without_noise(mask: np.ndarray) -> np.ndarray:
    """The mask with its levels stretched, so that what is nearly black is black and what is nearly white is white."""
    return np.clip(np.rint((mask.astype(np.float32) - NOISE) * (255 / (255 - 2 * NOISE))), 0, 255).astype(np.uint8)


def fits_scaled(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Whether a width and height are those wanted, but for a factor and for rounding."""
    return abs(size[0] * wanted[1] - size[1] * wanted[0]) <= max(*size, *wanted)


def fits_turned(case: Case) -> bool:
    """Whether the mask lies as the photograph is stored, and EXIF turns the photograph on its side."""
    if case.matte is None or case.photo.orientation not in range(5, 9):
        return False
    size = case.matte.shape[1], case.matte.shape[0]
    return fits_scaled(size, case.photo.size) and not fits_scaled(size, case.photo.shown)
