"""The command with the photographs and masks that people have: alpha, profiles, turned, large, damaged."""

import os
import sys
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from imharmony.cli import main
from imharmony.pictures.profiles import to_srgb
from imharmony.storage.files import write_bytes
from tests.imharmony.pictures.test_photo_files import LINEAR_GREY, SRGB, WIDE, saved
from tests.imharmony.test_cli import folder  # noqa: F401

MASK = np.zeros((40, 50), np.uint8)
MASK[10:30, 10:30] = 255
PHOTO = np.clip(np.random.default_rng(0).normal(120, 25, (40, 50, 3)), 0, 255).astype(np.uint8)
PHOTO[MASK > 0] //= 2


@pytest.fixture
def run(monkeypatch, folder):  # noqa: F811
    """The command on a photograph and a mask, given as their files' bytes; the file that it writes."""

    def call(photo=None, mask=None, *options, out="out.png"):
        write_bytes(folder / "photo.png", saved(PHOTO) if photo is None else photo)
        write_bytes(folder / "mask.png", saved(MASK) if mask is None else mask)
        arguments = [folder / "photo.png", folder / "mask.png", folder / out, "--model", folder / "model.safetensors"]
        monkeypatch.setattr(sys, "argv", ["harmonize", *map(str, arguments), *options])
        main()
        return folder / out

    return call


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def refused(run, capsys):
    def call(*arguments, **options):
        with pytest.raises(SystemExit) as stop:
            run(*arguments, **options)
        said = capsys.readouterr().err.splitlines()
        assert (stop.value.code, len(said)) == (2, 1)
        return said[0]

    return call


