"""The doctor finds what is wrong, says what to do, and writes a mended mask where that is safe."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from imharmony.commands import doctor
from imharmony.commands.doctor import run
from imharmony.errors import InputError
from imharmony.pictures.mask_files import read_mask
from tests.imharmony.drawn_pairs import CUT_OUT, HEIGHT, MASK, PHOTO, WIDTH, write_png
from tests.imharmony.pictures.test_photo_files import WIDE, saved

MACHINE = {"python": "3", "packages": {"torch": "2", "onnxruntime": None}, "devices": ["cpu"], "memory_free": None, "starter": {"a": "b"}}
TURNED = Image.Exif()
TURNED[0x0112] = 6


@pytest.fixture(autouse=True)
def _machine(monkeypatch):
    monkeypatch.setattr(doctor, "machine_facts", lambda: MACHINE)


@pytest.fixture
def said(tmp_path):
    """What is found of a photograph's and a mask's bytes: pairs of severity and text, and the exit code."""

    def call(photo=None, mask=None, *options, names=("photo.png", "mask.png")):
        paths = [tmp_path / name for name in names]
        for path, data, default in zip(paths, (photo, mask), (PHOTO, MASK), strict=True):
            path.write_bytes(saved(default) if data is None else data if isinstance(data, bytes) else saved(data))
        text, code = run([*map(str, paths), "--json", *options])
        return [(each["severity"], each["what"]) for each in json.loads(text)["findings"]], code

    return call


def ellipse(height=HEIGHT, width=WIDTH):
    down, across = np.mgrid[:height, :width]
    return np.where(((down - height / 2) / (height / 4)) ** 2 + ((across - width / 2) / (width / 4)) ** 2 < 1, 255, 0).astype(np.uint8)


def test_a_right_pair_has_nothing_to_mend(said, tmp_path):
    assert said() == ([], 0)
    text, code = run([str(tmp_path / "photo.png"), str(tmp_path / "mask.png")])
    assert code == 0
    assert text.splitlines()[-1] == "verdict: nothing to mend"
    assert f"photo.png: PNG, {WIDTH}x{HEIGHT} pixels, R+G+B, 8 bits" in text


SPECKLED = MASK.copy()
SPECKLED[::5, ::5] = 255
LABELS = Image.fromarray(MASK // 255 + (MASK // 255) * (np.arange(WIDTH) > 35).astype(np.uint8))
LABELS.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
ONE_LABEL = Image.fromarray(MASK // 255)
ONE_LABEL.putpalette([0, 0, 0, 128, 0, 0])
TINY = np.zeros((100, 100), np.uint8)
TINY[50, 50:53] = 255
CROSS = MASK.copy()
CROSS[30], CROSS[:, 40] = 255, 255


@pytest.mark.parametrize(
    ("mask", "severity", "words"),
    [
        (255 - MASK, "doubt", "mask.png covers the border and 81 % of the picture: probably inverted"),
        (MASK * 0, "wrong", "mask.png is black everywhere"),
        (MASK * 0 + 255, "wrong", "mask.png is white everywhere"),
        (np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint8), "doubt", "is grey in 9"),
        (SPECKLED, "doubt", "specks beside the object"),
        (CROSS, "note", "touches all four sides"),
        (MASK // 255, "note", "mask.png has the values 0 and 1"),
        (LABELS, "doubt", "has a palette with 2 labels: 1, 2"),
        (ONE_LABEL, "note", "mask.png has a palette"),
        (MASK // 85, "wrong", "its largest value is 3, of 255"),
        (MASK[::2, ::2], "wrong", "is 40x30 pixels, and photo.png 80x60, of the same form"),
        (np.ascontiguousarray(MASK.T), "wrong", "its sides are exchanged"),
        (MASK[:50], "wrong", "of another form"),
    ],
)
def test_what_is_wrong_with_a_mask_is_found_alone(said, mask, severity, words):
    (finding,), code = said(None, mask)
    assert finding[0] == severity
    assert words in finding[1]
    assert code == (0 if severity == "note" else 1)


def test_a_mask_of_a_few_pixels_is_tiny(said):
    assert said(np.repeat(PHOTO[:1, :1], 100, 0).repeat(100, 1), TINY)[0] == [("doubt", "mask.png is white in 0.03 % of the picture")]


def test_the_noise_of_jpeg_is_found_and_cleaned(said, tmp_path):
    noisy = saved(ellipse(), "JPEG", quality=40)
    found, code = said(None, noisy, "--write", str(tmp_path / "mended.png"), names=("photo.png", "mask.jpg"))
    assert "mask.jpg is a JPEG, with noise near black" in found[0][1]
    assert code == 1
    before, after = (np.abs(read_mask(tmp_path / name).astype(int) - ellipse()) for name in ("mask.jpg", "mended.png"))
    far = (before > 0) & (before <= 16)
    assert far.any()
    assert (after[far] == 0).all()


@pytest.mark.parametrize(
    ("photo", "severity", "words"),
    [
        (np.repeat(PHOTO[..., :1], 3, 2), "note", "photo.png is grey everywhere"),
        (saved(PHOTO, icc_profile=WIDE), "note", "photo.png is under the colour profile"),
        (saved(PHOTO, icc_profile=b"none"), "doubt", "its colour profile is damaged"),
        (saved(PHOTO, "TIFF", "CMYK"), "doubt", "photo.png has CMYK colours"),
        (np.dstack([PHOTO, MASK * 0 + 255]), "note", "an alpha channel that is opaque everywhere"),
        (CUT_OUT, "wrong", "nothing of the background can be seen"),
        (np.dstack([PHOTO, (np.arange(WIDTH) > 5).astype(np.uint8)[None].repeat(HEIGHT, 0) * 255]), "note", "transparent in 7.5 %"),
        (saved(PHOTO, "JPEG", exif=TURNED), "wrong", "once its EXIF orientation (6) has turned it; it is stored as 80x60"),
    ],
)
def test_what_a_photograph_has_is_said(said, photo, severity, words):
    (finding,), code = said(photo)
    assert (finding[0], code) == (severity, 0 if severity == "note" else 1)
    assert words in finding[1]


def colours_of_16_bits():
    return cv2.imencode(".png", PHOTO[..., ::-1].astype(np.uint16) * 257)[1].tobytes()


def test_a_photograph_of_16_bits_and_one_on_its_head(said):
    levels = PHOTO[..., 0].astype(np.uint16) * 257
    assert [what for _, what in said(Image.fromarray(levels))[0]] == ["photo.png is grey everywhere", "photo.png has 16 bits a channel"]
    assert said(colours_of_16_bits())[0] == [("note", "photo.png has 16 bits a channel")]
    upside_down = Image.Exif()
    upside_down[0x0112] = 3
    assert "turned by its EXIF orientation (3)" in said(saved(PHOTO, "JPEG", exif=upside_down))[0][0][1]


@pytest.mark.parametrize(("channels", "words"), [(1, "what they make of it is written grey"), (3, "they may make a tinted one")])
def test_what_becomes_of_grey_depends_on_how_it_is_stored(tmp_path, channels, words):
    photo = write_png(tmp_path / "photo.png", PHOTO[..., 0] if channels == 1 else np.repeat(PHOTO[..., :1], channels, 2))
    text, _ = run([str(photo), str(write_png(tmp_path / "mask.png", MASK))])
    assert (
        f"note: photo.png is grey everywhere. Models were trained on colours; {'' if channels == 1 else 'of a grey object '}{words}."
        in text
    )


def test_swapped_files_and_one_file_twice_are_known(said, tmp_path):
    found, code = said(MASK, PHOTO)
    assert ("wrong", "photo.png looks like a mask and mask.png like a photograph") in found
    assert code == 1
    assert ("wrong", "photograph and mask are the same file") in said(PHOTO, PHOTO)[0]
    text, code = run([str(tmp_path / "mask.png"), str(tmp_path / "mask.png")])
    assert "wrong: photograph and mask are the same file. A mask says" in text
    assert code == 1


def test_a_few_coloured_pixels_are_no_reason_to_draw_a_mask_anew(said, tmp_path):
    stray = np.repeat(MASK[..., None], 3, 2)
    stray[15, 20:24] = (200, 90, 20)
    found, _ = said(None, stray, "--write", str(tmp_path / "mended.png"))
    assert found == [("wrong", "mask.png is grey but for 0.08 % of its pixels, which are coloured")]
    assert (read_mask(tmp_path / "mended.png")[30] == MASK[30]).all()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (saved(PHOTO)[:500], "not a readable image"),
        (saved(Image.fromarray(PHOTO), "GIF", save_all=True, append_images=[Image.fromarray(255 - PHOTO)]), "more than one picture"),
    ],
)
def test_what_cannot_be_read_ends_with_code_2(said, data, words):
    ((severity, what),), code = said(data)
    assert (severity, code) == ("wrong", 2)
    assert words in what


def test_a_photograph_that_does_not_decode_is_not_laid_to_its_mask(said):
    """Each of the two is said once, and the mask is looked at all the same."""
    found, _ = said(saved(PHOTO)[:500], saved(MASK)[:60])
    assert [what[: what.index(":")].rpartition("/")[2] for _, what in found] == ["photo.png", "mask.png"]
    assert [severity for severity, _ in said(saved(PHOTO)[:500], 255 - MASK)[0]] == ["wrong", "doubt"]


def test_large_photographs_are_told_what_they_need(said, monkeypatch):
    assert said(None, None, "--max-megapixels", "1")[1] == 0
    monkeypatch.setattr("imharmony.harmonizing.photo_checks.LARGE_PX", 1000)
    assert said()[0] == [("note", "photo.png has 0 megapixels")]
    large = np.zeros((1100, 1000, 3), np.uint8)
    found, code = said(large, None, "--max-megapixels", "1")
    assert found == [("wrong", "photo.png has 1 megapixels")]
    assert code == 2


def test_cut_outs_are_looked_at_with_what_they_lie_on(tmp_path):
    cut_out, small, wide = (
        str(write_png(tmp_path / name, pixels)) for name, pixels in (("cut.png", CUT_OUT), ("s.png", PHOTO[:40]), ("w.png", PHOTO))
    )
    assert run([cut_out, "--background", wide])[1] == 0
    assert "cut.png (80x60) is larger than s.png (80x40)" in run([cut_out, "--background", small])[0]
    assert "cut.png is a cut-out alone" in run([cut_out])[0]
    text, code = run([wide])
    assert "wrong: w.png has no transparency" in text
    assert code == 1


@pytest.mark.parametrize(
    ("mask", "photo", "right", "done"),
    [
        (255 - MASK, PHOTO, MASK, "inverted"),
        (MASK // 255, PHOTO, MASK, "written as 0 and 255"),
        (MASK, saved(PHOTO, "JPEG", exif=TURNED), np.rot90(MASK, -1), "turned as the photograph is"),
        (np.repeat(np.repeat(MASK, 2, 0), 2, 1), PHOTO, MASK, "resized from 160x120"),
        (255 - np.repeat(np.repeat(MASK, 2, 0), 2, 1), PHOTO, MASK, "resized from 160x120, inverted"),
    ],
)
def test_a_mask_is_mended(tmp_path, mask, photo, right, done):
    paths = [tmp_path / name for name in ("photo.png", "mask.png", "mended.png")]
    paths[0].write_bytes(photo if isinstance(photo, bytes) else saved(photo))
    given = saved(mask)
    paths[1].write_bytes(given)
    text, _ = run([str(paths[0]), str(paths[1]), "--write", str(paths[2])])
    assert f"written: {paths[2]} ({done})" in text
    assert np.array_equal(read_mask(paths[2]), right)
    assert paths[1].read_bytes() == given
    assert run([str(paths[0]), str(paths[2])])[1] == 0


@pytest.mark.parametrize("mask", [MASK, MASK * 0, MASK[:50], PHOTO])
def test_what_cannot_be_mended_safely_is_not_written(tmp_path, mask):
    photo, given = write_png(tmp_path / "photo.png", PHOTO), write_png(tmp_path / "mask.png", mask)
    text, _ = run([str(photo), str(given), "--write", str(tmp_path / "mended.png")])
    assert "not written: " in text
    assert not (tmp_path / "mended.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["photo.png", "mask.png", "--write", "mask.png"], "is also what is read"),
        (["photo.png", "mask.png", "--write", "mended.jpg"], "expected a name that ends in .png"),
        (["photo.png", "--write", "mended.png"], "no mask that could be mended"),
        (["photo.png", "mask.png", "--background", "photo.png"], "a mask beside --background"),
        (["photo.png", "mask.png", "--max-megapixels", "0"], "expected 1 to 1000"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "photo.png", PHOTO)
    before = write_png(tmp_path / "mask.png", MASK).read_bytes()
    with pytest.raises(InputError, match=message):
        run(options)
    assert (tmp_path / "mask.png").read_bytes() == before


def test_the_doctor_comes_without_torch():
    code = "import sys, imharmony.commands.doctor; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
