"""What a photograph's file says beside its pixels: EXIF, XMP, resolution, texts, and how the pixels were packed.

All of it is made true of the picture as it is seen: upright, and without the small picture of what it was. What is damaged is left out,
and this is said in one warning.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast
from xml.parsers import expat

from PIL import Image, JpegImagePlugin

from imharmony.pictures.containers import (
    APP1,
    APP13,
    COMMENT,
    EXIF_START,
    MORE_XMP_START,
    MOST_BYTES,
    ON_COLOURS,
    PHOTOSHOP_START,
    TEXTS,
    XMP_START,
    XMP_WORD,
    Part,
    TooMuchError,
    is_lossless_webp,
    jpeg_segments,
    png_chunks,
    text_of,
    without_small_pictures,
)
from imharmony.pictures.exif_blocks import (
    ICC,
    PHOTOSHOP,
    PREFIX,
    XMP,
    DamagedError,
    Read,
    block_of,
    entries_of_tiff,
    resolution_of,
    upright_block,
)
from imharmony.pictures.opening import Source

TURNED = range(5, 9)  # orientations by a quarter
MOST_XMP = 1 << 24
RAW_EXIF = b"Raw profile type exif"  # ImageMagick's text of EXIF data
SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
ORIENTED = re.compile(rb"(\btiff:Orientation\s*(?:=\s*[\"']|>))\s*[0-9]+\s*")
SMALL_PICTURES = re.compile(rb"<xmp:Thumbnails\b.*?</xmp:Thumbnails>", re.DOTALL)
KEPT_CHUNKS = (*ON_COLOURS, *TEXTS, b"eXIf")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JpegQuality:
    """How a JPEG was packed."""

    tables: tuple[tuple[int, ...], ...]  # of quantization, 64 numbers each: of the components in their order, the last of all further ones
    subsampling: str  # 4:4:4, 4:2:2 or 4:2:0; what else there is, as 4:4:4
    is_progressive: bool


@dataclass(frozen=True)
class Extras:
    """What a file says beside its pixels, true of the upright picture."""

    format: str = ""  # Pillow's name of it
    exif: bytes | None = None  # a block without a prefix; orientation 1, no thumbnail
    xmp: bytes | None = None
    more_xmp: tuple[bytes, ...] = ()  # a JPEG's segments of what does not fit into the first
    photoshop: bytes | None = None  # resources, IPTC's texts among them
    dpi: tuple[float, float] | None = None  # along width and height
    texts: tuple[Part, ...] = ()  # a PNG's chunks
    comments: tuple[bytes, ...] = ()  # of a JPEG or GIF
    on_colours: tuple[Part, ...] = ()  # a PNG's chunks beside its profile
    jpeg: JpegQuality | None = None
    is_lossless: bool = True
    is_grey: bool = False


def extras_of(image: Image.Image, source: Source, *, orientation: int, size: tuple[int, int], name: str) -> Extras:
    """What the file of an image says that has been decoded, because of a PNG it is not known before how it is turned.

    ``orientation`` is EXIF's, as stored, ``size`` the upright picture's (width, height). What is damaged is left out with a warning.
    """
    found: dict[str, Any] = {}
    stream: BinaryIO
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        try:
            found = READERS.get(image.format or "", _of_info)(image, stream, name)
        except (TooMuchError, DamagedError) as error:
            log.warning("%s: what it says beside its pixels is not kept: %s", name, error)
    is_turned = (image.info.get("original_orientation") if image.format == "HEIF" else orientation) in TURNED
    turned_size = size if is_turned else None
    found["exif"] = _sound("EXIF", found.get("exif"), lambda block: upright_block(block, size=turned_size), name=name)
    found["xmp"] = _sound("XMP", found.get("xmp"), upright_xmp, name=name)
    found["photoshop"] = _sound("Photoshop", found.get("photoshop"), without_small_pictures, name=name)
    found["dpi"] = _resolution(image.info.get("dpi"), is_turned=is_turned)
    if found["dpi"] is None and found["exif"] is not None:
        found["dpi"] = _resolution(resolution_of(found["exif"]), is_turned=False)
    return Extras(format=image.format or "", is_grey=image.mode.startswith(("1", "L", "I", "F")), **found)


def upright_xmp(xmp: bytes) -> bytes:
    """The XMP of a picture that is now upright, without small pictures of it; raises ``DamagedError`` of what is not whole."""
    text = xmp.rstrip(b"\0")
    if len(text) > MOST_XMP or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise DamagedError("too long, or no XMP")
    try:
        expat.ParserCreate().Parse(text, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DamagedError(str(error)) from error
    return ORIENTED.sub(rb"\g<1>1", SMALL_PICTURES.sub(b"", text))


def _sound(what: str, data: bytes | None, made_true: Callable[[bytes], bytes], *, name: str) -> bytes | None:
    """The data made true of the upright picture; None where there are none and, with a warning, where they are damaged."""
    if not data:
        return None
    try:
        return made_true(data)
    except ValueError as error:
        log.warning("%s: its %s data are damaged (%s) and not kept", name, what, error)
        return None


def _of_info(image: Image.Image, stream: BinaryIO, _name: str) -> dict[str, Any]:
    """Of WebP, HEIC, GIF and BMP: what Pillow has found."""
    comment = image.info.get("comment")
    return {
        "exif": (image.info.get("exif") or b"").removeprefix(PREFIX),
        "xmp": image.info.get("xmp"),
        "comments": (comment,) if isinstance(comment, bytes) else (),
        "is_lossless": image.format != "HEIF" and (image.format != "WEBP" or is_lossless_webp(stream)),
    }


def _of_jpeg(image: Image.Image, stream: BinaryIO, _name: str) -> dict[str, Any]:
    parts: dict[str, list[bytes]] = {"exif": [], "xmp": [], "more_xmp": [], "photoshop": [], "comments": []}
    starts = ((APP1, EXIF_START, "exif"), (APP1, XMP_START, "xmp"), (APP1, MORE_XMP_START, "more_xmp"))
    starts += ((APP13, PHOTOSHOP_START, "photoshop"), (COMMENT, b"", "comments"))
    for marker, data in jpeg_segments(stream):
        for kind, start, what in starts:
            if marker == kind and data.startswith(start):
                parts[what].append(data if what == "more_xmp" else data[len(start) :])
    return {
        "exif": b"".join(parts["exif"]),
        "xmp": parts["xmp"][0] if parts["xmp"] else None,
        "more_xmp": tuple(parts["more_xmp"]),
        "photoshop": b"".join(parts["photoshop"]),
        "comments": tuple(parts["comments"]),
        "jpeg": _quality_of(cast(JpegImagePlugin.JpegImageFile, image)),
        "is_lossless": False,
    }


def _quality_of(image: JpegImagePlugin.JpegImageFile) -> JpegQuality | None:
    given = {number: tuple(min(max(int(value), 1), 255) for value in table) for number, table in image.quantization.items()}
    tables = [given.get(layer[3], ()) for layer in image.layer[:3]]
    if not tables or any(len(table) != 64 for table in tables) or image.mode == "CMYK":
        return None
    while len(tables) > 1 and tables[-1] == tables[-2]:  # the last is that of all further components too
        tables.pop()
    known = JpegImagePlugin.get_sampling(image)
    is_known = image.layers == 3 and known in range(len(SUBSAMPLINGS))
    return JpegQuality(tuple(tables), SUBSAMPLINGS[known if is_known else 0], bool(image.info.get("progressive")))


def _of_png(_image: Image.Image, stream: BinaryIO, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"texts": [], "on_colours": [], "exif": None, "xmp": None}
    for chunk in png_chunks(stream, KEPT_CHUNKS):
        if chunk.name in ON_COLOURS:
            found["on_colours"].append(chunk)
        elif chunk.name == b"eXIf":
            found["exif"] = chunk.data.removeprefix(PREFIX)
        elif chunk.name in TEXTS:
            _take_text(chunk, found, name=name)
    return found | {"texts": tuple(found["texts"]), "on_colours": tuple(found["on_colours"])}


def _take_text(chunk: Part, found: dict[str, Any], *, name: str) -> None:
    try:
        word, text = text_of(chunk)
    except ValueError as error:
        log.warning("%s: %s; not kept", name, error)
        return
    if word == XMP_WORD:
        found["xmp"] = found["xmp"] or text.encode()
    elif word == RAW_EXIF and found["exif"] is None:
        try:
            found["exif"] = bytes.fromhex("".join(text.split("\n")[3:])).removeprefix(PREFIX)
        except ValueError as error:
            log.warning("%s: its EXIF data are damaged (%s) and not kept", name, error)
    elif word != RAW_EXIF:
        found["texts"].append(chunk)


def _of_tiff(_image: Image.Image, stream: BinaryIO, _name: str) -> dict[str, Any]:
    entries, order = entries_of_tiff(_reader(stream))
    apart = {entry.tag: entry.value for entry in entries if entry.tag in (XMP, PHOTOSHOP, ICC)}
    kept = [entry for entry in entries if entry.tag not in apart]
    exif = block_of(kept, order) if kept else None
    return {"exif": exif, "xmp": apart.get(XMP), "photoshop": apart.get(PHOTOSHOP)}


def _reader(stream: BinaryIO) -> Read:
    room = MOST_BYTES

    def read(where: int, how_many: int) -> bytes:
        nonlocal room
        room -= how_many
        if room < 0:
            raise TooMuchError(f"more than {MOST_BYTES >> 20} MB beside the pixels")
        stream.seek(min(where, 1 << 62))
        return stream.read(how_many)

    return read


def _resolution(given: Any, *, is_turned: bool) -> tuple[float, float] | None:
    """Dots an inch along the upright picture's width and height, if they are such."""
    try:
        x, y = (float(value) for value in given or ())
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not (0 < x < 1e6 and 0 < y < 1e6):  # false of NaN too
        return None
    return (y, x) if is_turned else (x, y)


READERS: dict[str, Callable[[Image.Image, BinaryIO, str], dict[str, Any]]] = {
    "JPEG": _of_jpeg,
    "MPO": _of_jpeg,
    "PNG": _of_png,
    "TIFF": _of_tiff,
}
