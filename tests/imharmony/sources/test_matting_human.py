"""Every file of an archive becomes part of a portrait or is left out with its reason."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imharmony.pictures.images import decode_trusted
from imharmony.sources import matting_human
from imharmony.sources.matting_human import REASONS, Portrait, portrait_id, read_portraits
from tests.imharmony.sources.portrait_archive import (
    FIRST,
    FIRST_MATTE,
    HEIGHT,
    WIDTH,
    alpha,
    archive_files,
    encoded,
    matte_name,
    photograph_name,
    pixels,
    write_folder,
    write_zip,
)

NAMES = [f"{batch}/00000000/{batch}-{k:08d}" for batch, count in (("1803151818", 3), ("1803201916", 2)) for k in range(count)]


def read(tmp_path, files):
    """The names of the portraits, and (name, reason) of what was left out, of a zip and of a folder alike."""
    outcomes = []
    for path in (write_folder(tmp_path / "folder", files), write_zip(tmp_path / "archive.zip", files)):
        found = list(read_portraits(path))
        portraits = [each.name for each in found if isinstance(each, Portrait)]
        outcomes.append((portraits, [(each.name, each.reason) for each in found if not isinstance(each, Portrait)]))
    assert outcomes[0] == outcomes[1]
    assert {reason for _, reason in outcomes[0][1]} <= set(REASONS)
    return outcomes[0]


def only(tmp_path, files):
    """The one portrait or rejection of the first pair."""
    found = list(read_portraits(write_folder(tmp_path / "one", {name: files[name] for name in (FIRST, FIRST_MATTE)})))
    assert len(found) == 1
    return found[0]


def test_portraits_come_once_each_by_name(tmp_path):
    assert read(tmp_path, archive_files()) == (NAMES, [])


def test_a_portrait_has_the_published_bytes_and_its_alpha(tmp_path):
    files = archive_files()
    portrait = only(tmp_path, files)
    assert (portrait.photograph, portrait.matte, portrait.converted) == (files[FIRST], files[FIRST_MATTE], None)
    assert (portrait.portrait_id, portrait.group) == (portrait_id(NAMES[0]), "1803151818")
    np.testing.assert_array_equal(portrait.alpha, alpha())


def test_an_id_is_the_names_alone_and_positive():
    assert portrait_id("1803151818/00000000/1803151818-00000003") == 6_145_518_951_324_544_145
    ids = {portrait_id(f"{batch}/00000000/{batch}-{k:08d}") for batch in range(40) for k in range(1000)}
    assert len(ids) == 40_000
    assert 0 <= min(ids) <= max(ids) < 2**63


def test_a_folder_around_the_two_trees_changes_no_name(tmp_path):
    files = {f"downloads/matting human/{name}": data for name, data in archive_files().items()}
    assert read(tmp_path, files) == (NAMES, [])


def test_the_second_copy_of_the_trees_is_left_out(tmp_path):
    files = archive_files()
    copy = {f"matting_human_half/{name}": data for name, data in files.items()}
    portraits, rejected = read(tmp_path, files | copy)
    assert portraits == NAMES
    assert rejected == sorted((name, "duplicate") for name in copy)


def test_a_second_copy_that_differs_is_said_to(tmp_path):
    files = archive_files()
    files[f"matting_human_half/{FIRST}"] = files[FIRST] + b"more"
    assert read(tmp_path, files) == (NAMES, [(f"matting_human_half/{FIRST}", "duplicate_differs")])


def test_half_a_pair_is_completed_from_the_second_copy(tmp_path):
    files = archive_files()
    files[f"matting_human_half/{FIRST_MATTE}"] = files.pop(FIRST_MATTE)
    assert read(tmp_path, files) == (NAMES, [])


@pytest.mark.parametrize(
    "name",
    [
        "matting/1803201916/._matting_00000000",
        "clip_img/1803241125/clip_00000000/._1803241125-00000005.jpg",
        "clip_img/.DS_Store",
        f"__MACOSX/{FIRST}",
        f"__MACOSX/{FIRST.replace('1803151818-', '._1803151818-')}",
        "._clip_img/1/clip_0/1.jpg",
    ],
)
def test_what_macos_left_is_left_out(tmp_path, name):
    assert read(tmp_path, archive_files() | {name: b"\x00\x05\x16\x07"}) == (NAMES, [(name, "macos_metadata")])


@pytest.mark.parametrize(
    "name",
    ["README.md", "clip_img/1803151818/1803151818-00000009.jpg", FIRST.replace(".jpg", ".txt"), FIRST.replace("clip_0", "matting_0")],
)
def test_files_outside_the_layout_are_left_out(tmp_path, name):
    assert read(tmp_path, archive_files() | {name: b"x"}) == (NAMES, [(name, "unexpected")])


def test_halves_of_pairs_are_left_out(tmp_path):
    files = archive_files()
    del files[FIRST_MATTE], files[photograph_name("1803201916", 1)]
    assert read(tmp_path, files) == (NAMES[1:-1], [(FIRST, "no_matte"), (matte_name("1803201916", 1), "no_photograph")])


def rgba(transparency, mode="RGBA"):
    return encoded(Image.fromarray(np.dstack([pixels(0), transparency])).convert(mode), "PNG")


@pytest.mark.parametrize(
    ("matte", "reason"),
    [
        (encoded(pixels(0), "PNG"), "no_alpha"),
        (encoded(alpha(), "PNG"), "no_alpha"),
        (rgba(np.zeros_like(alpha())), "flat_alpha"),
        (rgba(np.full_like(alpha(), 255)), "flat_alpha"),
        (encoded(np.zeros((HEIGHT, WIDTH + 1, 4), np.uint8), "PNG"), "size_mismatch"),
        (encoded(np.zeros((WIDTH, HEIGHT, 4), np.uint8), "PNG"), "size_mismatch"),
        (archive_files()[FIRST_MATTE][:-40], "unreadable"),
        (encoded(pixels(0), "JPEG"), "unreadable"),
        (b"", "unreadable"),
    ],
    ids=["rgb", "grey", "all_0", "all_255", "wider", "turned", "cut", "jpeg", "empty"],
)
def test_a_matte_that_is_none_is_left_out(tmp_path, matte, reason):
    assert read(tmp_path, archive_files() | {FIRST_MATTE: matte}) == (NAMES[1:], [(FIRST_MATTE, reason)])


def test_a_matte_of_grey_with_alpha_counts(tmp_path):
    portrait = only(tmp_path, archive_files() | {FIRST_MATTE: rgba(alpha(), "LA")})
    np.testing.assert_array_equal(portrait.alpha, alpha())


@pytest.mark.parametrize("data", [archive_files()[FIRST][:-40], b"\xff\xd8\xff", b"<html>"], ids=["cut", "start", "page"])
def test_a_photograph_that_does_not_decode_is_left_out(tmp_path, data):
    assert read(tmp_path, archive_files() | {FIRST: data}) == (NAMES[1:], [(FIRST, "unreadable")])


def test_a_picture_that_would_fill_the_memory_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(matting_human, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    assert only(tmp_path, archive_files()).reason == "too_large"


def rotated(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(pixels(0)).transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)


ODD = {
    "CMYK": encoded(Image.fromarray(pixels(0)).convert("CMYK"), "JPEG", quality=95),
    "orientation 6": rotated(6),
    "PNG": encoded(pixels(0), "PNG"),
    "WEBP": encoded(pixels(0), "WEBP", lossless=True),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_photograph_is_converted_so_that_any_decoder_shows_it_alike(tmp_path, name):
    portrait = only(tmp_path, archive_files() | {FIRST: ODD[name]})
    assert portrait.converted == name
    seen = decode_trusted(portrait.photograph, name=name)
    assert np.abs(seen.astype(int) - pixels(0)).mean() < 6


def test_sixteen_bits_become_eight_without_clipping(tmp_path):
    deep = np.linspace(0, 65535, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint16)
    portrait = only(tmp_path, archive_files() | {FIRST: encoded(Image.fromarray(deep), "PNG")})
    seen = decode_trusted(portrait.photograph, name="deep")
    assert portrait.converted == "PNG, I;16"
    np.testing.assert_array_equal(seen[..., 0], np.round(deep / 257))


def test_a_grey_jpeg_keeps_its_bytes(tmp_path):
    grey = encoded(Image.fromarray(pixels(0)).convert("L"), "JPEG")
    portrait = only(tmp_path, archive_files() | {FIRST: grey})
    assert (portrait.photograph, portrait.converted) == (grey, None)
    assert decode_trusted(grey, name="grey").shape == (HEIGHT, WIDTH, 3)


def test_reasons_name_no_path_and_no_address(tmp_path):
    rejected = only(tmp_path, archive_files() | {FIRST: b"<html>"})
    assert rejected.detail == "not a readable image (a web page or other text)"


def test_the_matte_is_a_png_whose_fourth_channel_is_the_alpha(tmp_path):
    portrait = only(tmp_path, archive_files())
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(portrait.matte)))[..., 3], portrait.alpha)
