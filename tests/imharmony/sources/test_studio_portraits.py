"""The studio's portraits lie in AISegment's layout, the same bytes for any number of workers, and the reader takes all of them."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb
from imharmony.sources.matting_human import Portrait, read_portraits
from imharmony.sources.studio_portraits import encode_matte, write_studio_portraits
from imharmony.studio.portrait import render_portrait

PORTRAITS, WIDTH, HEIGHT = 6, 60, 80


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "portraits"
    write_studio_portraits(folder, portraits=PORTRAITS, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=1)
    return folder


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_names_follow_the_published_layout(folder):
    stems = [f"{k // 4:010d}-{k % 4:08d}" for k in range(PORTRAITS)]
    photographs = [f"clip_img/{stem[:10]}/clip_00000000/{stem}.jpg" for stem in stems]
    mattes = [f"matting/{stem[:10]}/matting_00000000/{stem}.png" for stem in stems]
    assert list(contents(folder)) == photographs + mattes


def test_the_reader_takes_every_portrait(folder):
    found = list(read_portraits(folder))
    assert [type(portrait) for portrait in found] == [Portrait] * PORTRAITS
    assert {portrait.group for portrait in found} == {"0000000000", "0000000001"}


def test_two_workers_write_the_same_bytes_as_one(folder, tmp_path):
    write_studio_portraits(tmp_path / "two", portraits=PORTRAITS, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=2)
    assert contents(tmp_path / "two") == contents(folder)


def test_a_longer_world_begins_with_the_same_portraits(folder, tmp_path):
    write_studio_portraits(tmp_path / "short", portraits=5, width_px=WIDTH, height_px=HEIGHT, seed=0, workers=1)
    assert contents(tmp_path / "short").items() <= contents(folder).items()


def test_files_are_the_rendered_photograph_and_its_alpha(folder):
    scene = render_portrait(seed=0, index=5, width_px=WIDTH, height_px=HEIGHT)
    found = list(read_portraits(folder))[5]
    photograph = decode_rgb(found.photograph, name="photograph")
    assert np.abs(photograph.astype(int) - scene.image).mean() < 6  # JPEG
    np.testing.assert_array_equal(found.alpha, np.round(scene.instances[0].alpha * 255))


def test_a_matte_has_the_photographs_colours_where_alpha_is_above_zero():
    image = np.full((2, 2, 3), (10, 20, 30), np.uint8)
    matte = np.asarray(Image.open(BytesIO(encode_matte(image, np.array([[0.0, 0.001], [0.5, 1.0]])))))
    assert matte.tolist() == [[[0, 0, 0, 0], [0, 0, 0, 0]], [[10, 20, 30, 128], [10, 20, 30, 255]]]


@pytest.mark.parametrize(
    ("name", "value"),
    [("portraits", 0), ("width_px", 16), ("height_px", 4096), ("workers", 0)],
    ids=["portraits", "width", "height", "workers"],
)
def test_a_number_out_of_range_is_refused_before_anything_is_written(tmp_path, name, value):
    arguments = {"portraits": 2, "width_px": 64, "height_px": 64, "seed": 0, "workers": 1} | {name: value}
    with pytest.raises(InputError, match=f"{name} {value}: outside"):
        write_studio_portraits(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()
