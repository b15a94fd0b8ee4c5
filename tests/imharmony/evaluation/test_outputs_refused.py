"""``harmonize score``: pictures and options that no score can be made of are one line and exit code 2, at once."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from imharmony.evaluation.outputs import score_outputs
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from tests.imharmony.evaluation.test_outputs import SIZE, call, outputs  # noqa: F401
from tests.imharmony.pictures.test_photo_files import WIDE, saved

PICTURE = np.full((SIZE, SIZE, 3), 90, np.uint8)
ALPHA = np.full((SIZE, SIZE), 255, np.uint8)
ALPHA[0, 0] = 0


def said_of(monkeypatch, capsys, *arguments) -> str:
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, *arguments)
    said = capsys.readouterr().err
    assert (stop.value.code, said.count("error: "), said.count("Traceback")) == (2, 1, 0)
    return said.strip().splitlines()[-1]  # above it are bars of progress


def loop(path: Path) -> None:
    path.symlink_to(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def written(data: bytes):
    return lambda path: path.write_bytes(data)


BAD = {
    "a pipe": (os.mkfifo, "a pipe, socket or device"),
    "a device": (device, "a pipe, socket or device"),
    "a loop of links": (loop, "links"),
    "a folder": (Path.mkdir, "a folder"),
    "nothing": (written(b""), "not a readable image"),
    "half a picture": (written(encode_png(PICTURE)[:-30]), "not a readable image"),
    "transparent": (written(saved(np.dstack([PICTURE, ALPHA]))), "transparent in parts"),
    "transparent WebP": (written(saved(np.dstack([PICTURE, ALPHA]), "WEBP")), "transparent in parts"),
    "a transparent colour": (written(saved(PICTURE, transparency=(90, 90, 90))), "transparent in parts"),
    "16 bits": (written(cv2.imencode(".png", PICTURE.astype(np.uint16) * 257)[1].tobytes()), "16 bits a channel"),
    "16 bits of grey": (written(cv2.imencode(".png", ALPHA.astype(np.uint16) * 257)[1].tobytes()), "16 bits a channel"),
    "floats": (written(saved(ALPHA.astype(np.float32), "TIFF")), "16 bits a channel"),
    "an animation": (written(saved(PICTURE, save_all=True, append_images=[Image.fromarray(PICTURE + 9)])), "more than one picture"),
    "another program's language": (written(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not a readable image"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_picture_that_cannot_be_scored_is_named(outputs, composites, monkeypatch, capsys, name):  # noqa: F811
    make, message = BAD[name]
    path = min(outputs.iterdir())
    path.unlink()
    make(path)
    said = said_of(monkeypatch, capsys, "--outputs", outputs, "--dataset", composites, "--size", SIZE)
    assert str(path) in said
    assert message in said


@pytest.mark.parametrize("size", ["-1", "0", "15", "4097", "1000000", "9" * 30])
def test_a_size_that_makes_no_sense_is_refused(outputs, composites, monkeypatch, capsys, size):  # noqa: F811
    said = said_of(monkeypatch, capsys, "--outputs", outputs, "--dataset", composites, "--size", size)
    assert f"--size {size}: expected 16 to 4096" in said


def test_a_table_that_cannot_be_written_is_known_before_the_work(outputs, composites, tmp_path, monkeypatch, capsys):  # noqa: F811
    (tmp_path / "scores.csv").mkdir()
    options = ["--outputs", outputs, "--dataset", composites, "--size", SIZE, "--out", tmp_path / "scores.csv"]
    assert "scores.csv: a folder" in said_of(monkeypatch, capsys, *options)


def test_profiles_play_no_part_as_in_every_published_score(outputs, composites):  # noqa: F811
    expected = score_outputs(outputs, composites, method="m", size_px=SIZE)
    for path in outputs.iterdir():
        with Image.open(path) as image:
            write_bytes(path, saved(image, icc_profile=WIDE))
    assert score_outputs(outputs, composites, method="m", size_px=SIZE).equals(expected)
