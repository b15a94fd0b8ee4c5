"""Pictures are made once, kept by what they are made from, and come from a source that can be exchanged."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.pictures.images import encode_jpeg
from reporting.pictures import QUALITY, Pictures


@pytest.fixture
def made(tmp_path):
    """Pictures from a source that remembers what it was asked for; a folder for each method."""
    asked = []

    def source(method: str, dataset: str, sample_id: str) -> np.ndarray:
        asked.append((method, dataset, sample_id))
        return np.full((8, 8, 3), len(asked), np.uint8)

    weights = {"idih": "first"}
    pictures = Pictures(lambda _: SimpleNamespace(), lambda method, dataset: tmp_path / dataset / weights.get(method, method), source)
    return pictures, asked, weights


def test_a_picture_is_made_once_and_the_same_to_the_level_ever_after(made):
    pictures, asked, _ = made
    first, again = (pictures.picture("idih", "people", "1_1_0") for _ in range(2))
    assert_array_equal(first, again)
    assert asked == [("idih", "people", "1_1_0")]


def test_its_jpeg_is_of_the_same_picture_and_made_once(made):
    pictures, asked, _ = made
    jpeg = pictures.jpeg("idih", "people", "1_1_0")
    assert jpeg == encode_jpeg(np.full((8, 8, 3), 1, np.uint8), quality=QUALITY) == pictures.jpeg("idih", "people", "1_1_0")
    assert len(asked) == 1


def test_other_weights_make_another_picture(made):
    pictures, asked, weights = made
    first = pictures.picture("idih", "people", "1_1_0")
    weights["idih"] = "second"
    assert (pictures.picture("idih", "people", "1_1_0") != first).all()
    assert len(asked) == 2


def test_names_with_slashes_stay_in_their_folder(made, tmp_path):
    pictures, _, _ = made
    pictures.picture("mkl", "people", "../away/1")
    assert {path.parent for path in tmp_path.rglob("*.png")} == {tmp_path / "people" / "mkl"}
