"""Photographs of one's own: every mask finds its photograph, odd files become plain ones, and what is wrong is named."""

import os
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, decode_trusted, encode_jpeg, encode_png
from imharmony.pictures.masks import decode_segmentation
from imharmony.sources.folder import fetch_folder, list_folder
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.photographs import HEIGHT, WIDTH, photo

SECTION = {"category": "person", "licence": "own"}


@pytest.fixture
def own(tmp_path) -> Path:
    """Two photographs, one with two masks and one with one."""
    root = tmp_path / "own"
    (root / "photographs").mkdir(parents=True)
    (root / "masks").mkdir()
    for number, name in enumerate(("beach", "beach_party")):
        (root / "photographs" / f"{name}.jpg").write_bytes(encode_jpeg(photo(number)))
    for name, left in (("beach", 4), ("beach_left", 20), ("beach_party_7", 30)):
        (root / "masks" / f"{name}.png").write_bytes(encode_png(box(left)))
    return root


def box(left: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[5:25, left : left + 10] = 255
    return mask


def listed(root: Path, out: Path) -> tuple[list[dict], list[dict]]:
    list_folder(out=out, work=out, workers=1, folder=str(root), **SECTION)
    tables = read_table(out / "photographs.parquet"), read_table(out / "instances.parquet")
    assert (tables[0].schema, tables[1].schema) == (PHOTOGRAPHS, INSTANCES)
    return tables[0].to_pylist(), tables[1].to_pylist()


def fetched(root: Path, out: Path) -> dict[str, np.ndarray]:
    listing = read_table(out / "photographs.parquet")
    fetch_folder(listing, listed={}, source=out, out=out / "images", work=out, workers=1, folder=str(root))
    reader, rows = ShardReader(out / "images"), read_table(out / "images" / "photographs.parquet").to_pylist()
    return {row["file_name"]: decode_trusted(reader.value(row["shard"], row["row"], "jpeg"), name="x") for row in rows}


def test_every_mask_belongs_to_the_longest_name_before_an_underscore(own, tmp_path):
    photographs, instances = listed(own, tmp_path / "out")
    names = {row["image_id"]: row["file_name"] for row in photographs}
    assert sorted((names[row["image_id"]], row["bbox_x"]) for row in instances) == [
        ("beach.jpg", 4.0),
        ("beach.jpg", 20.0),
        ("beach_party.jpg", 30.0),
    ]


def test_a_mask_is_read_back_bit_for_bit(own, tmp_path):
    _, instances = listed(own, tmp_path / "out")
    for row in instances:
        mask = decode_segmentation(row["segmentation"], width=WIDTH, height=HEIGHT)
        assert_array_equal(255 * mask, box(int(row["bbox_x"])))
        assert (row["area_px"], row["bbox_width"], row["bbox_height"]) == (200, 10, 20)


def test_another_photograph_changes_no_id(own, tmp_path):
    before = listed(own, tmp_path / "a")
    (own / "photographs" / "another.jpg").write_bytes(encode_jpeg(photo(9)))
    after = listed(own, tmp_path / "b")
    assert all(row in after[0] for row in before[0])
    assert after[1] == before[1]


def test_photographs_without_a_mask_are_counted(own, tmp_path, caplog):
    (own / "photographs" / "another.jpg").write_bytes(encode_jpeg(photo(9)))
    listed(own, tmp_path / "out")
    assert "1 of 3 photographs have no mask" in caplog.text


def test_a_plain_file_keeps_its_bytes_and_odd_ones_are_shown_upright(own, tmp_path):
    upright = decode_rgb((own / "photographs" / "beach.jpg").read_bytes(), name="x")
    turned, exif = Image.fromarray(np.rot90(upright)), Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter clockwise
    turned.save(own / "photographs" / "beach.jpg", exif=exif, quality=100, subsampling=0)
    wide = (photo(1)[..., 0].astype(np.uint16) * 257)[..., None].repeat(1, axis=2)
    cv2.imwrite(str(own / "photographs" / "beach_party.png"), wide)
    (own / "photographs" / "beach_party.jpg").unlink()
    listed(own, tmp_path / "out")
    pictures = fetched(own, tmp_path / "out")
    assert pictures["beach.jpg"].shape == upright.shape
    assert np.abs(pictures["beach.jpg"].astype(int) - upright).mean() < 3
    assert_array_equal(pictures["beach_party.png"], photo(1)[..., :1].repeat(3, axis=2))


def test_what_is_wrong_is_named(own, tmp_path):
    def refused(message: str) -> None:
        with pytest.raises(InputError, match=message):
            listed(own, tmp_path / "out")

    stray = own / "masks" / "hill_1.png"
    stray.write_bytes(encode_png(box(4)))
    refused(r"hill_1\.png: no photograph is called 'hill_1' or a part of it")
    stray.unlink()
    (own / "masks" / "beach.png").write_bytes(encode_png(box(4)[:-1]))
    refused(r"beach\.png: 56x39 pixels; expected 56x40 as beach\.jpg has")
    (own / "masks" / "beach.png").write_bytes(encode_png(box(4)))
    (own / "photographs" / "beach.png").write_bytes(encode_png(photo(0)))
    refused(r"beach\.png: beach\.jpg has the same name but for its ending")
    (own / "photographs" / "beach.png").unlink()
    path = own / "photographs" / "beach.jpg"
    path.write_bytes(path.read_bytes()[:400])
    refused(r"beach\.jpg: not a readable image")
    (own / "photographs" / "beach.jpg").write_text("x")
    refused(r"beach\.jpg: not a readable image")


def test_a_folder_that_is_not_laid_out_so_is_named(tmp_path):
    with pytest.raises(InputError, match="no such folder; expected photographs/ and masks/ side by side"):
        listed(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "photographs").mkdir()
    with pytest.raises(InputError, match="no files; expected photographs in photographs/"):
        listed(tmp_path, tmp_path / "out")


def test_a_photograph_that_changed_since_it_was_listed_is_named(own, tmp_path):
    listed(own, tmp_path / "out")
    (own / "photographs" / "beach.jpg").write_bytes(encode_jpeg(photo(0)[:-2]))
    with pytest.raises(InputError, match=r"beach\.jpg: 56x38 pixels; it had 56x40 when it was listed"):
        fetched(own, tmp_path / "out")


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", "notes.txt", ".DS_Store", "._beach.jpg", "list.json", "beach.xmp", "sub/"])
@pytest.mark.parametrize("folder", ["photographs", "masks"])
def test_what_systems_leave_beside_pictures_is_passed_over(own, tmp_path, caplog, folder, name):
    path = own / folder / name
    if name.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"\xd0\xcf\x11\xe0 no picture")
    assert len(listed(own, tmp_path / "out")[1]) == 3
    assert name.startswith(".") or f"passed over 1 that are no picture files: {name}" in caplog.text


