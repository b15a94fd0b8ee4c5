"""A block of EXIF data is changed where it must be and nowhere else."""

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from imharmony.pictures.exif_blocks import DamagedError, block_of, entries_of_tiff, upright_block
from tests.imharmony.pictures.exif_examples import MAKER_NOTE, THUMBNAIL, block

EXIF, GPS = 34665, 34853


def read(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + data)
    return exif


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("thumbnail_last", [True, False])
def test_the_orientation_is_1_the_thumbnail_gone_and_all_else_in_its_place(order, thumbnail_last):
    before = block(order=order, thumbnail_last=thumbnail_last)
    after = upright_block(before)
    thumbnail = THUMBNAIL.getvalue()
    assert thumbnail in before
    assert thumbnail[:20] not in after
    assert len(after) == len(before) - (len(thumbnail) if thumbnail_last else 0)
    found, was = read(after), read(before)
    assert dict(found) == dict(was) | {274: 1}
    assert found.get_ifd(EXIF) == was.get_ifd(EXIF)
    assert found.get_ifd(EXIF)[37500] == MAKER_NOTE
    assert after.index(MAKER_NOTE) == before.index(MAKER_NOTE)
    assert found.get_ifd(GPS) == {1: "N"}
    assert not found.get_ifd(1)
    differing = sum(a != b for a, b in zip(after, before, strict=False))
    assert differing <= 4 + 4 + (0 if thumbnail_last else len(thumbnail))


def test_of_a_picture_that_was_turned_by_a_quarter_the_sides_are_swapped():
    found = read(upright_block(block(dpi=(300, 150)), size=(20, 30)))
    assert (found[282], found[283]) == (150, 300)
    assert (found.get_ifd(EXIF)[40962], found.get_ifd(EXIF)[40963]) == (20, 30)


@pytest.mark.parametrize(
    "data", [b"", b"II*\0", b"II*\0" + bytes(20), b"XX*\0" + block()[4:], block()[:40], b"MM\0*\xff\xff\xff\xff" + bytes(9)]
)
def test_what_is_no_block_is_said(data):
    with pytest.raises(DamagedError):
        upright_block(data)


def test_a_thumbnail_that_claims_the_place_of_something_else_is_unlinked_only():
    data = bytearray(block())
    place = data.index(struct.pack("<HHI", 513, 4, 1)) + 8
    data[place : place + 8] = struct.pack("<I", data.index(MAKER_NOTE)) + data[place + 4 : place + 8]
    found = read(upright_block(bytes(data)))
    assert found.get_ifd(EXIF)[37500] == MAKER_NOTE
    assert not found.get_ifd(1)


def test_flipped_bits_raise_nothing_else():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        data = bytearray(block(order="<>"[rng.integers(2)]))
        for place in rng.integers(0, len(data) - len(THUMBNAIL.getvalue()), 4):
            data[place] = rng.integers(256)
        try:
            upright_block(bytes(data)[: rng.integers(1, len(data) + 1)], size=(3, 4))
        except DamagedError:
            continue


def reader(data: bytes):
    return lambda where, how_many: data[where : where + how_many]


@pytest.mark.parametrize("options", [{"byteorder": "<"}, {"byteorder": ">"}, {"bigtiff": True}], ids=str)
def test_what_a_tiff_says_becomes_a_block(options):
    buffer = BytesIO()
    tags = [(271, "s", 0, "The Maker", True), (33432, "s", 0, "mine", True), (37500, "B", 5, (1, 2, 3, 4, 5), True)]
    tifffile.imwrite(buffer, np.zeros((4, 5), np.uint16), extratags=tags, resolution=(300, 150), **options)
    entries, order = entries_of_tiff(reader(buffer.getvalue()))
    assert order == options.get("byteorder", "<")
    found = read(block_of(entries, order))
    assert {271: "The Maker", 33432: "mine", 282: 300.0, 283: 150.0}.items() <= dict(found).items()
    assert not {256, 257, 258, 262, 273, 279} & set(found)


def test_the_tables_of_a_tiff_are_followed():
    data = block(thumbnail_last=False)
    found = read(block_of(*entries_of_tiff(reader(data))))
    assert found.get_ifd(EXIF)[37500] == MAKER_NOTE
    assert found.get_ifd(GPS) == {1: "N"}


def test_flipped_bits_of_a_tiff_raise_nothing_else():
    rng = np.random.default_rng(1)
    for _ in range(1000):
        data = bytearray(block())
        for place in rng.integers(0, 250, 4):
            data[place] = rng.integers(256)
        try:
            block_of(*entries_of_tiff(reader(bytes(data))))
        except DamagedError:
            continue
