"""People before other places: what is where, the same pictures every time, and wrong input in one line."""

import os
import sys
from hashlib import sha256

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.cli import main
from imharmony.datasets.pasting import PASTED, paste_portraits, pasted
from imharmony.errors import InputError
from imharmony.pictures.images import encode_jpeg, encode_png, read_rgb
from imharmony.pictures.mask_files import read_mask
from imharmony.storage.tables import read_table
from tests.datasets import scene, write
from tests.imharmony.sources.portrait_archive import FIRST_MATTE, HEIGHT, WIDTH, alpha, archive_files, write_folder, write_zip

COUNT = 7


@pytest.fixture
def places(tmp_path):
    for index in range(3):
        write(tmp_path / "places" / f"{index}" / f"place{index}.jpg", encode_jpeg(scene(index)))
    write(tmp_path / "places" / "list.txt", b"not a photograph")
    return tmp_path / "places"


@pytest.fixture
def portraits(tmp_path):
    return write_folder(tmp_path / "portraits", archive_files())


def contents(folder):
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.*"))}


def test_every_composite_has_its_mask_and_its_row(portraits, places, tmp_path):
    paste_portraits(portraits, places, tmp_path / "out", count=COUNT)
    table = read_table(tmp_path / "out" / "manifest.parquet")
    assert table.schema == PASTED
    assert table["name"].to_pylist() == [f"{number:06d}" for number in range(COUNT)]
    assert set(table["background"].to_pylist()) <= {f"{index}/place{index}.jpg" for index in range(3)}
    for name in table["name"].to_pylist():
        assert read_rgb(tmp_path / "out" / "composites" / f"{name}.png").shape == (HEIGHT, WIDTH, 3)
        assert_array_equal(read_mask(tmp_path / "out" / "masks" / f"{name}.png"), alpha())


def test_a_zip_gives_the_same_and_more_composites_begin_with_them(portraits, places, tmp_path):
    paste_portraits(portraits, places, tmp_path / "one", count=COUNT)
    paste_portraits(write_zip(tmp_path / "portraits.zip", archive_files()), places, tmp_path / "two", count=COUNT + 2)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name: two[name] for name in one if name.endswith("png")} == {name: one[name] for name in one if name.endswith("png")}


@pytest.mark.parametrize("shape", [(40, 30), (80, 60), (40, 100), (300, 31), (7, 5), (1, 1)])
def test_a_place_of_any_size_covers_the_picture(shape):
    place = np.full((*shape, 3), (10, 120, 200), np.uint8)
    made = pasted(np.full((HEIGHT, WIDTH, 3), 255, np.uint8), alpha(), place, np.random.default_rng(0))
    assert_array_equal(made.composite[alpha() == 0], place[0, 0][None].repeat((alpha() == 0).sum(), 0))
    assert (made.composite[alpha() == 255] == 255).all()


def test_the_cut_is_where_the_row_says():
    place = np.zeros((HEIGHT, 5 * WIDTH, 3), np.uint8)
    place[..., 0] = np.arange(5 * WIDTH) % 256
    made = pasted(place[:, :WIDTH], np.zeros((HEIGHT, WIDTH), np.uint8), place, np.random.default_rng(1))
    assert made.crop_x > 0
    assert_array_equal(made.composite, place[:, made.crop_x : made.crop_x + WIDTH])


def test_portraits_that_are_all_broken_end_it_and_leave_nothing(places, tmp_path):
    files = {name: data for name, data in archive_files().items() if "00000000." in name and "1803151818" in name}
    portraits = write_folder(tmp_path / "portraits", files | {FIRST_MATTE: encode_png(np.zeros((HEIGHT, WIDTH), np.uint8))})
    with pytest.raises(InputError, match=r"all 1 are broken \(no_alpha 1\); .*matting_00000000/1803151818-00000000\.png: no_alpha"):
        paste_portraits(portraits, places, tmp_path / "out", count=1)
    assert not (tmp_path / "out").exists()


def test_what_is_broken_is_left_out_and_counted_and_the_others_stay_as_they_were(portraits, places, tmp_path, caplog):
    paste_portraits(portraits, places, tmp_path / "whole", count=8)
    write(places / "zz_broken.jpg", b"no picture")
    write(places / "zz_line.png", encode_png(np.zeros((1, 300, 3), np.uint8)))
    paste_portraits(portraits, places, tmp_path / "mixed", count=8)
    paste_portraits(portraits, places, tmp_path / "again", count=8)
    rejected = read_table(tmp_path / "mixed" / "rejected.parquet").to_pylist()
    assert {row["reason"] for row in rejected} == {"unreadable", "shape"}
    assert "paste: left out 2 (shape 1, unreadable 1), see" in caplog.text
    assert not (tmp_path / "whole" / "rejected.parquet").exists()
    mixed, again = (read_table(tmp_path / name / "manifest.parquet").to_pylist() for name in ("mixed", "again"))
    assert mixed == again
    assert len(mixed) == 8
    assert not {row["background"] for row in mixed} & {"zz_broken.jpg", "zz_line.png"}


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("nowhere"), lambda path: path.symlink_to(path)])
def test_a_pipe_or_a_broken_link_is_counted_and_not_passed_over(portraits, places, tmp_path, make):
    make(places / "a.jpg")
    paste_portraits(portraits, places, tmp_path / "out", count=20)
    assert read_table(tmp_path / "out" / "rejected.parquet").to_pylist()[0]["name"] == "a.jpg"


def test_a_photograph_whose_name_is_no_text_is_used(portraits, places, tmp_path):
    for path in [*places.rglob("*.jpg")]:
        path.rename(path.with_name(os.fsdecode(b"\xff.jpg")))
    paste_portraits(portraits, places, tmp_path / "out", count=COUNT)
    names = set(read_table(tmp_path / "out" / "manifest.parquet")["background"].to_pylist())
    assert names <= {f"{index}/\\xff.jpg" for index in range(3)}


def test_photographs_that_are_all_broken_are_an_error(portraits, tmp_path):
    write(tmp_path / "rotten" / "a.jpg", b"no picture")
    with pytest.raises(InputError, match=r"rotten: photographs: all 1 are broken \(unreadable 1\); a\.jpg"):
        paste_portraits(portraits, tmp_path / "rotten", tmp_path / "out", count=2)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--count": "0"}, "--count 0: expected at least one"),
        ({"out": "portraits"}, "exists already"),
        ({"backgrounds": "no"}, "no such folder"),
    ],
)
@pytest.mark.usefixtures("portraits", "places")
def test_wrong_input_of_the_command_is_one_line(monkeypatch, tmp_path, capsys, changes, message):
    chosen = {"portraits": "portraits", "backgrounds": "places", "out": "new", "--count": "1"} | changes
    count = chosen.pop("--count")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["harmonize", "dataset", "paste", *chosen.values(), "--count", count])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]
    assert not (tmp_path / "new").exists()
