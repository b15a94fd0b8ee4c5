"""Colour profiles, alpha, depth and kinds of photographs: what their numbers mean as sRGB, and what is refused."""

import logging
import struct
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, decode_trusted, encode_png, plain_photograph, size_of_whole
from imharmony.pictures.photo_files import own_profile, read_photograph
from imharmony.pictures.profiles import from_srgb, means_srgb, space_of, to_srgb

PHOTO = np.clip(np.random.default_rng(0).normal(120, 30, (20, 30, 3)), 30, 220).astype(np.uint8)
GREY = np.ascontiguousarray(PHOTO[..., 0])
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of version 2, of matrix and gamma or of gamma alone."""
    table, data, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    white = struct.pack(">iii", *(round(value * 65536) for value in (0.9642, 1.0, 0.8249)))
    head = struct.pack(">II", start + len(data), 0) + b"\x02\x40\0\0mntr" + kind + b"XYZ " + bytes(12) + b"acsp" + bytes(28) + white
    return head + bytes(128 - len(head)) + table + data


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(value * 65536) for value in values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


WHITE = {b"wtpt": xyz(0.9642, 1.0, 0.8249)}
WIDE = profile(
    b"RGB ",  # Adobe RGB's primaries
    WHITE
    | {b"rXYZ": xyz(0.6097, 0.3111, 0.0195), b"gXYZ": xyz(0.2053, 0.6257, 0.0609), b"bXYZ": xyz(0.1492, 0.0632, 0.7446)}
    | {name: gamma(2.2) for name in (b"rTRC", b"gTRC", b"bTRC")},
)
LINEAR_GREY = profile(b"GRAY", WHITE | {b"kTRC": gamma(1.0)})


def saved(pixels, kind="PNG", mode=None, **options) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def shown(data: bytes) -> np.ndarray:
    """What a viewer that knows profiles shows."""
    image = Image.open(BytesIO(data))
    found = image.info.get("icc_profile")
    if not found:
        return np.asarray(image.convert("RGB"))
    ours = ImageCms.ImageCmsProfile(BytesIO(found))
    return np.asarray(ImageCms.profileToProfile(image, ours, ImageCms.createProfile("sRGB"), outputMode="RGB"))


def test_a_profile_is_srgb_by_what_it_does():
    assert means_srgb(SRGB)
    assert not means_srgb(WIDE)
    assert (space_of(WIDE), space_of(LINEAR_GREY)) == ("RGB", "L")


def test_a_profile_leads_there_and_back():
    inside = np.clip(to_srgb(PHOTO, WIDE), 60, 200)  # near black a level of one is several of the other
    assert abs(to_srgb(from_srgb(inside, WIDE), WIDE).astype(int) - inside).max() <= 3


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_pixels_under_a_profile_are_read_as_a_viewer_shows_them(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(PHOTO, kind, icc_profile=WIDE, **options)
    assert np.array_equal(decode_rgb(data, name="x"), shown(data))
    assert np.array_equal(decode_rgb(data, name="x", as_encoded=True), PHOTO)
    assert abs(shown(data).astype(int) - PHOTO).max() > 5


def test_grey_under_a_profile_is_read_as_a_viewer_shows_it(caplog):
    data = saved(GREY, icc_profile=LINEAR_GREY)
    assert np.array_equal(decode_rgb(data, name="grey.png"), shown(data))
    assert "grey.png: L colours under a profile of their own; converted to sRGB" in caplog.text


def test_grey_may_be_under_a_profile_of_rgb():
    data = saved(GREY, icc_profile=WIDE)
    assert np.array_equal(decode_rgb(data, name="x"), to_srgb(np.dstack([GREY] * 3), WIDE))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("found", [b"", SRGB])
def test_what_is_srgb_keeps_its_bytes(kind, found):
    data = saved(PHOTO, kind, icc_profile=found)
    assert plain_photograph(data, name="x") is data
    assert own_profile(data, name="x") is None


ODD = {
    "another profile": saved(PHOTO, "JPEG", icc_profile=WIDE),
    "16 bits": cv2.imencode(".png", PHOTO[..., ::-1].astype(np.uint16) * 257)[1].tobytes(),
    "opaque alpha": saved(np.dstack([PHOTO, np.full_like(GREY, 252)])),
    "CMYK": saved(PHOTO, "JPEG", mode="CMYK"),
    "a palette": saved(Image.fromarray(PHOTO).quantize(32)),
}


@pytest.mark.parametrize("name", ODD)
def test_what_decoders_show_differently_becomes_a_plain_png(name):
    plain = plain_photograph(ODD[name], name=name)
    assert plain.startswith(b"\x89PNG")
    assert Image.open(BytesIO(plain)).info == {}
    assert np.array_equal(decode_trusted(plain, name=name), decode_rgb(ODD[name], name=name))


@pytest.mark.parametrize("found", [b"x", bytes(600), SRGB[:200], np.random.default_rng(0).bytes(50_000)], ids=len)
def test_a_damaged_profile_is_not_used_and_this_is_said(found, caplog):
    data = saved(PHOTO, icc_profile=found)
    assert np.array_equal(decode_rgb(data, name=f"damaged {len(found)}"), PHOTO)
    assert f"damaged {len(found)}: its colour profile is damaged" in caplog.text
    assert plain_photograph(data, name=f"damaged {len(found)}") is data


def test_a_profile_of_other_colours_is_not_used_and_this_is_said(caplog):
    assert np.array_equal(decode_rgb(saved(PHOTO, icc_profile=LINEAR_GREY), name="mixed.png"), PHOTO)
    assert "mixed.png: its colour profile is of L, its colours are not" in caplog.text


def test_a_profile_whose_bits_are_flipped_is_used_or_not(caplog):
    caplog.set_level(logging.ERROR)
    rng = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(WIDE)
        for place in rng.integers(0, len(WIDE), 3):
            damaged[place] = rng.integers(256)
        assert decode_rgb(saved(PHOTO, icc_profile=bytes(damaged)), name="x").shape == PHOTO.shape


DEEP = {
    "grey": cv2.imencode(".png", GREY.astype(np.uint16) * 257 + 100)[1].tobytes(),
    "RGB": cv2.imencode(".png", PHOTO[..., ::-1].astype(np.uint16) * 257 + 100)[1].tobytes(),
    "RGB, TIFF": cv2.imencode(".tif", PHOTO[..., ::-1].astype(np.uint16) * 257 + 100)[1].tobytes(),
    "floats": saved((GREY / 255).astype(np.float32), "TIFF"),
    "big-endian": saved(Image.frombytes("I;16B", (30, 20), (GREY.astype(">u2") * 257).tobytes()), "TIFF"),
}


@pytest.mark.parametrize("name", DEEP)
def test_more_than_8_bits_are_scaled_and_rounded(name):
    expected = PHOTO if name.startswith("RGB") else np.dstack([GREY] * 3)
    assert np.array_equal(decode_rgb(DEEP[name], name="x"), expected)


ALPHA = np.full_like(GREY, 255)
ALPHA[:5] = 0
TRANSPARENT = {
    "RGBA": saved(np.dstack([PHOTO, ALPHA])),
    "WebP": saved(np.dstack([PHOTO, ALPHA]), "WEBP"),
    "grey with alpha": saved(Image.merge("LA", [Image.fromarray(each) for each in (GREY, ALPHA)])),
    "a palette": saved(Image.fromarray(PHOTO).quantize(8), transparency=bytes([0, 128])),
    "a colour": saved(PHOTO, transparency=tuple(int(value) for value in PHOTO[3, 3])),
    "16 bits": cv2.imencode(".png", np.dstack([PHOTO, ALPHA]).astype(np.uint16) * 257)[1].tobytes(),
}
REFUSED = {name: (data, "transparent in parts; expected a picture that is opaque") for name, data in TRANSPARENT.items()} | {
    "floats beyond 1": (saved(GREY.astype(np.float32), "TIFF"), "floats from .*expected 0 to 1"),
    "8 bits in a file of 16": (cv2.imencode(".png", PHOTO.astype(np.uint16))[1].tobytes(), "of 65535, so all of it is black; expected"),
    "8 bits in a TIFF of 16": (cv2.imencode(".tif", PHOTO.astype(np.uint16))[1].tobytes(), "of 65535, so all of it is black; expected"),
    "grey of 12 bits in 16": (saved(GREY.astype(np.uint16) * 16), "of 65535, so all of it is black; expected"),
    "grey of 8 bits in 32": (saved(GREY.astype(np.int32), "TIFF"), "of 65535, so all of it is black; expected"),
    "faint floats": (saved((GREY / 65535).astype(np.float32), "TIFF"), "of 1, so all of it is black; expected"),
    "NaN": (saved(np.full((4, 4), np.nan, np.float32), "TIFF"), "floats from nan"),
    "large numbers": (saved(GREY.astype(np.int32) * 70_000, "TIFF"), "expected 0 to 65535"),
    "negative numbers": (saved(GREY.astype(np.int32) - 200, "TIFF"), "expected 0 to 65535"),
    "an animation": (saved(PHOTO, "PNG", save_all=True, append_images=[Image.fromarray(255 - PHOTO)]), "more than one picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_photograph_that_is_not_all_there_is_refused(name):
    data, message = REFUSED[name]
    for read in (decode_rgb, plain_photograph):
        if name in TRANSPARENT or read is decode_rgb:
            with pytest.raises(InputError, match=f"^photo.x: .*{message}"):
                read(data, name="photo.x")


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_packed_as_it_is_must_be_opaque(name):
    with pytest.raises(InputError, match=r"^photo.x: transparent in parts"):
        size_of_whole(TRANSPARENT[name], name="photo.x")
    assert size_of_whole(ODD["opaque alpha"], name="x") == (30, 20)


@pytest.mark.parametrize("name", TRANSPARENT)
def test_a_photographs_file_has_its_alpha(tmp_path, name):
    (tmp_path / "x").write_bytes(TRANSPARENT[name])
    alpha = read_photograph(tmp_path / "x").alpha
    assert alpha is not None
    assert alpha.min() == 0


def test_a_plain_file_has_neither_alpha_nor_profile(tmp_path):
    (tmp_path / "x.png").write_bytes(encode_png(PHOTO))
    photograph = read_photograph(tmp_path / "x.png")
    assert (photograph.alpha, photograph.profile, photograph.is_srgb) == (None, None, True)
    assert np.array_equal(photograph.colours, PHOTO)
