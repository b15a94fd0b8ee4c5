"""The one place where the file of a picture is opened: photographs, masks and mattes, whoever gave them.

Only ``FORMATS`` are tried, so no other decoder of the library below ever sees a file from outside, and none calls another program.
A file that is no regular file (a pipe, a socket, a device, a folder) is refused before it is read, and one of too many pixels before
it is decoded. Whatever a decoder makes of a damaged file becomes an ``InputError`` that names it.
"""

import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from imharmony.errors import InputError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")  # a phone's JPEG of several pictures (MPO) is opened as JPEG: its first
EXPECTED = "expected a whole JPEG, PNG, WebP, TIFF, BMP or GIF"
MOST_PIXELS = 89_478_485  # of one picture of a data set; a byte less than a quarter of a gigabyte of RGB
STRIP_PIXELS = 1 << 22  # that are converted at a time, so that a large picture is not held three times
STRIP_ROWS = 256
UPRIGHT = 1  # EXIF's orientation
BITS, PLANES, APART = 258, 284, 2  # TIFF's tags of the bits a channel and of how channels lie, and its word for one by one

# What the first bytes say of files that are taken for pictures and are none of ours: where they begin, and what they say.
KINDS = (
    (4, b"ftypavif", "AVIF"),
    *((4, b"ftyp" + brand, "HEIC, as phones save photographs") for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heif")),
    (0, b"version https://git-lfs", "a pointer of Git LFS in place of the file; run git lfs pull"),
    *((0, start, "a TIFF of a kind that is not read, such as colours in floats or 64 bits") for start in (b"II*\0", b"MM\0*")),
    (0, b"%PDF", "a PDF"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"<svg", "a drawing in SVG"),
    (0, b"<", "a web page or other text"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"PK", "a zip archive"),
)
KIND_BYTES = 32

# What decoders raise of damaged files; a lack of memory is none of them.
DECODER_ERRORS = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, BufferError),
    *(RuntimeError, struct.error, zlib.error),
)

Source = Path | bytes

ImageFile.LOAD_TRUNCATED_IMAGES = False  # a half-written file is an error, never a grey band
Image.MAX_IMAGE_PIXELS = None  # `opened` has the limit instead, because a command may be asked for more and a data set not


class TooManyPixelsError(InputError):
    """A picture of more pixels than its reader takes."""


@contextmanager
def opened(
    source: Source, *, name: str, what: str = "image", formats: tuple[str, ...] = FORMATS, most_pixels: int = MOST_PIXELS
) -> Iterator[Image.Image]:
    """The opened picture, not yet decoded; ``what`` it should be is for the message, with the file's ``name``.

    Inside the block belongs what decodes, and nothing else: of ``DECODER_ERRORS`` there the file is taken for the cause.
    """
    with _stream(source, name=name, what=what) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tags that nothing here reads; what makes a picture unreadable is an error
        try:
            with Image.open(stream, formats=formats) as image:
                _expect_one_picture(image, name=name, most_pixels=most_pixels)
                yield image
        except InputError:
            raise
        except UnidentifiedImageError as error:
            came = _kind_of(source)
            raise InputError(f"{name}: not a readable {what} ({came}); {EXPECTED}; save it as one of these") from error
        except DECODER_ERRORS as error:
            reason = str(error) or type(error).__name__
            raise InputError(f"{name}: not a readable {what} ({reason}); {EXPECTED}; replace the file") from error


