"""HEIC is read and written where pillow-heif is, and where it is not one line says what to install; data sets never see it."""

import sys
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.pictures.saving import default_output, encode_photograph, expect_ending
from tests.imharmony.pictures.exif_examples import MAKER_NOTE, THUMBNAIL, XMP, block
from tests.imharmony.pictures.test_photo_files import WIDE, saved

SMOOTH = np.stack(np.meshgrid(np.linspace(40, 200, 60), np.linspace(60, 180, 40)), axis=2).round().astype(np.uint8)
SMOOTH = np.dstack([SMOOTH, SMOOTH[..., :1] // 2])
HEAD = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.fixture(scope="module")
def heif():
    module = pytest.importorskip("pillow_heif")
    module.register_heif_opener()


def heic_of(pixels: np.ndarray, **options) -> bytes:
    return saved(pixels, "HEIF", quality=95, **options)


def test_heic_needs_a_package_and_this_is_said(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "photo.heic").write_bytes(HEAD)
    with pytest.raises(InputError, match=r"photo.heic: HEIC needs .*; run: pip install 'imharmony\[heic\]'$"):
        read_photograph(tmp_path / "photo.heic")
    with pytest.raises(InputError, match=r"out.heif: HEIC needs .*; run: pip install 'imharmony\[heic\]'$"):
        expect_ending(tmp_path / "out.heif")


@pytest.mark.usefixtures("heif")
def test_heic_is_read_with_all_that_it_has_and_written_so(tmp_path, caplog):
    path = tmp_path / "photo.heic"
    path.write_bytes(heic_of(SMOOTH, exif=b"Exif\0\0" + block(6), xmp=XMP, icc_profile=WIDE))
    photograph = read_photograph(path)
    assert photograph.colours.shape == (60, 40, 3)
    assert abs(photograph.colours.astype(int) - np.rot90(SMOOTH, -1)).mean() < 3
    seen = srgb_of(photograph, name="x")
    for ending in (".heic", ".png", ".jpg", ".tif"):
        image = Image.open(BytesIO(encode_photograph(photograph, seen, seen, tmp_path / f"out{ending}")))
        pixels = np.asarray(image)
        assert image.size == (40, 60)
        assert abs(pixels.astype(int) - photograph.colours).mean() < (0.01 if ending in (".png", ".tif") else 3)
        exif = image.getexif()
        assert (exif[271].rstrip("\0"), exif[274]) == ("The Maker", 1)
        assert (exif.get_ifd(34665)[37500], exif.get_ifd(34665)[40962]) == (MAKER_NOTE, 40)
        assert image.info["icc_profile"] == WIDE
        assert b'tiff:Orientation="6"' not in (image.info.get("xmp") or b"")
        assert b"rdf:Description" in (image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode())
        assert THUMBNAIL.getvalue() not in image.info.get("exif", b"")
    assert not caplog.records


@pytest.mark.usefixtures("heif")
def test_alpha_is_kept(tmp_path):
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, :32] = 255
    (tmp_path / "photo").write_bytes(saved(np.dstack([SMOOTH, alpha])))
    photograph = read_photograph(tmp_path / "photo")
    data = encode_photograph(photograph, SMOOTH, SMOOTH, tmp_path / "out.heic")
    (tmp_path / "photo.heic").write_bytes(data)
    again = read_photograph(tmp_path / "photo.heic")
    assert abs(again.alpha.astype(int) - alpha).max() < 20
    assert abs(again.colours[:, :28].astype(int) - SMOOTH[:, :28]).mean() < 3


@pytest.mark.usefixtures("heif")
def test_the_limit_of_pixels_and_of_pictures_holds(tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(heic_of(SMOOTH))
    with pytest.raises(InputError, match=r"photo\.heic: too large to open safely"):
        read_photograph(path, most_pixels=1000)
    path.write_bytes(heic_of(SMOOTH, save_all=True, append_images=[Image.fromarray(SMOOTH)]))
    with pytest.raises(InputError, match=r"photo\.heic: more than one picture"):
        read_photograph(path)


@pytest.mark.usefixtures("heif")
def test_what_is_damaged_is_refused(tmp_path):
    whole, rng = heic_of(SMOOTH, exif=b"Exif\0\0" + block(1), xmp=XMP), np.random.default_rng(0)
    path = tmp_path / "photo.heic"
    for damaged in (HEAD, whole[:200], whole[: len(whole) - 40]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"photo\.heic"):
            read_photograph(path)
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(12, len(data), 2):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        with suppress(InputError):
            assert read_photograph(path).colours.shape[2] == 3


@pytest.mark.usefixtures("heif")
def test_no_other_reader_takes_it(tmp_path):
    data = heic_of(SMOOTH)
    (tmp_path / "mask.heic").write_bytes(data)
    for read, given in ((decode_rgb, data), (read_mask, data)):
        with pytest.raises(InputError, match="HEIC, as phones save photographs"):
            read(given, name="x")


def test_heic_stays_heic(tmp_path):
    assert default_output(tmp_path / "IMG_1.HEIC").name == "IMG_1_harmonized.HEIC"
