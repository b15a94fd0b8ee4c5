"""16 bits a channel come out as they went in, and a change is as fine as they are."""

import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.deep_colours import fine_srgb
from imharmony.pictures.opening import upright
from imharmony.pictures.photo_files import read_photograph, srgb_of
from imharmony.pictures.saving import encode_photograph
from tests.imharmony.pictures.saving_examples import ALPHA, REGION, harmonized, written
from tests.imharmony.pictures.test_photo_files import LINEAR_GREY, WIDE

DEEP = (np.linspace(9000, 52000, 30)[None, :, None] + np.array([0, 1500, 3100])).astype(np.uint16) + np.arange(20, dtype=np.uint16)[
    :, None, None
]
DEEP_ALPHA = np.where(ALPHA == 100, 25777, ALPHA.astype(np.uint16) * 257).astype(np.uint16)
DEEP_FILES = {
    "PNG": cv2.imencode(".png", DEEP[..., ::-1])[1].tobytes(),
    "PNG, alpha": cv2.imencode(".png", np.dstack([DEEP[..., ::-1], DEEP_ALPHA]))[1].tobytes(),
    "TIFF": cv2.imencode(".tif", DEEP[..., ::-1])[1].tobytes(),
    "grey PNG": cv2.imencode(".png", DEEP[..., 0].copy())[1].tobytes(),
    "grey TIFF": cv2.imencode(".tif", DEEP[..., 0].copy())[1].tobytes(),
}


def tiff_of(pixels: np.ndarray, **options) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def deep(data: bytes, ending: str, folder: Path, *, change) -> np.ndarray:
    """The picture of 16 bits that is written, as another library reads it."""
    file = written(data, ending, folder, change=lambda seen, _: change(seen))
    if ending == ".tif":
        return tifffile.imread(BytesIO(file))
    pixels = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize("name", DEEP_FILES)
def test_16_bits_are_kept_and_a_change_is_as_fine(name, ending, tmp_path):
    def change(seen):
        return seen + np.where(REGION[..., None], np.float32(10.3), np.float32(0))

    pixels = deep(DEEP_FILES[name], ending, tmp_path, change=change)
    given = DEEP[..., 0] if "grey" in name else np.dstack([DEEP, DEEP_ALPHA]) if "alpha" in name else DEEP
    assert (pixels.dtype, pixels.shape) == (np.uint16, given.shape)
    visible = REGION & (ALPHA > 0) if "alpha" in name else REGION
    assert np.array_equal(pixels[~visible], given[~visible])
    colours = (slice(None), slice(0, 3)) if pixels.ndim == 3 else slice(None)
    gained = pixels[visible][colours].astype(int) - given[visible][colours]
    assert abs(gained - 10.3 * 257).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "grey TIFF"])
def test_16_bits_are_written_as_they_are_seen(kind, orientation, tmp_path):
    if kind == "PNG":
        exif = Image.Exif()
        exif[274] = orientation
        data, block_of_it = DEEP_FILES["PNG"], exif.tobytes()[6:]
        chunk = b"eXIf" + block_of_it
        data = data[:33] + len(block_of_it).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[33:]
    else:
        given = DEEP[..., 0].copy() if "grey" in kind else DEEP
        data = tiff_of(given, photometric="minisblack" if "grey" in kind else "rgb", extratags=[(274, "H", 1, orientation, True)])
    pixels = deep(data, ".tif", tmp_path, change=lambda seen: seen)
    assert np.array_equal(pixels, upright(DEEP[..., 0] if "grey" in kind else DEEP, orientation))


ODD_TIFFS = {
    "white is 0": (65535 - DEEP[..., 0], {"photometric": "miniswhite"}, DEEP[..., 0]),
    "more than 4 GB": (DEEP, {"photometric": "rgb", "bigtiff": True}, DEEP),
    "floats": ((DEEP[..., 0] / 65535).astype(np.float32), {"photometric": "minisblack"}, DEEP[..., 0]),
}


@pytest.mark.parametrize("name", ODD_TIFFS)
def test_tiffs_that_lay_numbers_otherwise(name, tmp_path):
    stored, options, expected = ODD_TIFFS[name]
    pixels = deep(tiff_of(stored, **options), ".tif", tmp_path, change=lambda seen: seen)
    assert np.array_equal(pixels, expected)


def test_channels_by_themselves_are_refused_because_no_library_reads_them_right(tmp_path):
    data = tiff_of(np.moveaxis(DEEP, 2, 0).copy(), photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match="16 bits a channel, and each channel by itself"):
        deep(data, ".tif", tmp_path, change=lambda seen: seen)