def test_a_picture_without_an_ending_is_one(own, tmp_path):
    (own / "photographs" / "beach.jpg").rename(own / "photographs" / "beach")
    assert {row["file_name"] for row in listed(own, tmp_path / "out")[0]} == {"beach", "beach_party.jpg"}


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_names_match_however_their_umlauts_are_written(own, tmp_path, forms):
    photograph, mask = (unicodedata.normalize(form, "Müller") for form in forms)
    (own / "photographs" / f"{photograph}.jpg").write_bytes(encode_jpeg(photo(5)))
    (own / "masks" / f"{mask}_1.png").write_bytes(encode_png(box(3)))
    assert len(listed(own, tmp_path / "out")[1]) == 4


def test_an_empty_mask_is_left_out_with_why(own, tmp_path, caplog):
    (own / "masks" / "beach_left.png").write_bytes(encode_png(np.zeros((HEIGHT, WIDTH), np.uint8)))
    assert len(listed(own, tmp_path / "out")[1]) == 2
    row = read_table(tmp_path / "out" / "rejected.parquet").to_pylist()[0]
    assert (row["name"], row["reason"]) == ("beach_left.png", "empty_mask")
    assert "its largest value is 0" in row["detail"]
    assert "left out 1 (empty_mask 1)" in caplog.text


def test_masks_that_are_all_empty_are_an_error_that_says_why(own, tmp_path):
    for path in (own / "masks").iterdir():
        path.write_bytes(encode_png(np.zeros((HEIGHT, WIDTH), np.uint8)))
    with pytest.raises(InputError, match=r"every mask is empty, beach\.png: empty_mask \(its largest value is 0"):
        listed(own, tmp_path / "out")


def test_two_masks_of_one_name_are_named(own, tmp_path):
    (own / "masks" / "beach.bmp").write_bytes((own / "masks" / "beach.png").read_bytes())
    with pytest.raises(InputError, match=r"beach\.png: beach\.bmp has the same name but for its ending"):
        listed(own, tmp_path / "out")


@pytest.mark.parametrize("folder", ["photographs", "masks"])
def test_a_name_that_is_no_text_is_one_line(own, tmp_path, folder):
    path = own / folder / os.fsdecode(b"\xff.png")
    path.write_bytes((own / "masks" / "beach.png").read_bytes())
    with pytest.raises(InputError, match=r"xff\.png' is no text in UTF-8; expected names that are; rename it"):
        listed(own, tmp_path / "out")


@pytest.mark.parametrize(
    ("photograph", "why"), [("HILL.jpg", "whose upper and lower case differ"), ("hill.heic", "which is no picture that is read")]
)
def test_a_mask_without_photograph_is_told_which_may_be_meant(own, tmp_path, photograph, why):
    is_picture = photograph.endswith("jpg")
    (own / "photographs" / photograph).write_bytes(
        (own / "photographs" / "beach.jpg").read_bytes() if is_picture else b"\0\0\0\x18ftypheic"
    )
    (own / "masks" / "hill.png").write_bytes(encode_png(box(4)))
    with pytest.raises(InputError, match=f"no photograph is called 'hill'.*there is {photograph}, {why}"):
        listed(own, tmp_path / "out")


@pytest.mark.parametrize("turned", ["photographs/beach.jpg", "masks/beach.png"])
def test_a_size_that_an_orientation_changes_is_said_to_be_so(own, tmp_path, turned):
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(own / turned) as image:
        image.load()
        image.save(own / turned, exif=exif)
    with pytest.raises(InputError, match=r"is stored as 56x40 and its EXIF orientation \(6\) turns it to 40x56"):
        listed(own, tmp_path / "out")
