"""Adobe's .cube files, read strictly and written to be read."""

import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.transfer.cube_files import read_cube, write_cube
from imharmony.transfer.looks import look_table
from imharmony.transfer.lut import Lut

CUBE = """# a comment
TITLE "red and blue"
LUT_3D_SIZE 2
DOMAIN_MAX 1 2 4

0 0 0
1 0 0
0 1 0
1 1 0
# between the rows
0 0 1
1 0 1
0 1 1
.5 1e0 1.25
"""
CURVES = "LUT_1D_SIZE 2\n0 0.1 0\n1 0.9 -0.5\n"


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "look.cube"
        path.write_text(text)
        return path

    return write


def test_red_changes_fastest(written):
    cube = read_cube(written(CUBE))
    assert cube.table[1, 0, 0].tolist() == [1, 0, 0]
    assert cube.table[0, 0, 1].tolist() == [0, 0, 1]
    assert cube.table[1, 1, 1].tolist() == [0.5, 1, 1.25]
    assert (cube.low, cube.high) == ((0, 0, 0), (1, 2, 4))


def test_curves_are_read_row_by_row(written):
    assert read_cube(written(CURVES)).table.tolist() == [[0, 0.1, 0], [1, 0.9, -0.5]]


@pytest.mark.parametrize("table", [look_table("film_0"), look_table("film_0")[:5, 0, 0] / 3])
def test_what_is_written_comes_back_bit_for_bit(tmp_path, table):
    lut = Lut(table, low=(0.0, -0.1, 0.0), high=(1.0, 1 / 3, 2.0))
    write_cube(tmp_path / "new" / "look.cube", lut, title="film")
    back = read_cube(tmp_path / "new" / "look.cube")
    assert_array_equal(back.table, table)
    assert (back.low, back.high) == (lut.low, lut.high)


def test_windows_line_ends_a_byte_order_mark_and_tabs_are_read(written):
    path = written("")
    path.write_bytes(b"\xef\xbb\xbf" + CUBE.replace(" ", "\t").replace("red\tand\tblue", "x").replace("\n", "\r\n").encode())
    assert read_cube(path).table.shape == (2, 2, 2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no size before the rows; expected one of LUT_1D_SIZE and LUT_3D_SIZE"),
        ("0 0 0\n", "line 1: no size before the rows"),
        (CURVES + "2 2 2\n", "line 4: 3 rows in all; expected 2"),
        (CURVES[:-11], "line 2: 1 rows in all; expected 2"),
        ("LUT_1D_SIZE 2\n", "line 1: 0 rows in all; expected 2"),
        (CURVES.replace("0.1", "x"), "line 2: '0 x 0'; expected three finite numbers"),
        (CURVES.replace("0.1", "1e999"), "line 2: .* three finite numbers"),
        (CURVES.replace("0.1", "1_0"), "line 2: .* three finite numbers"),
        (CURVES.replace("0.1 ", ""), "line 2: '0 0'; expected three finite numbers"),
        (CURVES.replace("1 0.9", "nan 0.9"), "line 3: .* three finite numbers"),
        (CURVES + 'TITLE "late"\n', "line 4: .* three finite numbers"),
        (CURVES.replace("LUT_1D_SIZE 2", "LUT_1D_SIZE 1"), "line 1: LUT_1D_SIZE 1; expected one whole number from 2 to 65536"),
        (CURVES.replace("LUT_1D_SIZE 2", "LUT_3D_SIZE 257"), "line 1: LUT_3D_SIZE 257; expected one whole number from 2 to 256"),
        (CURVES.replace("LUT_1D_SIZE 2", "LUT_3D_SIZE 2 2"), "line 1: LUT_3D_SIZE 2 2"),
        (CURVES.replace("LUT_1D_SIZE 2", "LUT_3D_SIZE"), "line 1: LUT_3D_SIZE ; expected one whole number"),
        ("LUT_3D_SIZE 2\n" + CURVES, "line 2: LUT_1D_SIZE and LUT_3D_SIZE; expected one of"),
        ("LUT_1D_SIZE 2\n" + CURVES, "line 2: LUT_1D_SIZE again, after line 1"),
        ("LUT_2D_SIZE 2\n" + CURVES, "line 1: 'LUT_2D_SIZE 2'; expected TITLE, LUT_1D_SIZE"),
        ("TITLE bare\n" + CURVES, "line 1: 'TITLE bare'; expected TITLE \"text\""),
        ("DOMAIN_MIN 0 1 0\n" + CURVES, "line 1: a domain from .* expected DOMAIN_MIN below DOMAIN_MAX"),
        ("DOMAIN_MAX 1 1\n" + CURVES, "line 1: '1 1'; expected three finite numbers"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(written, text, message):
    with pytest.raises(InputError, match=rf"look\.cube, {message}"):
        read_cube(written(text))


def test_a_missing_file_and_a_photograph_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.cube: no such file"):
        read_cube(tmp_path / "none.cube")
    (tmp_path / "photo.cube").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match=r"photo\.cube: not a text file"):
        read_cube(tmp_path / "photo.cube")
