"""A photograph written as it came: in its own colours and depth, with its alpha, its profile and what its file says beside its pixels.

What a format cannot hold is not in the file: 16 bits in JPEG, WebP and HEIC, a PNG's texts in any other, a resolution in WebP and HEIC
(unless EXIF says it). That a photograph is transparent and a JPEG cannot be is an ``InputError``.
"""

import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.containers import (
    APP1,
    COMMENT,
    EXIF_START,
    LONGEST_SEGMENT,
    XMP_START,
    XMP_WORD,
    Part,
    international,
    photoshop_segments,
    text_of,
    with_jpeg_segments,
    with_png_chunks,
)
from imharmony.pictures.deep_colours import in_own_deep_colours
from imharmony.pictures.extras import Extras
from imharmony.pictures.heic import ENDINGS as HEIC_ENDINGS
from imharmony.pictures.heic import FORMAT as HEIC
from imharmony.pictures.heic import PRESET as HEIC_PRESET
from imharmony.pictures.heic import QUALITY as HEIC_QUALITY
from imharmony.pictures.heic import expect_heic
from imharmony.pictures.opening import scaled_to_8_bits
from imharmony.pictures.photo_files import Photograph, is_opaque
from imharmony.pictures.tiff_files import encode_tiff
from imharmony.pictures.visible import STRIP_ROWS, in_own_colours

ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP"}
ENDINGS |= dict.fromkeys(HEIC_ENDINGS, HEIC)
DEEP = ("PNG", "TIFF")
LONGEST_SIDES = {"JPEG": 65_500, "PNG": 1_000_000, "WEBP": 16_383, HEIC: 16_384}  # pixels that the formats' libraries write
QUALITY = 95  # of JPEG and WebP whose input was packed in another way
PNG_LEVEL = 1
COMMENT_WORD = b"Comment"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """What is to be written."""

    pixels: np.ndarray  # uint8 or uint16 (H, W), (H, W, 3) or (H, W, 4)
    profile: bytes | None
    extras: Extras
    path: Path


def supported_endings() -> tuple[str, ...]:
    """The endings of files that can be written; those of HEIC need pillow-heif."""
    return tuple(ENDINGS)


def default_output(photo: Path, *, stem: str | None = None) -> Path:
    """Where a photograph's result goes if nobody says: beside it, ``photo_harmonized`` with its ending, or .png if that cannot be.

    ``stem`` is what stands before ``_harmonized``, the photograph's own if it is not given.
    """
    if not photo.name:
        raise InputError(f"{photo}: a folder; expected the file of an image; name one")
    ending = photo.suffix if photo.suffix.lower() in ENDINGS else ".png"
    return photo.with_name(f"{stem or photo.stem}_harmonized{ending}")


def expect_ending(path: Path) -> None:
    """Raises ``InputError`` where the ending of ``path`` is of no format that can be written here."""
    _kind_of(path)


def expect_room(photograph: Photograph, path: Path, *, name: str) -> None:
    """Raises ``InputError`` where a format cannot hold a photograph: its transparency or its size. ``name`` is the photograph's."""
    kind, (height, width) = _kind_of(path), photograph.colours.shape[:2]
    if kind == "JPEG" and not is_opaque(photograph):
        came = f"transparent in parts, which {path.suffix} cannot be"
        raise InputError(f"{name}: {came}; expected a .png to write; name {path.stem}.png")
    if max(width, height) > LONGEST_SIDES.get(kind, width + height):
        came = f"a picture of {width}x{height} pixels"
        raise InputError(f"{came}; expected sides of at most {LONGEST_SIDES[kind]} in a {path.suffix.lower()}; write another format")


def encode_photograph(photograph: Photograph, seen: np.ndarray, harmonized: np.ndarray, path: Path) -> bytes:
    """The file of a photograph with what changed from ``seen`` to ``harmonized``, in the format of the ending of ``path``.

    ``seen`` is the sRGB that the method saw, uint8 (H, W, 3); ``harmonized`` is that too, or float32 (H, W, 3) in levels of 0 to 255
    that are not rounded, so that a photograph of 16 bits has no bands. Pixels in which the two are equal, and hidden ones, are written
    bit for bit as they came, as far as the format is without loss. JPEG of JPEG has the same tables and subsampling; WebP is without
    loss of what was. Raises ``InputError`` like ``expect_ending`` and ``expect_room``.
    """
    kind = _kind_of(path)
    expect_room(photograph, path, name="the photograph")
    if photograph.deep is None:
        colours, alpha = in_own_colours(photograph, seen, _as_bytes(harmonized)), photograph.alpha
    else:
        colours, alpha = in_own_deep_colours(photograph, seen, harmonized), photograph.deep_alpha
        if alpha is None and photograph.alpha is not None:
            alpha = photograph.alpha.astype(np.uint16) * np.uint16(257)
        if kind not in DEEP:
            colours, alpha = _as_bytes_of_deep(colours), photograph.alpha
    if alpha is not None and kind != "JPEG":
        pixels = np.dstack([colours, alpha])
    elif photograph.extras.is_grey and photograph.profile is None and kind in ("PNG", "TIFF", "JPEG") and _is_grey(colours):
        pixels = colours[..., 0].copy()
    else:
        pixels = colours
    return ENCODERS[kind](Picture(pixels, photograph.profile, photograph.extras, path))


def _kind_of(path: Path) -> str:
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        came = repr(path.suffix) if path.suffix else "a file without an ending"
        raise InputError(f"{path}: cannot write {came}; expected a name that ends in {', '.join(sorted(ENDINGS))}")
    if ENDINGS[ending] == HEIC:
        expect_heic(str(path))
    return ENDINGS[ending]


