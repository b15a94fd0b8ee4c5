"""A list of images: whole numbers in a column, each once, or one line that says which is not."""

import pytest

from imharmony.errors import InputError
from imharmony.sources.image_lists import read_image_list


def write(tmp_path, text):
    path = tmp_path / "listed.csv"
    path.write_text(text)
    return path


def test_the_ids_are_read_whatever_stands_beside_them(tmp_path):
    assert read_image_list(write(tmp_path, 'file_name,image_id\n"a, b.jpg",7\nc.jpg,9007199254740993\n')) == {7, 9007199254740993}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "its columns are none"),
        ("id\n1\n", "its columns are id"),
        ("image_id\n", "no rows"),
        ("image_id\n7\nx\n", "line 3: image_id is 'x'"),
        ("image_id,a\n7,1\n,2\n", "line 3: image_id is ''"),
        ("image_id\n1.0\n", "line 2: image_id is '1.0'"),
        ("image_id\n7\n8\n7\n", "image_id 7 occurs 2 times"),
    ],
)
def test_what_is_no_list_is_one_line(tmp_path, text, told):
    with pytest.raises(InputError, match=r"listed\.csv") as error:
        read_image_list(write(tmp_path, text))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_list_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file; expected a CSV file"):
        read_image_list(tmp_path / "none.csv")
