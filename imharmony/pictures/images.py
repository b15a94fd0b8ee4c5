"""Reading and writing images.

Arrays are uint8 sRGB, shape (H, W, 3); masks are uint8, shape (H, W), 0..255. Every error names the file.
"""

import logging
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.opening import UPRIGHT, Source, is_deep, opened, orientation_of
from imharmony.pictures.photo_files import colours_differ, opaque_rgb, photograph_of, srgb_of

COLOUR_PROFILE = "colour profile"
LONGEST_SIDES = {".jpg": 65_500, ".png": 1_000_000}  # pixels that the formats' libraries write


log = logging.getLogger(__name__)


def decode_rgb(data: Source, *, name: str, as_encoded: bool = False) -> np.ndarray:
    """The pixels of an encoded image as uint8 (H, W, 3), upright: grey and CMYK converted, 16 bits scaled, other profiles made sRGB.

    ``name`` is the file's name for the message of the ``InputError`` raised when the data does not decode whole, or is transparent
    anywhere. ``as_encoded`` gives the file's own numbers, whatever profile they are under, as published data sets are compared.
    """
    with opened(data, name=name) as image:
        photograph = photograph_of(image, data, name=name)
    rgb = opaque_rgb(photograph, name=name)
    return rgb if as_encoded else srgb_of(photograph, name=name)


def plain_photograph(data: bytes, *, name: str) -> bytes:
    """The file itself if every decoder shows it alike, else a PNG of ``decode_rgb``."""
    with opened(data, name=name) as image:
        odd = oddities(image, name=name)
        is_plain = image.format in {"JPEG", "PNG"} and not odd
    if COLOUR_PROFILE in odd:
        log.info("%s: converted to sRGB from its colour profile", name)
    return data if is_plain else encode_png(decode_rgb(data, name=name), level=6)


def oddities(image: Image.Image, *, name: str) -> list[str]:
    """What keeps decoders from showing an opened picture alike, whatever its format: mode, depth, orientation, transparency, profile."""
    found = [] if image.mode in {"RGB", "L"} else [image.mode]
    if not found and is_deep(image):
        found.append("16 bits")
    orientation = orientation_of(image)
    if orientation != UPRIGHT:
        found.append(f"orientation {orientation}")
    if not found and image.has_transparency_data:
        found.append("transparency")
    if colours_differ(image, name=name):
        found.append(COLOUR_PROFILE)
    return found


def size_of_whole(data: bytes, *, name: str) -> tuple[int, int]:
    """(width, height) of an encoded image as stored, once all of it has been decoded; raises ``InputError`` like ``decode_rgb``."""
    with opened(data, name=name) as image:
        image.load()
        size, is_transparent = image.size, image.has_transparency_data
        photograph = photograph_of(image, data, name=name) if is_transparent else None
    if photograph is not None:
        opaque_rgb(photograph, name=name)
    return size


def decode_trusted(data: bytes, *, name: str) -> np.ndarray:
    """``decode_rgb`` at OpenCV's speed, for data that has already been verified (8-bit, no orientation to apply)."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if bgr is None:
        raise InputError(f"{name}: does not decode; expected a verified JPEG or PNG; delete the folder and run the stage again")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr)


def read_rgb(path: Path) -> np.ndarray:
    """``decode_rgb`` of a file."""
    return decode_rgb(path, name=str(path))


def read_scored(path: Path) -> np.ndarray:
    """A method's picture as it is scored, uint8 (H, W, 3): the file's own numbers; refused with more than 8 bits or transparency."""
    with opened(path, name=str(path)) as image:
        if is_deep(image):
            raise InputError(f"{path}: 16 bits a channel; expected 8, as the protocols are defined; save it as 8-bit PNG, rounded")
        photograph = photograph_of(image, path, name=str(path))
    return opaque_rgb(photograph, name=str(path))


def encode_jpeg(rgb: np.ndarray, *, quality: int = 95) -> bytes:
    """JPEG bytes of a uint8 (H, W, 3) image, 4:2:0."""
    return _encode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: np.ndarray, *, level: int = 1) -> bytes:
    """PNG bytes of a uint8 (H, W, 3) image or (H, W) mask; zlib ``level`` 0 (fast) to 9 (small)."""
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    return _encode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, level])


def encoder_for(path: Path) -> Callable[[np.ndarray], bytes]:
    """``encode_png`` or ``encode_jpeg``, by the ending of the file that is to be written."""
    encoders: dict[str, Callable[[np.ndarray], bytes]] = {".png": encode_png, ".jpg": encode_jpeg, ".jpeg": encode_jpeg}
    if path.suffix.lower() not in encoders:
        raise InputError(f"{path}: cannot write {path.suffix or 'a file without an ending'!r}; expected one of {sorted(encoders)}")
    return encoders[path.suffix.lower()]


def encode_under(profile: bytes | None, rgb: np.ndarray, ending: str) -> bytes:
    """A picture (H, W, 3) under a colour profile as .png, or as .jpg of quality 95, 4:2:0."""
    kind, buffer = ".png" if ending == ".png" else ".jpg", BytesIO()
    _expect_sides(rgb, kind)
    if kind == ".jpg":
        Image.fromarray(rgb).save(buffer, "JPEG", quality=95, subsampling="4:2:0", icc_profile=profile or b"")
    else:
        Image.fromarray(rgb).save(buffer, "PNG", compress_level=1, icc_profile=profile)
    return buffer.getvalue()


def encode_patch(image: np.ndarray) -> bytes:
    """PNG bytes at two to four times the speed of ``encode_png``, of 8 or 16 bits: run lengths of the difference to the row above."""
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    rows = [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    return _encode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1, *rows])


def decode_png(data: bytes, *, name: str) -> np.ndarray:
    """The pixels of one of our own PNG files: uint8 (H, W, 3) RGB or (H, W)."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise InputError(f"{name}: does not decode; expected a PNG; delete the folder and run the stage again")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels


def _encode(extension: str, pixels: np.ndarray, options: list[int]) -> bytes:
    _expect_sides(pixels, extension)
    done, buffer = cv2.imencode(extension, pixels, options)
    if not done:
        raise ValueError(f"cannot encode an array of shape {pixels.shape} and type {pixels.dtype} as {extension}")
    return buffer.tobytes()


def _expect_sides(pixels: np.ndarray, extension: str) -> None:
    if max(pixels.shape[:2]) > LONGEST_SIDES[extension]:
        came = f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels"
        raise InputError(f"{came}; expected sides of at most {LONGEST_SIDES[extension]} in a {extension}; write another format")
