"""A photograph's file with all that matters to its look: its own numbers, alpha, colour profile and orientation.

Arrays are uint8, upright: (H, W, 3) of colours, (H, W) of alpha, 255 = opaque. What is done to a photograph beyond reading it (a profile
that is damaged and not used, CMYK that becomes sRGB) is said once, as a warning.
"""

import logging
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.mask_files import OPAQUE
from imharmony.pictures.opening import MOST_PIXELS, Source, deep_channels, opened, orientation_of, pixels_of, scaled_to_8_bits, upright
from imharmony.pictures.profiles import BrokenProfileError, means_srgb, space_of, to_srgb

OVERSHOOT = 0.01  # of floats: what resampling leaves below 0 and above 1
DARKEST = 16  # parts of full scale: 12 bits in a file of 16
GREYS = ("1", "L", "LA", "La", "I", "F")

log = logging.getLogger(__name__)


class Photograph(NamedTuple):
    """What a file has."""

    colours: np.ndarray  # the file's own numbers under its profile; of CMYK and of grey profiles sRGB
    alpha: np.ndarray | None  # None: opaque
    profile: bytes | None  # of RGB, to be kept with the colours; None: sRGB, as far as anybody knows
    is_srgb: bool  # whether the colours are sRGB already
    orientation: int  # EXIF's, as stored
    size: tuple[int, int]  # width, height as stored


def read_photograph(path: Path, *, most_pixels: int = MOST_PIXELS) -> Photograph:
    """A file with all that it has."""
    with opened(path, name=str(path), most_pixels=most_pixels) as image:
        return photograph_of(image, path, name=str(path))


def photograph_of(image: Image.Image, source: Source, *, name: str) -> Photograph:
    """Decodes an opened image; raises ``InputError`` where its numbers cannot be told."""
    profile = _profile_of(image, name=name)
    colours, alpha = _channels(image, source, profile, name=name)
    orientation, size = orientation_of(image), image.size
    if profile is not None and space_of(profile) != "RGB":
        _say(f"{name}: {image.mode} colours under a profile of their own; converted to sRGB")
        profile = None
    elif image.mode == "CMYK":
        _say(f"{name}: CMYK without a usable profile; converted to RGB by rule of thumb")
    is_srgb = profile is None or means_srgb(profile)
    alpha = None if alpha is None else upright(alpha, orientation)
    return Photograph(upright(colours, orientation), alpha, profile, is_srgb, orientation, size)


def srgb_of(photograph: Photograph, *, name: str) -> np.ndarray:
    """The colours as sRGB, uint8 (H, W, 3)."""
    if photograph.is_srgb or photograph.profile is None:
        return photograph.colours
    try:
        return to_srgb(photograph.colours, photograph.profile)
    except BrokenProfileError as error:
        raise InputError(f"{name}: its colour profile does not convert ({error}); expected sRGB; save it as sRGB") from error


def opaque_rgb(photograph: Photograph, *, name: str) -> np.ndarray:
    """The file's own colours; raises ``InputError`` where anything is transparent, because nobody knows over what it lies."""
    if not is_opaque(photograph):
        raise InputError(f"{name}: transparent in parts; expected a picture that is opaque; flatten it over what it lies on")
    return photograph.colours


def is_opaque(photograph: Photograph) -> bool:
    """Whether nothing shows through, to any eye."""
    return photograph.alpha is None or int(photograph.alpha.min()) >= OPAQUE


def colours_differ(image: Image.Image, *, name: str) -> bool:
    """Whether an opened image has a usable profile that is not sRGB's."""
    profile = _profile_of(image, name=name)
    return profile is not None and not (space_of(profile) == "RGB" and means_srgb(profile))


def own_profile(data: bytes, *, name: str) -> bytes | None:
    """The RGB profile of a file whose numbers are not sRGB's; None where there is none such."""
    with opened(data, name=name) as image:
        profile = _profile_of(image, name=name)
    return profile if profile is not None and space_of(profile) == "RGB" and not means_srgb(profile) else None


def _profile_of(image: Image.Image, *, name: str) -> bytes | None:
    """The profile of the numbers, if it is whole and of their kind; a grey picture may be under one of RGB."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    kind = "L" if image.mode.startswith(GREYS) else "CMYK" if image.mode == "CMYK" else "RGB"
    try:
        space = space_of(profile)
        to_srgb(np.zeros((1, 1) if space == "L" else (1, 1, len(space)), np.uint8), profile)
    except BrokenProfileError as error:
        _say(f"{name}: its colour profile is damaged ({error}) and not used; its colours are taken for sRGB")
        return None
    if space == kind or (kind, space) == ("L", "RGB"):
        return profile
    _say(f"{name}: its colour profile is of {space}, its colours are not; it is not used and they are taken for sRGB")
    return None


def _channels(image: Image.Image, source: Source, profile: bytes | None, *, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours uint8 (H, W, 3) and alpha as stored; grey and CMYK under a profile of theirs are sRGB."""
    deep = deep_channels(image, source)
    if deep is not None:
        _expect_used(int(deep[..., :3].max()), 65535, name=name)
        pixels = scaled_to_8_bits(deep)
        colours, alpha = np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy() if pixels.shape[2] == 4 else None
    elif image.mode.startswith(("I", "F")):
        colours, alpha = _repeated(_scaled(image, name=name)), None
    elif image.mode == "CMYK" and profile is not None:
        return to_srgb(pixels_of(image, "CMYK"), profile), None
    elif image.has_transparency_data:
        pixels = pixels_of(image, "RGBA")
        colours, alpha = np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy()
    else:
        colours, alpha = pixels_of(image, "RGB"), None
    if profile is not None and space_of(profile) == "L":
        colours = to_srgb(np.ascontiguousarray(colours[..., 0]), profile)
    return colours, alpha


def _scaled(image: Image.Image, *, name: str) -> np.ndarray:
    """A grey photograph of 16 bits or of floats as uint8 (H, W)."""
    image.load()
    numbers = np.array(image)
    least, most = numbers.min(), numbers.max()
    if numbers.dtype.kind == "f":
        if not (least >= -OVERSHOOT and most <= 1 + OVERSHOOT):  # false of NaN too
            raise InputError(f"{name}: floats from {least:g} to {most:g}; expected 0 to 1; save it as 8-bit PNG or JPEG")
        _expect_used(float(most), 1, name=name)
        return np.clip(np.rint(numbers * 255), 0, 255).astype(np.uint8)
    if least < 0 or most > 65535:
        raise InputError(f"{name}: numbers from {least} to {most}; expected 0 to 65535; save it as 8-bit PNG or JPEG")
    _expect_used(int(most), 65535, name=name)
    return scaled_to_8_bits(numbers)


def _expect_used(most: float, full: float, *, name: str) -> None:
    """Raises ``InputError`` where 8 to 12 bits lie in a file of more: scaled, they would all be black. A picture of zeros is one."""
    if 0 < most < full / DARKEST:
        came = f"its largest value is {most:g}, of {full:g}, so all of it is black"
        raise InputError(f"{name}: {came}; expected numbers up to {full:g}; if it has 8 to 12 bits, save it as an 8-bit PNG")


@lru_cache(maxsize=1024)
def _say(line: str) -> None:
    log.warning(line)  # once: a file is looked at more than once


def _repeated(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)