def test_a_mask_of_0_and_1_is_a_mask(run):
    expected = pixels(run())
    assert np.array_equal(pixels(run(mask=saved(MASK // 255))), expected)
    assert (expected != PHOTO).any()


def test_an_empty_mask_and_one_of_labels_are_refused_with_their_name(refused):
    assert "mask.png: the mask is black everywhere" in refused(mask=saved(MASK * 0))
    assert "mask.png: its largest value is 3, of 255" in refused(mask=saved(MASK // 85))


ALPHA = np.full((40, 50), 255, np.uint8)
ALPHA[:, 25:] = 0
ALPHA[3] = 77


def with_hidden(level):
    colours = PHOTO.copy()
    colours[ALPHA == 0] = level
    return np.dstack([colours, ALPHA])


@pytest.mark.parametrize("direction", ["foreground", "background"])
def test_alpha_is_kept_and_what_it_hides_plays_no_part(run, direction):
    black, white = (pixels(run(saved(with_hidden(level)), None, "--direction", direction)) for level in (0, 255))
    assert np.array_equal(black[..., 3], ALPHA)
    assert np.array_equal(black[ALPHA > 0], white[ALPHA > 0])
    assert (black[ALPHA == 0][:, :3] == 0).all()
    assert (white[ALPHA == 0][:, :3] == 255).all()
    changed = (MASK > 0) == (direction == "foreground")
    assert np.array_equal(black[~changed], with_hidden(0)[~changed])
    assert (black != with_hidden(0))[changed].any()


def test_transparency_does_not_fit_into_a_jpeg(refused):
    assert "photo.png: transparent in parts, which .jpg cannot be; expected a .png" in refused(saved(with_hidden(0)), out="out.jpg")


@pytest.mark.parametrize("alpha", [MASK, 255 - MASK, MASK * 0], ids=["no background", "no foreground", "nothing"])
def test_a_photograph_that_shows_nothing_is_refused(refused, alpha):
    assert "is visible, all of it is transparent" in refused(saved(np.dstack([PHOTO, alpha])))


@pytest.mark.parametrize("out", ["out.png", "out.jpg"])
@pytest.mark.parametrize("profile", [SRGB, WIDE], ids=["sRGB", "wide"])
def test_the_colour_profile_is_kept(run, profile, out):
    path = run(saved(PHOTO, icc_profile=profile), out=out)
    with Image.open(path) as image:
        assert image.info["icc_profile"] == profile
    if out == "out.png":
        assert np.array_equal(pixels(path)[MASK == 0], PHOTO[MASK == 0])


def test_under_a_profile_the_networks_see_what_a_viewer_shows(run):
    shown = to_srgb(PHOTO, WIDE)
    expected = pixels(run(saved(shown)))
    assert abs(to_srgb(pixels(run(saved(PHOTO, icc_profile=WIDE))), WIDE).astype(int) - expected).mean() < 2


@pytest.mark.parametrize("out", ["out.png", "out.jpeg", "out.webp", "out.tiff"])
def test_what_the_file_says_is_kept_in_every_format(run, out):
    exif = Image.Exif()
    exif[271], exif[274] = "The Maker", 3
    path = run(saved(PHOTO[::-1, ::-1], exif=exif, dpi=(300, 300)), out=out)
    with Image.open(path) as image:
        assert (image.getexif()[271], image.getexif()[274]) == ("The Maker", 1)
    if not out.endswith("jpeg"):
        assert np.array_equal(pixels(path)[MASK == 0], PHOTO[MASK == 0])


def test_16_bits_stay_16_bits(run):
    deep = PHOTO.astype(np.uint16) * 257 + 77
    written = cv2.imread(str(run(cv2.imencode(".png", deep)[1].tobytes())), cv2.IMREAD_UNCHANGED)
    assert written.dtype == np.uint16
    assert np.array_equal(written[MASK == 0], deep[MASK == 0])
    assert (written[MASK > 0] != deep[MASK > 0]).any()


def test_a_profile_and_alpha_together(run):
    path = run(saved(with_hidden(9), icc_profile=WIDE))
    with Image.open(path) as image:
        assert (image.mode, image.info["icc_profile"]) == ("RGBA", WIDE)
    assert np.array_equal(pixels(path)[(MASK == 0) | (ALPHA == 0)], with_hidden(9)[(MASK == 0) | (ALPHA == 0)])


def test_what_has_no_rgb_profile_becomes_srgb_and_this_is_said(run, caplog):
    grey = saved(PHOTO[..., 0].copy(), icc_profile=LINEAR_GREY)
    path = run(grey)
    ours = ImageCms.ImageCmsProfile(BytesIO(LINEAR_GREY))
    shown = ImageCms.profileToProfile(Image.open(BytesIO(grey)), ours, ImageCms.createProfile("sRGB"), outputMode="RGB")
    written = np.asarray(Image.open(path).convert("RGB"))  # the file is grey, as what it was made of
    assert np.array_equal(written[MASK == 0], np.asarray(shown)[MASK == 0])
    assert "converted to sRGB" in caplog.text


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_of_the_stored_size_of_a_turned_photograph_is_told_so(refused, run, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = saved(PHOTO, "JPEG", exif=exif)
    said = refused(photo)
    assert "50x40 pixels, as " in said
    assert f"EXIF orientation ({orientation}) turns it to 40x50" in said
    assert pixels(run(photo, saved(np.ascontiguousarray(MASK.T)))).shape == (50, 40, 3)
    assert pixels(run(photo, saved(MASK, exif=exif))).shape == (50, 40, 3)  # an editor that kept the EXIF


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_that_its_own_orientation_turns_is_told_so(refused, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    said = refused(mask=saved(MASK, exif=exif))
    assert "the mask is 40x50 pixels; expected 50x40" in said
    assert f"is stored as 50x40 and its EXIF orientation ({orientation}) turns it to 40x50" in said


@pytest.mark.parametrize(("level", "direction"), [(253, "foreground"), (252, "background"), (255, "background")])
def test_a_mask_of_one_colour_but_for_noise_is_refused(refused, level, direction):
    mask = np.full_like(MASK, 255)
    mask[::2] = level
    assert "everywhere" in refused(None, saved(mask), "--direction", direction)


def test_the_limit_of_pixels_is_an_option(run, refused):
    large = np.zeros((1100, 1000, 3), np.uint8)
    mask = np.zeros((1100, 1000), np.uint8)
    mask[:500] = 255
    assert "too large to open safely (1000x1100, 1 megapixels); expected at most 1" in refused(
        saved(large), saved(mask), "--max-megapixels", "1"
    )
    assert pixels(run(saved(large), saved(mask), "--max-megapixels", "2")).shape == large.shape


@pytest.mark.parametrize("count", ["0", "-1", "1001", "99999999999999999999"])
def test_a_limit_that_makes_no_sense_is_refused(refused, count):
    assert f"--max-megapixels {count}: expected 1 to 1000" in refused(None, None, "--max-megapixels", count)


@pytest.mark.parametrize("out", ["folder.png", "photo.png", "mask.png", "photo.png/out.png"])
def test_a_place_that_cannot_be_written_is_known_before_the_work(refused, folder, monkeypatch, out):  # noqa: F811
    (folder / "folder.png").mkdir()
    monkeypatch.setattr("imharmony.commands.photo_work.harmonize_file", None)
    assert out.partition("/")[0] in refused(out=out)


def test_a_name_that_is_no_text_can_be_printed(run, capsysbinary):
    name = os.fsdecode(b"out-\xff.png")
    assert run(out=name).is_file()
    assert b"out-" in capsysbinary.readouterr().out


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_a_picture_that_the_format_cannot_hold_is_refused(refused, ending):
    shape = (1, 70_000) if ending == ".jpg" else (1, 1_100_000)
    mask = np.zeros(shape, np.uint8)
    mask[:, :20_000] = 255
    said = refused(saved(np.dstack([mask] * 3), "TIFF"), saved(mask, "TIFF"), out=f"out{ending}")
    assert f"expected sides of at most {65_500 if ending == '.jpg' else 1_000_000} in a {ending}" in said
