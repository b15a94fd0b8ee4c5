"""EXIF data as they are in files: a block of bytes, itself a small TIFF file, whose tables point to places in the block.

A maker's notes point to such places too, in ways that only the maker knows. So a block is never taken apart and put together anew: what
must be changed is overwritten where it is, and all else keeps its place. Only what comes out of a TIFF file is laid out anew.
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

ORDERS = {b"II*\0": "<", b"MM\0*": ">"}  # how a block begins -> struct's sign of its byte order
BIG_ORDERS = {b"II+\0\x08\0\0\0": "<", b"MM\0+\0\x08\0\0": ">"}  # of TIFF files of more than 4 GB
PREFIX = b"Exif\0\0"
ORIENTATION, WIDTH, HEIGHT, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 274, 40962, 40963, 282, 283, 296
EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965  # tables that others point to
XMP, IPTC, PHOTOSHOP, ICC = 700, 33723, 34377, 34675
THUMBNAILS = ((513, 514), (273, 279))  # where a thumbnail lies, and how long it is
SHORT, LONG, RATIONAL = 3, 4, 5
INCH, CENTIMETRE = 2, 3
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}  # bytes of one value of each type
MOST_ENTRIES = 1000  # of a table; files have some dozens
MOST_BYTES = 1 << 24  # of one value that is taken out of a TIFF file

# What a TIFF file says of how its own pixels lie, and other pictures in it: smaller copies, Photoshop's layers, a camera's raw data.
OF_PIXELS = frozenset(
    {*range(254, 260), 262, 263, 266, 273, *range(277, 282), 284, *range(288, 292), 297, 317, *range(320, 326), 330, *range(332, 348)}
    | {*range(512, 522), *range(529, 533), 37724, 50255, *range(50706, 51200)}
)

Read = Callable[[int, int], bytes]  # (where, how many) -> so many bytes of a file, fewer at its end


class DamagedError(ValueError):
    """Data about a picture that cannot be made out."""


class Entry(NamedTuple):
    """One entry of a table: its tag, the type and number of its values, and these as bytes or as a table."""

    tag: int
    kind: int
    many: int
    value: "bytes | list[Entry]"


class Slot(NamedTuple):
    """Where an entry of a block lies, and what it says."""

    at: int
    tag: int
    kind: int
    many: int


def upright_block(block: bytes, *, size: tuple[int, int] | None = None) -> bytes:
    """The block of a picture that is now upright: orientation 1, without the thumbnail; raises ``DamagedError``.

    ``size`` is the (width, height) of a picture that was turned by a quarter; the block then says these.
    """
    data, order = bytearray(block), order_of(block)
    table = _number(data, order, 4)
    slots = slots_of(data, order, table)
    _drop_thumbnail(data, order, table, slots)
    for slot in slots:
        if slot.tag == ORIENTATION and slot.kind in SIZES:
            data[slot.at : slot.at + 12] = struct.pack(f"{order}HHIHH", ORIENTATION, SHORT, 1, 1, 0)
    if size is not None:
        _swap(data, slots)
        for slot in _of_table(data, order, slots, EXIF):
            if slot.tag in (WIDTH, HEIGHT):
                data[slot.at : slot.at + 12] = struct.pack(f"{order}HHII", slot.tag, LONG, 1, size[slot.tag == HEIGHT])
    return bytes(data)


def resolution_of(block: bytes) -> tuple[float, float] | None:
    """Dots an inch along width and height, if a block says so."""
    order = order_of(block)
    found = {slot.tag: slot for slot in slots_of(block, order, _number(block, order, 4))}
    unit = struct.unpack_from(f"{order}H", block, found[RESOLUTION_UNIT].at + 8)[0] if RESOLUTION_UNIT in found else INCH
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        place = _number(block, order, found[tag].at + 8) if tag in found and found[tag].kind == RATIONAL else len(block)
        if place + 8 > len(block) or unit not in (INCH, CENTIMETRE):
            return None
        above, below = struct.unpack_from(f"{order}II", block, place)
        values.append(above / below * (2.54 if unit == CENTIMETRE else 1) if below else 0)
    return values[0], values[1]


def order_of(block: bytes) -> str:
    """struct's sign of a block's byte order; raises ``DamagedError`` of what is no block."""
    if block[:4] not in ORDERS:
        raise DamagedError("it does not begin as EXIF data do")
    return ORDERS[block[:4]]


def slots_of(data: bytes | bytearray, order: str, table: int) -> list[Slot]:
    """The entries of the table at a place of a block; raises ``DamagedError`` where it is not whole."""
    if not 8 <= table <= len(data) - 2:
        raise DamagedError("its table lies outside of it")
    (count,) = struct.unpack_from(f"{order}H", data, table)
    if count == 0 or count > MOST_ENTRIES or table + 2 + 12 * count > len(data):
        raise DamagedError(f"its table has {count} entries")
    places = range(table + 2, table + 2 + 12 * count, 12)
    return [Slot(at, *struct.unpack_from(f"{order}HHI", data, at)) for at in places]


def block_of(entries: list[Entry], order: str) -> bytes:
    """A block of these entries."""
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8)
    return start + table_of(entries, order, 8)


def table_of(entries: list[Entry], order: str, start: int) -> bytes:
    """A table that lies at ``start`` of its file, followed by the values that do not fit into it."""
    head, behind = struct.pack(f"{order}H", len(entries)), bytearray()
    end = start + 2 + 12 * len(entries) + 4
    for entry in sorted(entries, key=lambda each: each.tag):
        place = end + len(behind)
        value = entry.value if isinstance(entry.value, bytes) else table_of(entry.value, order, place)
        if isinstance(entry.value, bytes) and len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack(f"{order}I", place)
            behind += value + bytes(len(value) % 2)
        head += struct.pack(f"{order}HHI", entry.tag, entry.kind, entry.many) + field
    return head + bytes(4) + bytes(behind)


def entries_of_tiff(read: Read) -> tuple[list[Entry], str]:
    """The entries of a TIFF file's first picture, and the file's byte order; raises ``DamagedError``.

    What says how the pixels lie is left out, and so is what is not whole. Of tables, those of EXIF and GPS are followed.
    """
    head = read(0, 16)
    is_big = head[:8] in BIG_ORDERS
    order = BIG_ORDERS[head[:8]] if is_big else order_of(head)
    table = struct.unpack_from(f"{order}Q" if is_big else f"{order}I", head, 8 if is_big else 4)[0] if len(head) == 16 else 0
    return list(_entries(read, order, table, is_big=is_big)), order


def _entries(read: Read, order: str, table: int, *, is_big: bool, tables: tuple[int, ...] = (EXIF, GPS)) -> Iterator[Entry]:
    width, size = (8, 20) if is_big else (2, 12)
    head = read(table, width)
    count = struct.unpack(f"{order}{'Q' if is_big else 'H'}", head)[0] if len(head) == width else 0
    rows = read(table + width, size * count) if 0 < count <= MOST_ENTRIES else b""
    if not rows or len(rows) < size * count:
        raise DamagedError(f"its table has {count} entries")
    for at in range(0, len(rows), size):
        tag, kind, many = struct.unpack_from(f"{order}HHQ" if is_big else f"{order}HHI", rows, at)
        field = rows[at + size - (8 if is_big else 4) : at + size]
        place = struct.unpack(f"{order}Q" if is_big else f"{order}I", field)[0]
        if tag in tables:
            place = struct.unpack_from(f"{order}I", field)[0] if is_big and kind in (LONG, 13) else place
            inner = list(_inner(read, order, place, is_big=is_big, tables=(INTEROPERABILITY,) if tag == EXIF else ()))
            if inner:
                yield Entry(tag, LONG, 1, inner)
            continue
        length = SIZES.get(kind, 0) * many
        if (tag in OF_PIXELS and EXIF in tables) or not 0 < length <= MOST_BYTES:
            continue
        value = field[:length] if length <= len(field) else read(place, length)
        if len(value) == length:
            yield Entry(tag, kind, many, value)


def _inner(read: Read, order: str, table: int, *, is_big: bool, tables: tuple[int, ...]) -> list[Entry]:
    try:
        return list(_entries(read, order, table, is_big=is_big, tables=tables))
    except DamagedError:
        return []


def _of_table(data: bytearray, order: str, slots: list[Slot], tag: int) -> list[Slot]:
    """The entries of the table that an entry points to, if there is one and it is whole."""
    for slot in slots:
        if slot.tag == tag:
            try:
                return slots_of(data, order, _number(data, order, slot.at + 8))
            except DamagedError:
                return []
    return []


def _swap(data: bytearray, slots: list[Slot]) -> None:
    """What was said of the width is said of the height, and the other way round."""
    both = {slot.tag: slot for slot in slots if slot.tag in (X_RESOLUTION, Y_RESOLUTION)}
    if len(both) == 2 and both[X_RESOLUTION].kind == both[Y_RESOLUTION].kind:
        x, y = (slice(both[tag].at + 4, both[tag].at + 12) for tag in (X_RESOLUTION, Y_RESOLUTION))
        data[x], data[y] = data[y], data[x]


def _drop_thumbnail(data: bytearray, order: str, table: int, slots: list[Slot]) -> None:
    """Unlinks the thumbnail's table and overwrites the thumbnail with zeros, or cuts it off where it is the end of the block."""
    link = table + 2 + 12 * len(slots)
    if link + 4 > len(data):
        return
    second = _number(data, order, link)
    data[link : link + 4] = bytes(4)
    try:
        found = {slot.tag: _number(data, order, slot.at + 8) for slot in slots_of(data, order, second) if slot.kind == LONG}
    except DamagedError:
        return
    used = [place for inner in (EXIF, GPS) for place in _places(data, order, _of_table(data, order, slots, inner))]
    used += [(table, link + 4), *_places(data, order, slots)]
    for where, long in THUMBNAILS:
        start, end = found.get(where, 0), found.get(where, 0) + found.get(long, 0)
        if not 8 <= start < end <= len(data) or any(start < last and first < end for first, last in used):
            continue
        data[start:end] = b"" if end == len(data) else bytes(end - start)
        return


def _places(data: bytearray, order: str, slots: list[Slot]) -> Iterator[tuple[int, int]]:
    """Where the entries of a table lie, and their values."""
    for slot in slots:
        yield slot.at, slot.at + 12
        length = SIZES.get(slot.kind, 1) * slot.many
        if length > 4:
            start = _number(data, order, slot.at + 8)
            yield start, start + length


def _number(data: bytes | bytearray, order: str, at: int) -> int:
    if at + 4 > len(data):
        raise DamagedError("it ends too early")
    return struct.unpack_from(f"{order}I", data, at)[0]
