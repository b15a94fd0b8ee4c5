"""New backgrounds: any photograph covers a picture, the same one every time, and what is broken is left out and told."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.pictures.images import encode_png
from imharmony.sources.new_backgrounds import NewBackgrounds, cut_out, photographs_in
from tests.datasets import scene, write


@pytest.fixture
def folder(tmp_path):
    for index in range(4):
        write(tmp_path / "places" / f"{index % 2}" / f"place{index}.png", encode_png(scene(index)))
    return tmp_path / "places"


def test_a_number_has_the_same_background_every_time_and_numbers_differ(folder):
    first, second = (NewBackgrounds(folder, seed=3) for _ in range(2))
    drawn = [first.background(number, width=20, height=30) for number in range(12)]
    for number, (name, cut) in enumerate(drawn):
        again = second.background(number, width=20, height=30)
        assert again[0] == name
        assert_array_equal(again[1].picture, cut.picture)
    assert len({name for name, _ in drawn}) > 1
    assert [name for name, _ in drawn] != [NewBackgrounds(folder, seed=4).background(k, width=20, height=30)[0] for k in range(12)]


@pytest.mark.parametrize("size", [(20, 30), (64, 8), (8, 64), (1, 1)])
def test_it_has_the_size_asked_for(folder, size):
    width, height = size
    assert NewBackgrounds(folder).background(0, width=width, height=height)[1].picture.shape == (height, width, 3)


def test_the_cut_is_a_part_of_the_place_where_that_has_the_right_height():
    place = np.zeros((10, 50, 3), np.uint8)
    place[..., 0] = np.arange(50)
    cut = cut_out(place, width=8, height=10, rng=np.random.default_rng(1))
    assert cut.crop_x > 0
    assert_array_equal(cut.picture, place[:, cut.crop_x : cut.crop_x + 8])


def test_what_is_broken_is_left_out_and_told_once(folder):
    write(folder / "broken.jpg", b"no picture")
    backgrounds = NewBackgrounds(folder)
    names = {backgrounds.background(number, width=9, height=9)[0] for number in range(30)}
    assert "broken.jpg" not in names
    assert [(each.name, each.reason) for each in backgrounds.left_out] == [("broken.jpg", "unreadable")]


def test_photographs_that_are_all_broken_are_an_error(tmp_path):
    write(tmp_path / "a.jpg", b"no picture")
    with pytest.raises(InputError, match=r"photographs: all 1 are broken \(unreadable 1\); a\.jpg"):
        NewBackgrounds(tmp_path).background(0, width=9, height=9)


def test_a_folder_without_photographs_is_named(tmp_path):
    write(tmp_path / "places" / "list.txt", b"")
    with pytest.raises(InputError, match=r"places: no photographs; expected files that end in \.bmp, \.jpeg"):
        photographs_in(tmp_path / "places")
