"""``harmonize`` does what it is asked with a mask that is probably inverted, and says so in a line."""

import numpy as np
import pytest
from PIL import Image

from imharmony.commands.photo import run
from imharmony.errors import InputError
from tests.imharmony.drawn_pairs import CUT_OUT, MASK, PHOTO, write_png


@pytest.fixture
def warned(tmp_path, caplog):
    def call(mask, *options):
        photo, path = write_png(tmp_path / "photo.png", PHOTO), write_png(tmp_path / "mask.png", mask)
        run([str(photo), str(path), "-o", str(tmp_path / "out.png"), "--model", "reinhard", *options])
        return caplog.messages

    return call


def test_a_line_is_said_and_what_was_asked_is_done(warned, tmp_path):
    advice = "see harmonize doctor, or --direction background / invert it"
    assert warned(255 - MASK) == [f"mask.png covers the border and 81 % of the picture: probably inverted; {advice}"]
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != PHOTO).any(axis=2)
    assert changed[MASK == 0].any()
    assert not changed[MASK > 0].any()


def test_a_mask_that_is_refused_gets_no_second_line(warned, caplog):
    with pytest.raises(InputError, match="white everywhere"):
        warned(MASK * 0 + 255)
    assert caplog.messages == []


def test_nothing_is_said_of_a_right_mask_and_of_one_for_the_background(warned):
    assert warned(MASK) == []
    assert warned(255 - MASK, "--direction", "background") == []


def test_nothing_is_said_of_a_cut_out_that_fills_the_picture(tmp_path, caplog):
    full = CUT_OUT.copy()
    full[..., 3] = 255
    full[20:30, 20:30, 3] = 0
    cut_out, background = write_png(tmp_path / "cut.png", full), write_png(tmp_path / "background.png", PHOTO)
    run([str(cut_out), "--background", str(background), "-o", str(tmp_path / "out.png"), "--model", "reinhard"])
    assert caplog.messages == []
