"""Colour profiles (ICC): which of them mean sRGB, and pixels brought from the others to sRGB and back.

Pixels are uint8 (H, W, 3), those of a grey profile (H, W), of CMYK (H, W, 4). A profile is its bytes. Whether it means sRGB is not a
matter of its name: a grid of colours must come out of it unchanged.
"""

from functools import lru_cache
from io import BytesIO
from typing import Any, cast

import numpy as np
from PIL import Image, ImageCms

SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # ICC's name of what a profile's numbers are -> Pillow's
GRID = 17  # colours along each channel that are compared
SAME = 1  # level: profiles that all mean sRGB differ so much in their tables
STRIP_PIXELS = 1 << 20


class BrokenProfileError(ValueError):
    """A profile that cannot be used."""


@lru_cache(maxsize=8)
def space_of(profile: bytes) -> str:
    """What the profile's numbers are: RGB, L or CMYK; raises ``BrokenProfileError`` of any other."""
    try:
        space = cast(Any, _opened(profile).profile).xcolor_space
    except UnicodeDecodeError as error:
        raise BrokenProfileError("colours of no known kind") from error
    if space not in SPACES:
        raise BrokenProfileError(f"colours of the kind {space.strip()!r}")
    return SPACES[space]


@lru_cache(maxsize=8)
def means_srgb(profile: bytes) -> bool:
    """Whether the numbers under an RGB profile are those of sRGB; raises ``BrokenProfileError``."""
    levels = np.linspace(0, 255, GRID).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(GRID, -1, 3)
    return int(np.abs(to_srgb(grid, profile).astype(int) - grid).max()) <= SAME


def profile_name(profile: bytes) -> str:
    """What the profile calls itself; "unnamed" where it says nothing readable."""
    try:
        return " ".join(ImageCms.getProfileDescription(_opened(profile)).split()) or "unnamed"
    except (ImageCms.PyCMSError, ValueError):  # also what is no text
        return "unnamed"


def to_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """Pixels under a profile as sRGB, uint8 (H, W, 3); raises ``BrokenProfileError``."""
    return _applied(pixels, _transform(profile, space_of(profile), is_back=False))


def from_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """sRGB pixels as the numbers of an RGB profile, uint8 (H, W, 3); raises ``BrokenProfileError``."""
    return _applied(pixels, _transform(profile, "RGB", is_back=True))


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    try:
        return ImageCms.ImageCmsProfile(BytesIO(profile))
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError) as error:
        raise BrokenProfileError(str(error)) from error


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str, *, is_back: bool) -> ImageCms.ImageCmsTransform:
    ours, srgb = _opened(profile), ImageCms.createProfile("sRGB")
    try:
        return ImageCms.buildTransform(srgb, ours, "RGB", mode) if is_back else ImageCms.buildTransform(ours, srgb, mode, "RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError) as error:
        raise BrokenProfileError(str(error)) from error


def _applied(pixels: np.ndarray, transform: ImageCms.ImageCmsTransform) -> np.ndarray:
    height, width = pixels.shape[:2]
    converted = np.empty((height, width, 3), np.uint8)
    rows = max(STRIP_PIXELS // max(width, 1), 1)
    for top in range(0, height, rows):
        strip = Image.fromarray(pixels[top : top + rows], transform.input_mode)
        done = ImageCms.applyTransform(strip, transform)
        if done is None:
            raise BrokenProfileError("its colours cannot be converted")
        converted[top : top + rows] = np.asarray(done)
    return converted