def _png(picture: Picture) -> bytes:
    order = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[
        picture.pixels.ndim if picture.pixels.ndim == 2 else picture.pixels.shape[2]
    ]
    pixels = picture.pixels if order is None else cv2.cvtColor(picture.pixels, order)
    done, buffer = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, PNG_LEVEL])
    if not done:
        raise ValueError(f"cannot encode an array of shape {pixels.shape} and type {pixels.dtype} as PNG")
    extras, chunks = picture.extras, []
    if picture.profile is not None:
        chunks.append(Part(b"iCCP", b"ICC profile\0\0" + zlib.compress(picture.profile)))
    chunks += extras.on_colours
    if extras.dpi is not None:
        a_metre = (round(value / 0.0254).to_bytes(4, "big") for value in extras.dpi)
        chunks.append(Part(b"pHYs", b"".join(a_metre) + b"\1"))
    if extras.exif:
        chunks.append(Part(b"eXIf", extras.exif))
    if extras.xmp:
        chunks.append(international(XMP_WORD, extras.xmp.decode("utf-8", "replace")))
    chunks += extras.texts
    chunks += [international(COMMENT_WORD, comment.decode("utf-8", "replace").replace("\0", "")) for comment in extras.comments]
    return with_png_chunks(buffer.tobytes(), chunks)


def _tiff(picture: Picture) -> bytes:
    extras = picture.extras
    said = {"xmp": extras.xmp, "photoshop": extras.photoshop, "dpi": extras.dpi}
    return encode_tiff(picture.pixels, exif=extras.exif, profile=picture.profile, **said)


def _jpeg(picture: Picture) -> bytes:
    quality = picture.extras.jpeg
    if quality is None:
        options: dict[str, Any] = {"quality": QUALITY, "subsampling": "4:2:0"}
    else:
        options = {"qtables": quality.tables, "subsampling": quality.subsampling, "progressive": quality.is_progressive}
    if picture.profile is not None:
        options["icc_profile"] = picture.profile
    if picture.extras.dpi is not None:
        options["dpi"] = tuple(min(max(round(value), 1), 65535) for value in picture.extras.dpi)
    image, buffer = Image.fromarray(picture.pixels), BytesIO()
    try:
        image.save(buffer, "JPEG", **options)
    except OSError:  # noise does not fit into what Pillow reserves for a progressive file
        buffer = BytesIO()
        image.save(buffer, "JPEG", **options | {"progressive": False})
    return with_jpeg_segments(buffer.getvalue(), _segments(picture))


def _segments(picture: Picture) -> list[tuple[int, bytes]]:
    extras = picture.extras
    found = [(APP1, EXIF_START + extras.exif, "EXIF")] if extras.exif else []
    found += [(APP1, XMP_START + extras.xmp, "XMP")] if extras.xmp else []
    kept = [(marker, data) for marker, data, _ in found if len(data) <= LONGEST_SEGMENT]
    for what in (what for _, data, what in found if len(data) > LONGEST_SEGMENT):
        log.warning("%s: the photograph's %s data are longer than a JPEG takes (64 KB) and not in it", picture.path, what)
    kept += [(APP1, data) for data in extras.more_xmp]
    kept += photoshop_segments(extras.photoshop or b"")
    comments = [*extras.comments, *(text.encode() for word, text in map(text_of, extras.texts) if word == COMMENT_WORD)]
    return kept + [(COMMENT, comment[:LONGEST_SEGMENT]) for comment in comments]


def _webp(picture: Picture) -> bytes:
    lossless = {"lossless": True, "exact": True, "quality": 20, "method": 0}  # other methods take a third more memory
    options = lossless if picture.extras.is_lossless else {"quality": QUALITY, "exact": True, "method": 4}
    return _by_pillow(picture, "WEBP", options)


def _heic(picture: Picture) -> bytes:
    return _by_pillow(picture, HEIC, {"quality": HEIC_QUALITY, "enc_params": {"preset": HEIC_PRESET}})


def _by_pillow(picture: Picture, kind: str, options: dict[str, Any]) -> bytes:
    extras = picture.extras
    said = {"exif": extras.exif and EXIF_START + extras.exif, "xmp": extras.xmp, "icc_profile": picture.profile}
    buffer = BytesIO()
    try:
        Image.fromarray(picture.pixels).save(buffer, kind, **options, **{key: value for key, value in said.items() if value})
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{picture.path}: {kind} does not take this picture ({error}); write a .png") from error
    return buffer.getvalue()


def _as_bytes(levels: np.ndarray) -> np.ndarray:
    """Levels of 0 to 255 as uint8, rounded."""
    return levels if levels.dtype == np.uint8 else _by_strips(levels, lambda rows: np.clip(np.rint(rows), 0, 255).astype(np.uint8))


def _as_bytes_of_deep(pixels: np.ndarray) -> np.ndarray:
    return _by_strips(pixels, scaled_to_8_bits)


def _by_strips(pixels: np.ndarray, made: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    result = np.empty(pixels.shape, np.uint8)
    for top in range(0, len(pixels), STRIP_ROWS):
        result[top : top + STRIP_ROWS] = made(pixels[top : top + STRIP_ROWS])
    return result


def _is_grey(colours: np.ndarray) -> bool:
    strips = (colours[top : top + STRIP_ROWS] for top in range(0, len(colours), STRIP_ROWS))
    return all(bool((strip == strip[..., :1]).all()) for strip in strips)


ENCODERS: dict[str, Callable[[Picture], bytes]] = {"PNG": _png, "TIFF": _tiff, "JPEG": _jpeg, "WEBP": _webp, HEIC: _heic}
