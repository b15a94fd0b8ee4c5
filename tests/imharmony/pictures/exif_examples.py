"""EXIF data as a camera writes them, put together by hand: the tests' own, so that reader and writer are not tested by themselves."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

THUMBNAIL = BytesIO()
Image.fromarray(np.full((8, 8, 3), 77, np.uint8)).save(THUMBNAIL, "JPEG")
MAKER_NOTE = b"Maker\0" + bytes(range(200))
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="6" dc:source="Gr\xc3\xbc\xc3\x9fe"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)


def block(orientation: int = 6, *, order: str = "<", thumbnail_last: bool = True, dpi: tuple[int, int] = (300, 150)) -> bytes:
    """Make, orientation, resolution, EXIF's table with a maker's note and the size, GPS's table, and a thumbnail's."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    pad = 0 if thumbnail_last else 10
    thumbnail = THUMBNAIL.getvalue()
    first_end = 8 + 2 + 12 * 6 + 4
    maker, x, y = first_end, first_end + 10, first_end + 18
    exif = first_end + 26
    exif_end = exif + 2 + 12 * 3 + 4
    gps = exif_end + len(MAKER_NOTE)
    second = gps + 2 + 12 + 4
    thumb = second + 2 + 12 * 2 + 4

    def row(tag: int, kind: int, count: int, value: int | bytes) -> bytes:
        field = value if isinstance(value, bytes) else struct.pack(order + ("H2x" if kind == 3 else "I"), value)
        return struct.pack(order + "HHI", tag, kind, count) + field

    def table(*rows: bytes, following: int = 0) -> bytes:
        return struct.pack(order + "H", len(rows)) + b"".join(rows) + struct.pack(order + "I", following)

    data = head + table(
        row(271, 2, 10, maker),
        row(274, 3, 1, orientation),
        row(282, 5, 1, x),
        row(283, 5, 1, y),
        row(34665, 4, 1, exif),
        row(34853, 4, 1, gps),
        following=second,
    )
    data += b"The Maker\0" + struct.pack(order + "IIII", dpi[0], 1, dpi[1], 1)
    data += table(row(37500, 7, len(MAKER_NOTE), exif_end), row(40962, 3, 1, 30), row(40963, 4, 1, 20)) + MAKER_NOTE
    data += table(row(1, 2, 2, b"N\0\0\0"))
    data += table(row(513, 4, 1, thumb), row(514, 4, 1, len(thumbnail)))
    return data + thumbnail + bytes(pad)