def orientation_of(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 where there is none, and where the EXIF data are damaged, as viewers take them.

    A PNG is decoded by it, because its EXIF data may lie behind the pixels.
    """
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    except DECODER_ERRORS:
        return UPRIGHT
    return found if found in range(2, 9) else UPRIGHT


def turned_note(source: Source, *, name: str) -> str:
    """For messages about sizes: what EXIF's orientation does to that of a file, or nothing where it stays as stored."""
    with opened(source, name=name) as image:
        orientation, (width, height) = orientation_of(image), image.size
    if orientation not in range(5, 9) or width == height:
        return ""
    return f"; {name} is stored as {width}x{height} and its EXIF orientation ({orientation}) turns it to {height}x{width}"


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """An array (H, W) or (H, W, C) turned as EXIF's orientation says."""
    if orientation == UPRIGHT:
        return pixels
    turned = pixels.swapaxes(0, 1) if orientation in range(5, 9) else pixels
    turned = turned[::-1] if orientation in (3, 4, 7, 8) else turned
    turned = turned[:, ::-1] if orientation in (2, 3, 6, 7) else turned
    return np.ascontiguousarray(turned)


def pixels_of(image: Image.Image, mode: str) -> np.ndarray:
    """The picture in another mode, as an array; converted strip by strip."""
    image.load()
    width, height = image.size
    rows = max(STRIP_PIXELS // max(width, 1), 1)
    strips = (image.crop((0, top, width, min(top + rows, height))) for top in range(0, height, rows))
    if rows >= height:
        return _converted(image, mode)
    first = _converted(next(strips), mode)
    pixels = np.empty((height, *first.shape[1:]), first.dtype)
    pixels[:rows] = first
    for number, strip in enumerate(strips, start=1):
        pixels[number * rows : (number + 1) * rows] = _converted(strip, mode)
    return pixels


def is_deep(image: Image.Image) -> bool:
    """Whether a picture, not yet decoded, has more than 8 bits a channel."""
    return image.mode.startswith(("I", "F")) or _deep_channels(image)


def deep_channels(image: Image.Image, source: Source) -> np.ndarray | None:
    """The uint16 (H, W, 3 or 4) of a PNG or TIFF of 16 bits a channel in colour or with alpha, which Pillow cuts to 8; None of any other.

    Asked before the picture is decoded; it is decoded here once, strictly, because OpenCV takes half a file for a whole one.
    """
    if image.format not in {"PNG", "TIFF"} or image.mode.startswith("I") or not _deep_channels(image):
        return None
    if _has_deep_planes(image):
        raise ValueError("16 bits a channel, and each channel by itself")
    is_weighted = "RGBa" in _raw_mode(image)
    image.load()
    data = source.read_bytes() if isinstance(source, Path) else source
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        if image.format == "TIFF":  # of the many kinds of TIFF OpenCV does not read all that Pillow does
            return None
        raise ValueError("16 bits a channel that do not decode")
    pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    return _straight(pixels) if is_weighted else pixels


def scaled_to_8_bits(pixels: np.ndarray) -> np.ndarray:
    """Numbers of 0..65535 as uint8, rounded."""
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _straight(pixels: np.ndarray) -> np.ndarray:
    """Colours that were stored weighted by alpha, uint16 (H, W, 4), without the weight."""
    for top in range(0, len(pixels), STRIP_ROWS):
        rows = pixels[top : top + STRIP_ROWS]
        alpha = np.maximum(rows[..., 3:], 1).astype(np.float64)
        rows[..., :3] = np.minimum(np.rint(rows[..., :3] * (65535 / alpha)), 65535)
    return pixels


def _has_deep_planes(image: Image.Image) -> bool:
    """Whether a TIFF has 16 bits a channel and each channel by itself, of which neither library makes the picture."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(PLANES, 1) == APART and max(tags.get(BITS, (8,))) > 8 and len(tags.get(BITS, ())) > 1


def _deep_channels(image: Image.Image) -> bool:
    return ";16" in _raw_mode(image) or _has_deep_planes(image)


def _raw_mode(image: Image.Image) -> str:
    """How the numbers of a picture that is not yet decoded lie in its file, as Pillow writes it."""
    tiles = getattr(image, "tile", ())
    arguments = tiles[0][3] if tiles else ""
    return str(arguments if isinstance(arguments, str) else arguments[0] if arguments else "")


def _converted(image: Image.Image, mode: str) -> np.ndarray:
    return np.array(image if image.mode == mode else image.convert(mode))


@contextmanager
def _stream(source: Source, *, name: str, what: str) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield BytesIO(source)
        return
    try:
        kind = source.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such file; expected {_article(what)}") from error
    if not stat.S_ISREG(kind):
        came = "a folder" if stat.S_ISDIR(kind) else "a pipe, socket or device"
        raise InputError(f"{name}: {came}; expected the file of {_article(what)}; name one")
    with source.open("rb") as stream:
        yield stream


def _kind_of(source: Source) -> str:
    """What a file is that no decoder knows, as far as its first bytes say."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            head = stream.read(KIND_BYTES)
    else:
        head = source[:KIND_BYTES]
    if not head:
        return "an empty file"
    return next((came for at, start, came in KINDS if head[at:].startswith(start)), "cannot identify image file")


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _expect_one_picture(image: Image.Image, *, name: str, most_pixels: int) -> None:
    width, height = image.size
    if width * height > most_pixels:
        came = f"{width}x{height}, {width * height / 1e6:.0f} megapixels"
        raise TooManyPixelsError(f"{name}: too large to open safely ({came}); expected at most {most_pixels / 1e6:.0f} megapixels")
    if _has_more(image):
        raise InputError(f"{name}: more than one picture in the file; expected one; save the one that is meant")


def _has_more(image: Image.Image) -> bool:
    """Whether an animation or a stack; thumbnails and smaller copies, as scanners and cameras write them into TIFF, do not count."""
    if image.format == "TIFF":
        first = image.width * image.height
        try:
            image.seek(1)
        except EOFError:
            return False
        is_stack = image.width * image.height >= first
        image.seek(0)
        return is_stack
    return image.format in {"PNG", "WEBP", "GIF", "HEIF"} and getattr(image, "is_animated", False)
