"""TIFF files of 8 and 16 bits a channel with all that EXIF data say, which neither of the libraries below writes.

The file begins with the EXIF data as they are: what in them points to a place, a maker's notes included, points to the right place in
the file too. Behind them lie the pixels, without loss, and the table that says how they lie.
"""

import struct
import zlib
from fractions import Fraction

import numpy as np

from imharmony.errors import InputError
from imharmony.pictures.exif_blocks import (
    ICC,
    INCH,
    LONG,
    OF_PIXELS,
    PHOTOSHOP,
    RATIONAL,
    RESOLUTION_UNIT,
    SHORT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    Entry,
    order_of,
    slots_of,
    table_of,
)

STRIP_ROWS = 64
LEVEL = 6  # zlib's
DEFLATE, DIFFERENCES, GREY, RGB, STRAIGHT_ALPHA = 8, 2, 1, 2, 2
BYTE, UNDEFINED = 1, 7
MOST_BYTES = 1 << 32


def encode_tiff(
    pixels: np.ndarray,
    *,
    exif: bytes | None = None,
    profile: bytes | None = None,
    xmp: bytes | None = None,
    photoshop: bytes | None = None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """A TIFF file of uint8 or uint16 (H, W), (H, W, 3) or (H, W, 4), the fourth being straight alpha.

    ``exif`` is a whole block, as ``upright_block`` makes it. ``dpi`` is said where the block says nothing of it. Raises ``InputError``
    of what is too large for a TIFF file.
    """
    order = "<" if exif is None else order_of(exif)
    start = struct.pack("<4sI", b"II*\0", 0) if exif is None else exif + bytes(len(exif) % 2)
    kept = [] if exif is None else _kept(exif, order)
    parts, offsets, at = [start], [], len(start)
    for strip in _strips(pixels, order):
        offsets.append(at)
        parts.append(strip)
        at += len(strip)
    parts.append(bytes(at % 2))
    at += at % 2
    lengths = [len(part) for part in parts[1:-1]]
    own = [*_of_pixels(pixels, order, offsets, lengths), *_of_others(profile=profile, xmp=xmp, photoshop=photoshop)]
    if dpi is not None and X_RESOLUTION not in {entry.tag for entry in kept}:
        own += _of_resolution(order, dpi)
    replaced = {entry.tag for entry in own}
    entries = own + [entry for entry in kept if entry.tag not in replaced]
    if at + sum(len(entry.value) + 32 for entry in entries) >= MOST_BYTES:
        raise InputError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels; expected less than 4 GB in a .tif; write a .png")
    parts[0] = start[:4] + struct.pack(f"{order}I", at) + start[8:]
    return b"".join([*parts, table_of(entries, order, at)])


def _strips(pixels: np.ndarray, order: str) -> list[bytes]:
    packed = []
    for top in range(0, len(pixels), STRIP_ROWS):
        rows = pixels[top : top + STRIP_ROWS].copy()
        rows[:, 1:] -= pixels[top : top + STRIP_ROWS, :-1]  # modulo 256 or 65536, as the format has it
        packed.append(zlib.compress(rows.astype(f"{order}u{rows.itemsize}", copy=False).tobytes(), LEVEL))
    return packed


def _kept(exif: bytes, order: str) -> list[Entry]:
    """The entries of a block's first table; the value of each is its four bytes, which may point to a place in the block."""
    (table,) = struct.unpack_from(f"{order}I", exif, 4)
    slots = [slot for slot in slots_of(exif, order, table) if slot.tag not in OF_PIXELS]
    return [Entry(slot.tag, slot.kind, slot.many, exif[slot.at + 8 : slot.at + 12]) for slot in slots]


def _of_pixels(pixels: np.ndarray, order: str, offsets: list[int], lengths: list[int]) -> list[Entry]:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    height, width = pixels.shape[:2]
    entries = [
        _numbers(256, order, LONG, [width]),
        _numbers(257, order, LONG, [height]),
        _numbers(258, order, SHORT, [8 * pixels.itemsize] * channels),
        _numbers(259, order, SHORT, [DEFLATE]),
        _numbers(262, order, SHORT, [GREY if channels == 1 else RGB]),
        _numbers(273, order, LONG, offsets),
        _numbers(274, order, SHORT, [1]),
        _numbers(277, order, SHORT, [channels]),
        _numbers(278, order, LONG, [STRIP_ROWS]),
        _numbers(279, order, LONG, lengths),
        _numbers(284, order, SHORT, [1]),
        _numbers(317, order, SHORT, [DIFFERENCES]),
        _numbers(339, order, SHORT, [1] * channels),
    ]
    return entries + [_numbers(338, order, SHORT, [STRAIGHT_ALPHA])] * (channels == 4)


def _of_others(*, profile: bytes | None, xmp: bytes | None, photoshop: bytes | None) -> list[Entry]:
    given = ((ICC, UNDEFINED, profile), (XMP, BYTE, xmp), (PHOTOSHOP, BYTE, photoshop))
    return [Entry(tag, kind, len(value), value) for tag, kind, value in given if value]


def _of_resolution(order: str, dpi: tuple[float, float]) -> list[Entry]:
    parts = [Fraction(value).limit_denominator(10_000) for value in dpi]
    x, y = (struct.pack(f"{order}II", part.numerator, part.denominator) for part in parts)
    return [Entry(X_RESOLUTION, RATIONAL, 1, x), Entry(Y_RESOLUTION, RATIONAL, 1, y), _numbers(RESOLUTION_UNIT, order, SHORT, [INCH])]


def _numbers(tag: int, order: str, kind: int, values: list[int]) -> Entry:
    return Entry(tag, kind, len(values), struct.pack(f"{order}{len(values)}{'H' if kind == SHORT else 'I'}", *values))