def test_colours_weighted_by_alpha_become_straight(tmp_path):
    alpha = np.maximum(DEEP_ALPHA, 9000)
    weighted = np.rint(DEEP * (alpha / 65535)[..., None]).astype(np.uint16)
    data = tiff_of(np.dstack([weighted, alpha]), photometric="rgb", extrasamples=["assocalpha"])
    pixels = deep(data, ".tif", tmp_path, change=lambda seen: seen)
    assert np.array_equal(pixels[..., 3], alpha)
    assert abs(pixels[..., :3].astype(int) - DEEP).max() <= 4


@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
def test_16_bits_of_tiffs_of_other_programs(photometric, tmp_path):
    given = DEEP[..., 0] if photometric == "minisblack" else np.dstack([DEEP, DEEP_ALPHA])
    options = {"extrasamples": ["unassalpha"]} if photometric == "rgb" else {}
    data = tiff_of(given, photometric=photometric, byteorder=">", compression="zlib", **options)
    assert np.array_equal(deep(data, ".tif", tmp_path, change=lambda seen: seen), given)


def test_a_smooth_gradient_of_16_bits_has_no_bands_after_a_change_of_gain(tmp_path):
    ramp = np.broadcast_to(np.linspace(20_000, 24_000, 4000).astype(np.uint16)[None, :, None], (2, 4000, 3))
    data = cv2.imencode(".png", np.ascontiguousarray(ramp))[1].tobytes()
    columns = np.linspace(0, 3, 4000, dtype=np.float32)[None, :, None]
    pixels = deep(data, ".png", tmp_path, change=lambda seen: seen + columns)
    steps = np.diff(pixels[0, :, 1].astype(int))
    assert (steps.min(), steps.max()) >= (0, 1)
    assert steps.max() <= 3
    assert len(np.unique(pixels)) > 2300


@pytest.mark.parametrize("profile", [None, WIDE], ids=["sRGB", "wide"])
def test_a_gain_that_is_computed_of_fine_levels_leaves_no_steps(profile, tmp_path):
    ramp = np.ascontiguousarray(np.broadcast_to(np.linspace(20_000, 24_000, 4000).astype(np.uint16)[None, :, None], (2, 4000, 3)))
    (tmp_path / "photo.tif").write_bytes(tiff_of(ramp, photometric="rgb", iccprofile=profile))
    photograph = read_photograph(tmp_path / "photo.tif")
    seen, fine = srgb_of(photograph, name="x"), fine_srgb(photograph)
    assert abs(fine - seen).max() <= (0.51 if profile is None else 1.5)
    made = [encode_photograph(photograph, seen, seen + levels * np.float32(-0.4), tmp_path / "o.tif") for levels in (fine, seen)]
    back = [np.minimum(np.diff(tifffile.imread(BytesIO(file))[0, :, 1].astype(int)), 0).min() for file in made]
    assert back[0] >= -1
    assert back[1] < -50


def viewed(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """What a viewer shows of 16 bits under a profile, by another way than ours: a power of 2.2 and Adobe RGB's primaries."""
    adobe = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
    srgb = np.array([[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]])
    assert profile == WIDE
    light = (pixels / 65535) ** (round(2.2 * 256) / 256) @ (srgb @ adobe).T
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * np.abs(light) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("amount", [0.4, -7.25, 12.5])
def test_under_a_profile_a_change_of_16_bits_is_what_a_viewer_sees(amount, tmp_path):
    data = tiff_of(DEEP, photometric="rgb", iccprofile=WIDE)

    def change(seen):
        return seen + np.where(REGION[..., None], np.float32(amount), np.float32(0))

    pixels = deep(data, ".tif", tmp_path, change=change)
    assert np.array_equal(pixels[~REGION], DEEP[~REGION])
    gained = (viewed(pixels, WIDE) - viewed(DEEP, WIDE))[REGION]
    assert abs(gained - amount).max() < 0.02


def test_grey_of_16_bits_under_a_profile_becomes_srgb_of_16_bits(tmp_path):
    data = tiff_of(DEEP[..., 0].copy(), photometric="minisblack", iccprofile=LINEAR_GREY)
    pixels = deep(data, ".tif", tmp_path, change=lambda seen: seen)
    light = DEEP[..., 0] / 65535
    assert abs(pixels / 65535 - (1.055 * light ** (1 / 2.4) - 0.055)).max() < 1e-4


def test_16_bits_become_8_where_a_format_has_no_more(tmp_path):
    for ending, most in ((".jpg", 2), (".webp", 0.3)):
        image = harmonized(DEEP_FILES["PNG"], ending, tmp_path, change=lambda seen, _: seen + np.float32(3))
        assert abs(np.asarray(image) - 3 - DEEP / 257).mean() < most
