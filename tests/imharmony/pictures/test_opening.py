"""Only the formats that are meant are opened, only regular files, and none that is too large; every error is one line."""

import os
import socket
import struct
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, read_rgb, read_scored
from imharmony.pictures.mask_files import decode_mask, read_mask
from imharmony.pictures.opening import opened, orientation_of, pixels_of, upright

PHOTO = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(bytes(height * (3 * width + 1) if width < 100 else 9))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_the_formats_that_are_meant_are_read(kind):
    assert decode_rgb(saved(Image.fromarray(PHOTO), kind), name="x").shape == PHOTO.shape


def test_the_first_picture_of_a_phones_jpeg_is_read():
    image = Image.fromarray(PHOTO)
    data = saved(image, "MPO", save_all=True, append_images=[image.resize((15, 10))])
    assert np.array_equal(decode_rgb(data, name="x"), decode_rgb(saved(image, "JPEG"), name="x"))


def test_a_thumbnail_in_a_tiff_is_no_second_picture():
    image = Image.fromarray(PHOTO)
    data = saved(image, "TIFF", save_all=True, append_images=[image.resize((15, 10))])
    assert np.array_equal(decode_rgb(data, name="x"), PHOTO)


@pytest.mark.parametrize("read", [decode_rgb, decode_mask])
@pytest.mark.parametrize("kind", ["JPEG2000", "PPM", "ICO", "TGA", "DDS", "EPS", "AVIF", "PCX"])
def test_no_other_format_is_tried(read, kind):
    with pytest.raises(InputError, match=r"^some: not a readable .*expected a whole JPEG, PNG, WebP, TIFF, BMP or GIF"):
        read(saved(Image.fromarray(PHOTO), kind), name="some")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def loop(path: Path) -> None:
    path.symlink_to(path)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("read", [read_rgb, read_mask, read_scored])
@pytest.mark.parametrize("make", [pipe, listening, loop, link_to_a_device, Path.mkdir])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, monkeypatch, read, make):
    monkeypatch.chdir(tmp_path)  # a socket's address must be short
    make(Path("x.png"))
    with pytest.raises((InputError, OSError), match=r"x\.png"):
        read(Path("x.png"))


@pytest.mark.parametrize("read", [decode_rgb, decode_mask])
@pytest.mark.parametrize(("width", "height"), [(65_535, 65_535), (2**31 - 1, 2**31 - 1), (1_000_000, 90)])
def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(read, width, height):
    with pytest.raises(InputError, match=rf"^some: too large to open safely \({width}x{height}, .*expected at most 89 megapixels"):
        read(png_of(width, height), name="some")


BOMBS = {
    "a text that unpacks to 20 MB": [(b"zTXt", b"a\0\0" + zlib.compress(bytes(20_000_000)))],
    "a hundred texts": [(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000)))] * 100,
    "a profile that unpacks to 20 MB": [(b"iCCP", b"a\0\0" + zlib.compress(bytes(20_000_000)))],
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_unpacks_to_much_beside_the_pixels_is_refused(name):
    with pytest.raises(InputError, match=r"^some: not a readable image"):
        decode_rgb(png_of(30, 20, *BOMBS[name]), name="some")


@pytest.mark.parametrize("exif", [b"Exif\0\0junkjunk", b"Exif\0\0II*\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_data_are_passed_over_as_viewers_do(kind, exif):
    assert decode_rgb(saved(Image.fromarray(PHOTO), kind, exif=exif), name="x").shape == PHOTO.shape


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_pillow_turns_them(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(PHOTO), "PNG", exif=exif)
    with Image.open(BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
        assert orientation_of(image) == orientation
    assert np.array_equal(upright(PHOTO, orientation), expected)
    assert np.array_equal(decode_rgb(data, name="x"), expected)


@pytest.mark.parametrize("strip", [1, 60, 90, 10_000])
def test_strips_give_the_whole_picture(monkeypatch, strip):
    monkeypatch.setattr("imharmony.pictures.opening.STRIP_PIXELS", strip)
    with opened(saved(Image.fromarray(PHOTO), "PNG"), name="x") as image:
        assert np.array_equal(pixels_of(image, "RGB"), PHOTO)
        assert np.array_equal(pixels_of(image, "L"), np.asarray(image.convert("L")))


def refusal(read, data: bytes, *, name: str) -> str:
    try:
        read(data, name=name)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_damaged_picture_is_read_or_refused_with_its_name(kind):
    rng = np.random.default_rng(1)
    whole = saved(Image.fromarray(PHOTO), kind)
    for _ in range(40):
        data = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.5 else whole)
        for place in rng.integers(0, max(len(data), 1), 4 if data else 0):
            data[place] = rng.integers(256)
        for read in (decode_rgb, decode_mask):
            said = refusal(read, bytes(data), name="some.picture")
            assert said == "" or said.startswith("some.picture: ")


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "an empty file"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(40), "AVIF"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"%PDF-1.7", "a PDF"),
        (cv2.imencode(".tif", np.zeros((4, 4, 3), np.float32))[1].tobytes(), "a TIFF of a kind that is not read"),
        (b"nothing known", "cannot identify image file"),
    ],
)
def test_what_is_no_picture_is_named_by_what_it_is(tmp_path, data, came):
    (tmp_path / "x.jpg").write_bytes(data)
    for read in (lambda: read_rgb(tmp_path / "x.jpg"), lambda: decode_mask(data, name="x.jpg")):
        with pytest.raises(InputError, match=rf"x\.jpg: not a readable .*\({came}.*expected a whole JPEG"):
            read()
