"""What lies beside the pixels in JPEG and PNG files: their parts, read without decoding and put into files that are written.

Both kinds of file are rows of parts. Those that say something about the picture are taken as they are, up to ``MOST_BYTES`` of them.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

MOST_BYTES = 1 << 25  # of all parts of a file that are kept together
MOST_TEXT = 1 << 20  # of one text, packed and unpacked
MOST_PARTS = 100_000  # that are looked at
PNG_START = b"\x89PNG\r\n\x1a\n"
XMP_WORD = b"XML:com.adobe.xmp"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
ON_COLOURS = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI")

COMMENT, APP0, APP1, APP13 = 0xFE, 0xE0, 0xE1, 0xED
EXIF_START, XMP_START, MORE_XMP_START = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP_START = b"Photoshop 3.0\0"
LONGEST_SEGMENT = 65_533
SMALL_PICTURES = (1033, 1036)  # Photoshop's resources of the picture as it was


class Part(NamedTuple):
    """A part of a file: a PNG's chunk or a JPEG's segment, by its name, and its bytes."""

    name: bytes
    data: bytes


class TooMuchError(ValueError):
    """More beside the pixels than is kept."""


def png_chunks(stream: BinaryIO, names: Sequence[bytes]) -> Iterator[Part]:
    """The chunks of a PNG with these names, up to its end or to where it is damaged; raises ``TooMuchError``."""
    stream.seek(len(PNG_START))
    room = MOST_BYTES
    for _ in range(MOST_PARTS):
        head = stream.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        (length,) = struct.unpack(">I", head[:4])
        if head[4:] not in names:
            stream.seek(length + 4, 1)
            continue
        room -= length
        if room < 0:
            raise TooMuchError(f"more than {MOST_BYTES >> 20} MB beside the pixels")
        data, check = stream.read(length), stream.read(4)
        if check == struct.pack(">I", zlib.crc32(head[4:] + data)):
            yield Part(head[4:], data)


def with_png_chunks(file: bytes, chunks: Sequence[Part]) -> bytes:
    """A PNG with these chunks between its head and its pixels, and no others beside them."""
    kept, at = [], len(PNG_START)
    while at < len(file):
        (length,) = struct.unpack_from(">I", file, at)
        kept.append((file[at + 4 : at + 8], memoryview(file)[at : at + length + 12]))
        at += length + 12
    added = [struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks]
    body = [part for name, part in kept if name in (b"IDAT", b"IEND")]
    return b"".join([PNG_START, kept[0][1], *added, *body])


def text_of(chunk: Part) -> tuple[bytes, str]:
    """A text's keyword and what it says; raises ``ValueError`` where it is damaged or too long."""
    word, found, rest = chunk.data.partition(b"\0")
    if not found or len(chunk.data) > MOST_TEXT:
        raise ValueError("a text that is damaged or too long")
    if chunk.name == b"tEXt":
        return word, rest.decode("latin-1")
    if chunk.name == b"zTXt":
        return word, _unpacked(rest[1:]).decode("latin-1")
    is_packed, (_, _, body) = rest[:1] == b"\1", _three(rest[2:])
    return word, (_unpacked(body) if is_packed else body).decode()


def international(word: bytes, text: str) -> Part:
    """An iTXt chunk, not packed."""
    return Part(b"iTXt", word + b"\0\0\0\0\0" + text.encode())


def jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(marker, bytes) of the segments before a JPEG's pixels; raises ``TooMuchError``."""
    stream.seek(2)
    room = MOST_BYTES
    for _ in range(MOST_PARTS):
        byte = stream.read(1)
        while byte == b"\xff":
            byte = stream.read(1)
        head = stream.read(2)
        if len(head) < 2 or byte in (b"\xda", b"\xd9"):
            return
        length = int.from_bytes(head, "big") - 2
        room -= length
        if room < 0:
            raise TooMuchError(f"more than {MOST_BYTES >> 20} MB beside the pixels")
        yield byte[0], stream.read(max(length, 0))


def with_jpeg_segments(file: bytes, segments: Sequence[tuple[int, bytes]]) -> bytes:
    """A JPEG with these segments before its others, behind the one of JFIF."""
    at = 2
    while file[at] == 0xFF and file[at + 1] == APP0:
        at += 2 + int.from_bytes(file[at + 2 : at + 4], "big")
    added = [bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data for marker, data in segments]
    return b"".join([file[:at], *added, file[at:]])


def photoshop_segments(resources: bytes) -> list[tuple[int, bytes]]:
    """Photoshop's resources, IPTC's texts among them, as segments of a JPEG."""
    step = LONGEST_SEGMENT - len(PHOTOSHOP_START)
    return [(APP13, PHOTOSHOP_START + resources[at : at + step]) for at in range(0, len(resources), step)]


def without_small_pictures(resources: bytes) -> bytes:
    """Photoshop's resources without the small pictures among them; raises ``ValueError`` where they are damaged."""
    kept, at = [], 0
    while at + 12 <= len(resources):
        name_end = at + 7 + resources[at + 6]
        name_end += (name_end - at) % 2
        if resources[at : at + 4] not in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR") or name_end + 4 > len(resources):
            raise ValueError("a resource that is damaged")
        (length,) = struct.unpack_from(">I", resources, name_end)
        end = name_end + 4 + length + length % 2
        if name_end + 4 + length > len(resources):
            raise ValueError("a resource that is not whole")
        if int.from_bytes(resources[at + 4 : at + 6], "big") not in SMALL_PICTURES:
            kept.append(resources[at:end])
        at = end
    return b"".join(kept)


def is_lossless_webp(stream: BinaryIO) -> bool:
    """Whether a WebP's pixels are packed without loss."""
    stream.seek(12)
    for _ in range(MOST_PARTS):
        head = stream.read(8)
        if len(head) < 8 or head[:4] in (b"VP8L", b"VP8 "):
            return head[:4] == b"VP8L"
        (length,) = struct.unpack("<I", head[4:])
        stream.seek(length + length % 2, 1)
    return False


def _three(rest: bytes) -> tuple[bytes, bytes, bytes]:
    """Language, the keyword in it, and what follows."""
    language, _, behind = rest.partition(b"\0")
    word, _, body = behind.partition(b"\0")
    return language, word, body


def _unpacked(data: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(data, MOST_TEXT)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("a text that is too long or not whole")
    return text
