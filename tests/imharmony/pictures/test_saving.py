"""What a photograph's file has is in the file that is written, as other programs read it."""

import logging
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import get_sampling
from PIL.PngImagePlugin import PngInfo

from imharmony.errors import InputError
from imharmony.pictures.opening import upright
from imharmony.pictures.saving import default_output, expect_ending, supported_endings
from tests.imharmony.pictures.exif_examples import MAKER_NOTE, THUMBNAIL, XMP, block
from tests.imharmony.pictures.saving_examples import ALPHA, REGION, harmonized, written
from tests.imharmony.pictures.test_photo_files import PHOTO, WIDE, saved

TURN = 6
LOSSLESS = (".png", ".tif", ".webp")


def xmp_of(image: Image.Image) -> bytes:
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return found.encode() if isinstance(found, str) else found


def full(kind: str, pixels: np.ndarray = PHOTO) -> bytes:
    """A file with all that its format can have beside the pixels."""
    options = {"exif": b"Exif\0\0" + block(TURN), "icc_profile": WIDE}
    if kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        info.add_text("Title", "Bäume")
        info.add_itxt("Description", "木", "ja", "説明", zip=True)
        return saved(pixels, kind, pnginfo=info, dpi=(300, 150), **options)
    if kind == "TIFF":
        exif = Image.Exif()
        exif.load(options.pop("exif"))
        exif[700], exif[296] = XMP, 2
        return saved(pixels, kind, exif=exif, **options)
    if kind == "WEBP":
        return saved(pixels, kind, xmp=XMP, lossless=True, **options)
    return saved(pixels, kind, xmp=XMP, dpi=(300, 150), comment=b"a word", quality=90, **options)


