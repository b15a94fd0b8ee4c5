"""A photograph's file with all that matters to its look: its own numbers, alpha, colour profile and orientation.

Arrays are uint8, upright: (H, W, 3) of colours, (H, W) of alpha, 255 = opaque; those of 16 bits are uint16, 65535 = opaque. What is done
to a photograph beyond reading it (a profile that is damaged and not used, CMYK that becomes sRGB) is said once, as a warning.
"""

import logging
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.extras import Extras, extras_of
from imharmony.pictures.heic import FORMAT, expect_heic, is_heic
from imharmony.pictures.mask_files import OPAQUE
from imharmony.pictures.matrix_profiles import MOST, from_light, grey_curve_of
from imharmony.pictures.opening import (
    FORMATS,
    MOST_PIXELS,
    Source,
    deep_channels,
    opened,
    orientation_of,
    pixels_of,
    scaled_to_8_bits,
    upright,
)
from imharmony.pictures.profiles import BrokenProfileError, means_srgb, space_of, to_srgb

OVERSHOOT = 0.01  # of floats: what resampling leaves below 0 and above 1
DARKEST = 16  # parts of full scale: 12 bits in a file of 16
PHOTOMETRIC, WHITE_IS_0 = 262, 0  # TIFF's tag of what numbers mean
GREYS = ("1", "L", "LA", "La", "I", "F")

NOTHING = Extras()

log = logging.getLogger(__name__)


class Photograph(NamedTuple):
    """What a file has."""

    colours: np.ndarray  # the file's own numbers under its profile; of CMYK and of grey profiles sRGB
    alpha: np.ndarray | None  # None: opaque
    profile: bytes | None  # of RGB, to be kept with the colours; None: sRGB, as far as anybody knows
    is_srgb: bool  # whether the colours are sRGB already
    orientation: int  # EXIF's, as stored
    size: tuple[int, int]  # width, height as stored
    deep: np.ndarray | None = None  # the colours in 16 bits, uint16 (H, W, 3), where the file has them; None: 8 bits are all
    deep_alpha: np.ndarray | None = None  # uint16 (H, W), where there are deep colours and alpha
    extras: Extras = NOTHING  # what the file says beside its pixels


class Channels(NamedTuple):
    """What the pixels of a file are."""

    colours: np.ndarray
    alpha: np.ndarray | None = None
    deep: np.ndarray | None = None
    deep_alpha: np.ndarray | None = None


def read_photograph(path: Source, *, name: str | None = None, most_pixels: int = MOST_PIXELS) -> Photograph:
    """A file, or its bytes, with all that it has, HEIC too; ``name`` is the file's for messages. Raises ``InputError`` that names it."""
    name = name or (f"{len(path)} bytes" if isinstance(path, bytes) else str(path))
    formats = FORMATS
    if is_heic(path):
        expect_heic(name)
        formats = (FORMAT,)
    with opened(path, name=name, formats=formats, most_pixels=most_pixels) as image:
        stored = orientation_of(image) if image.format == "TIFF" else None  # which Pillow turns itself as it decodes
        photograph = photograph_of(image, path, name=name, is_whole=True)
        size = photograph.colours.shape[1], photograph.colours.shape[0]
        extras = extras_of(image, path, orientation=stored or photograph.orientation, size=size, name=name)
        return photograph._replace(extras=extras)


def photograph_of(image: Image.Image, source: Source, *, name: str, is_whole: bool = False) -> Photograph:
    """Decodes an opened image; raises ``InputError`` where its numbers cannot be told.

    ``is_whole`` is for what is to be written again: 16 bits are kept beside the 8. The extras are asked by ``read_photograph`` only.
    """
    profile = _profile_of(image, name=name)
    found = _channels(image, source, profile, name=name)
    orientation, size = orientation_of(image), image.size
    if profile is not None and space_of(profile) != "RGB":
        _say(f"{name}: {image.mode} colours under a profile of their own; converted to sRGB")
        profile = None
    elif image.mode == "CMYK":
        _say(f"{name}: CMYK without a usable profile; converted to RGB by rule of thumb")
    is_srgb = profile is None or means_srgb(profile)
    alpha, deep, deep_alpha = (
        None if each is None else upright(each, orientation)
        for each in (found.alpha, found.deep if is_whole else None, found.deep_alpha if is_whole else None)
    )
    return Photograph(upright(found.colours, orientation), alpha, profile, is_srgb, orientation, size, deep, deep_alpha)


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


def _channels(image: Image.Image, source: Source, profile: bytes | None, *, name: str) -> Channels:
    """Colours and alpha as stored; grey and CMYK under a profile of theirs are sRGB."""
    deep = deep_channels(image, source)
    if deep is not None:
        _expect_used(int(deep[..., :3].max()), 65535, name=name)
        pixels = scaled_to_8_bits(deep)
        both = [(np.ascontiguousarray(each[..., :3]), each[..., 3].copy() if each.shape[2] == 4 else None) for each in (pixels, deep)]
        found = Channels(*both[0], *both[1])
    elif image.mode.startswith(("I", "F")):
        grey, deep_grey = _scaled(image, name=name)
        found = Channels(_repeated(grey), None, _repeated(deep_grey))
    elif image.mode == "CMYK" and profile is not None:
        return Channels(to_srgb(pixels_of(image, "CMYK"), profile))
    elif image.has_transparency_data:
        pixels = pixels_of(image, "RGBA")
        found = Channels(np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy())
    else:
        found = Channels(pixels_of(image, "RGB"))
    if profile is not None and space_of(profile) == "L":
        found = found._replace(colours=to_srgb(np.ascontiguousarray(found.colours[..., 0]), profile), deep=_deep_srgb(found.deep, profile))
    return found


def _deep_srgb(grey: np.ndarray | None, profile: bytes) -> np.ndarray | None:
    """Grey of 16 bits (H, W, 3) under a profile as sRGB; None where only 8 bits can be converted."""
    curve = None if grey is None else grey_curve_of(profile)
    if grey is None or curve is None:
        return None
    return np.clip(np.rint(from_light(curve) * MOST), 0, MOST).astype(np.uint16)[grey]


def _scaled(image: Image.Image, *, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A grey photograph of 16 bits or of floats as uint8 (H, W) and as uint16."""
    image.load()
    numbers = np.array(image)
    least, most = numbers.min(), numbers.max()
    if numbers.dtype.kind == "f":
        if not (least >= -OVERSHOOT and most <= 1 + OVERSHOOT):  # false of NaN too
            raise InputError(f"{name}: floats from {least:g} to {most:g}; expected 0 to 1; save it as 8-bit PNG or JPEG")
        _expect_used(float(most), 1, name=name)
        fine = np.clip(np.rint(numbers * 65535.0), 0, 65535).astype(np.uint16)
        return np.clip(np.rint(numbers * 255), 0, 255).astype(np.uint8), fine
    if least < 0 or most > 65535:
        raise InputError(f"{name}: numbers from {least} to {most}; expected 0 to 65535; save it as 8-bit PNG or JPEG")
    _expect_used(int(most), 65535, name=name)
    if image.format == "TIFF" and getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_0 and image.mode.startswith("I;16"):
        numbers = 65535 - numbers  # which Pillow does for 8 bits only
    return scaled_to_8_bits(numbers), numbers.astype(np.uint16)


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
