"""Text files as other programs write them: what is UTF-8 in all but a mark at its start is read, what is none is named."""

import codecs
from pathlib import Path

from imharmony.errors import InputError

# What the first bytes say of a file that is no text.
KINDS = {
    b"\x1f\x8b": "gzip data, not text; unpack it",
    b"PK\x03\x04": "a zip archive, not text; unpack it",
    b"PK\x05\x06": "an empty zip archive, not text; unpack it",
    b"BZh": "bzip2 data, not text; unpack it",
    b"\xfd7zXZ": "xz data, not text; unpack it",
    b"7z\xbc\xaf": "a 7z archive, not text; unpack it",
    b"Rar!": "a RAR archive, not text; unpack it",
    b"\x28\xb5\x2f\xfd": "zstd data, not text; unpack it",
    b"%PDF": "a PDF, not text; name another file",
    b"\x89PNG": "a picture, not text; name another file",
    b"\xff\xd8\xff": "a picture, not text; name another file",
}
MARKS = {  # the longer first: that of UTF-32 begins as that of UTF-16 does
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def utf8_of(data: bytes | bytearray, *, name: str) -> bytes | bytearray:
    """The text in UTF-8 without a byte order mark; UTF-16 and UTF-32 are read where a mark says so.

    Anything else is an ``InputError`` that says what came.
    """
    for start, came in KINDS.items():
        if data.startswith(start):
            raise InputError(f"{name}: {came}")
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                came = f"its first bytes say {encoding.upper()}, but at byte {error.start + len(mark)} it is not"
                raise InputError(f"{name}: {came}; expected UTF-8; save it again as UTF-8") from error
            return text.encode()
    if b"\0" in data[:4096]:
        raise InputError(
            f"{name}: it has zero bytes, as UTF-16 without a mark and binary files have; expected UTF-8; save it again as UTF-8"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        came = f"byte {error.start} is {data[error.start]:#04x}, which is not UTF-8, but may be Latin-1 or Windows-1252"
        raise InputError(f"{name}: {came}; expected UTF-8; save it again as UTF-8") from error
    return data


def text_lines(path: Path) -> list[str]:
    """The lines of a text file without blanks at their ends, empty ones left out."""
    text = utf8_of(path.read_bytes(), name=str(path)).decode()
    return [line.strip() for line in text.splitlines() if line.strip()]