@pytest.mark.parametrize("ending", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_all_that_is_beside_the_pixels_is_kept_and_true_of_the_upright_picture(kind, ending, tmp_path, caplog):
    image = harmonized(full(kind), ending, tmp_path)
    assert image.size == (20, 30)
    assert image.info["icc_profile"] == WIDE
    exif = image.getexif()
    assert (exif[271].rstrip("\0"), exif[274], exif[282], exif[283]) == ("The Maker", 1, 150, 300)
    inner = exif.get_ifd(34665)
    assert (inner[37500], inner[40962], inner[40963]) == (MAKER_NOTE, 20, 30)
    assert exif.get_ifd(34853) == {1: "N"}
    if ending != ".tif":
        assert THUMBNAIL.getvalue() not in image.info["exif"]
        assert not exif.get_ifd(1)
    assert xmp_of(image) == XMP.replace(b'Orientation="6"', b'Orientation="1"')
    if ending != ".webp":
        assert image.info["dpi"] == pytest.approx((150, 300), abs=0.02)
    assert not caplog.records


@pytest.mark.parametrize("ending", LOSSLESS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("profile", [None, WIDE], ids=["sRGB", "wide"])
def test_what_is_not_changed_is_equal_to_the_bit(kind, ending, profile, tmp_path):
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(PHOTO, kind, icc_profile=profile or b"", **options)
    pixels, before = np.asarray(harmonized(data, ending, tmp_path)), np.asarray(Image.open(BytesIO(data)))
    if kind == "JPEG" and ending == ".webp":
        assert abs(pixels.astype(int) - before).mean() < 8  # what is packed with loss stays so
        return
    assert np.array_equal(pixels[~REGION], before[~REGION])
    assert (pixels[REGION] != before[REGION]).any()


@pytest.mark.parametrize("ending", LOSSLESS)
@pytest.mark.parametrize("profile", [None, WIDE], ids=["sRGB", "wide"])
def test_alpha_and_what_it_hides_are_kept(ending, profile, tmp_path):
    before = np.dstack([PHOTO, ALPHA])
    pixels = np.asarray(harmonized(saved(before, icc_profile=profile), ending, tmp_path))
    unchanged = ~REGION | (ALPHA == 0)
    assert np.array_equal(pixels[unchanged], before[unchanged])
    assert np.array_equal(pixels[..., 3], ALPHA)
    assert (pixels[~unchanged] != before[~unchanged]).any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_pixels_are_written_as_they_are_seen(kind, orientation, tmp_path):
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(PHOTO, kind, exif=exif)
    image = harmonized(data, ".png", tmp_path, change=lambda seen, _: seen)
    stored = PHOTO if kind != "JPEG" else np.asarray(Image.open(BytesIO(data)))
    assert np.array_equal(np.asarray(image), upright(stored, orientation))
    assert image.getexif().get(274, 1) == 1


def test_a_jpeg_is_packed_as_it_was(tmp_path):
    smooth = cv2.resize(PHOTO, (96, 64), interpolation=cv2.INTER_CUBIC)
    for quality, subsampling, progressive in ((71, "4:2:2", False), (93, "4:4:4", True), (97, "4:2:0", False), (5, "4:2:0", False)):
        data = saved(smooth, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
        image, before = harmonized(data, ".jpeg", tmp_path, change=lambda seen, _: seen), Image.open(BytesIO(data))
        assert image.quantization == before.quantization
        assert get_sampling(image) == get_sampling(before)
        assert image.info.get("progressive") == before.info.get("progressive")
        if subsampling == "4:4:4":
            assert abs(np.asarray(image).astype(int) - np.asarray(before)).mean() < 0.3


def test_a_grey_jpeg_stays_one_unless_it_gets_colours(tmp_path):
    data = saved(PHOTO[..., 0].copy(), "JPEG", quality=80)
    image = harmonized(data, ".jpg", tmp_path)
    assert (image.mode, image.quantization) == ("L", Image.open(BytesIO(data)).quantization)
    coloured = harmonized(data, ".jpg", tmp_path, change=lambda seen, region: np.where(region[..., None], np.uint8([200, 9, 9]), seen))
    assert coloured.mode == "RGB"
    assert coloured.quantization[0] == image.quantization[0]


def test_noise_of_the_best_quality_is_written_too(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    cv2_best = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 100, cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    image, before = harmonized(cv2_best, ".jpg", tmp_path, change=lambda seen, _: seen), Image.open(BytesIO(cv2_best))
    used = [[each.quantization[layer[3]] for layer in each.layer] for each in (image, before)]
    assert used[0] == used[1]


def test_texts_and_colours_of_a_png_are_kept(tmp_path):
    image = harmonized(full("PNG"), ".png", tmp_path)
    assert image.text["Title"] == "Bäume"
    assert (image.text["Description"], image.text["Description"].lang, image.text["Description"].tkey) == ("木", "ja", "説明")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def test_xmp_of_more_than_one_segment_stays_in_a_jpeg(tmp_path):
    more = [b"http://ns.adobe.com/xmp/extension/\0" + bytes([number]) * 60_000 for number in (65, 66)]
    plain = saved(PHOTO, "JPEG", xmp=XMP)
    file = written(plain[:2] + b"".join(segment(0xE1, data) for data in more) + plain[2:], ".jpg", tmp_path)
    assert [file.count(segment(0xE1, data)) for data in more] == [1, 1]
    assert Image.open(BytesIO(file)).info["xmp"].startswith(b"<?xpacket")


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def test_what_a_png_says_of_its_colours_is_kept_and_exif_in_a_text_becomes_exif(tmp_path):
    block_of_it = b"Exif\0\0" + block(TURN)
    lines = [block_of_it.hex()[at : at + 72] for at in range(0, 2 * len(block_of_it), 72)]
    text = f"\nexif\n{len(block_of_it):8}\n" + "\n".join(lines) + "\n"
    parts = chunk(b"gAMA", (45455).to_bytes(4, "big")) + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text.encode()))
    plain = saved(PHOTO)
    image = harmonized(plain[:33] + parts + plain[33:], ".png", tmp_path)
    assert image.size == (20, 30)
    assert image.info["gamma"] == pytest.approx(0.45455)
    assert (image.getexif()[271], image.getexif()[274]) == ("The Maker", 1)
    assert not image.text


def test_a_comment_goes_into_jpeg_and_png(tmp_path):
    assert harmonized(full("JPEG"), ".jpg", tmp_path).info["comment"] == b"a word"
    assert harmonized(full("JPEG"), ".png", tmp_path).text["Comment"] == "a word"
    info = PngInfo()
    info.add_text("Comment", "a word")
    assert harmonized(saved(PHOTO, pnginfo=info), ".jpg", tmp_path).info["comment"] == b"a word"


def resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + number.to_bytes(2, "big") + b"\0\0" + len(data).to_bytes(4, "big") + data + bytes(len(data) % 2)


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", ".jpg"), ("JPEG", ".tif"), ("TIFF", ".jpg"), ("TIFF", ".tif")])
def test_texts_of_iptc_are_kept_and_photoshops_small_picture_is_not(kind, ending, tmp_path):
    given = resource(1028, b"\x1c\x02\x78\0\x05words") + resource(1036, b"the small picture")
    if kind == "JPEG":
        plain, inside = saved(PHOTO, "JPEG"), b"Photoshop 3.0\0" + given
        data = plain[:2] + b"\xff\xed" + (len(inside) + 2).to_bytes(2, "big") + inside + plain[2:]
    else:
        data = saved(PHOTO, "TIFF", tiffinfo={34377: given})
    image = harmonized(data, ending, tmp_path)
    found = image.info["photoshop"][1028] if ending == ".jpg" else image.tag_v2[34377]
    assert b"words" in found
    assert b"the small picture" not in written(data, ending, tmp_path)


def test_under_a_profile_of_8_bits_a_change_is_what_a_viewer_sees(tmp_path):
    image = harmonized(saved(PHOTO, icc_profile=WIDE), ".png", tmp_path)
    shown = [np.asarray(each).astype(int) for each in (_srgb(image), _srgb(Image.open(BytesIO(saved(PHOTO, icc_profile=WIDE)))))]
    gained = (shown[0] - shown[1])[REGION & (shown[1] > 25).all(axis=2) & (shown[0] < 250).all(axis=2)]
    assert len(gained) > 50
    assert abs(gained - 20).mean() < 1
    assert abs(gained - 20).max() <= 4


def _srgb(image: Image.Image) -> Image.Image:
    ours = ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"]))
    return ImageCms.profileToProfile(image, ours, ImageCms.createProfile("sRGB"), outputMode="RGB")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("damaged", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + block()[:30]], ids=len)
def test_damaged_exif_is_not_kept_and_this_is_said_once(kind, damaged, tmp_path, caplog):
    image = harmonized(saved(PHOTO, kind, exif=damaged), ".png", tmp_path)
    assert "exif" not in image.info
    lines = [record for record in caplog.records if "EXIF data are damaged" in record.message]
    assert len(lines) == (0 if damaged == b"Exif\0\0" else 1)


@pytest.mark.parametrize("damaged", [b"\xff\xfe\x00<", b"<x:xmpmeta", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"words"], ids=len)
def test_damaged_xmp_is_not_kept_and_this_is_said_once(damaged, tmp_path, caplog):
    image = harmonized(saved(PHOTO, "JPEG", xmp=damaged), ".png", tmp_path)
    assert not xmp_of(image)
    assert [record.message.count("XMP data are damaged") for record in caplog.records] == [1]


def test_a_damaged_profile_is_not_kept(tmp_path, caplog):
    image = harmonized(saved(PHOTO, icc_profile=b"words"), ".png", tmp_path, name="damaged profile")
    assert "icc_profile" not in image.info
    assert "its colour profile is damaged" in caplog.text


@pytest.mark.parametrize("is_packed", [True, False])
def test_texts_that_are_too_long_are_not_kept(is_packed, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    info = PngInfo()
    info.add_text("Long", "x" * 3_000_000, zip=is_packed)
    info.add_text("Short", "kept")
    data = saved(PHOTO, pnginfo=info)
    if is_packed:  # the library below does not even open it
        with pytest.raises(InputError, match="too large"):
            harmonized(data, ".png", tmp_path)
        return
    image = harmonized(data, ".png", tmp_path)
    assert image.text == {"Short": "kept"}
    assert "too long" in caplog.text


def test_more_exif_than_a_jpeg_takes_is_said(tmp_path, caplog):
    exif = Image.Exif()
    exif[270] = "x" * 70_000
    image = harmonized(saved(PHOTO, exif=exif), ".jpg", tmp_path)
    assert "exif" not in image.info
    assert "longer than a JPEG takes" in caplog.text
    assert len(harmonized(saved(PHOTO, exif=exif), ".tif", tmp_path).getexif()[270].rstrip("\0")) == 70_000


def test_files_whose_bits_are_flipped_are_written_or_refused(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        whole = full(kind)
        for _ in range(60):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 3):
                data[place] = rng.integers(256)
            for ending in (".png", ".tif", ".jpg", ".webp"):
                try:
                    written(bytes(data), ending, tmp_path, change=lambda seen, _: seen)
                except InputError:
                    break


def test_endings():
    assert {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".heic", ".heif"} == set(supported_endings())
    with pytest.raises(InputError, match=r"cannot write '\.gif'; expected a name that ends in \.heic, \.heif, \.jpeg"):
        expect_ending(Path("out.gif"))
    with pytest.raises(InputError, match="results: cannot write a file without an ending; expected a name that ends in"):
        expect_ending(Path("results"))
    names = {"a.JPG": "a_harmonized.JPG", "b/c.tiff": "b/c_harmonized.tiff", "d.bmp": "d_harmonized.png", "e": "e_harmonized.png"}
    assert {name: str(default_output(Path(name))) for name in names} == names
    assert default_output(Path("b/c.tiff"), stem="a").as_posix() == "b/a_harmonized.tiff"


def test_transparency_does_not_fit_into_a_jpeg(tmp_path):
    with pytest.raises(InputError, match=r"transparent in parts, which \.jpg cannot be; expected a \.png to write; name out\.png"):
        harmonized(saved(np.dstack([PHOTO, ALPHA])), ".jpg", tmp_path)
