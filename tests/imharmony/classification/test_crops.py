"""Crops show each real foreground once, whole, and nothing else."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from imharmony.classification.crops import MARGIN, NEUTRAL, foreground_crops
from imharmony.errors import InputError
from tests.things import things


def test_several_composites_of_a_foreground_are_one_example():
    alone, many = (foreground_crops(things(4, composites=count), size_px=16) for count in (1, 3))
    assert many.categories == ["bar", "disc", "bar", "disc"]
    assert np.array_equal(many.pictures, alone.pictures)


def one(mask: np.ndarray, picture: np.ndarray | None = None):
    split = things(1, len(mask))
    return replace(split, mask=mask[None], real=split.real if picture is None else picture[None])


def test_a_crop_is_the_square_around_the_thing_with_a_margin():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 12:18] = 255
    side = round(20 * (1 + 2 * MARGIN))
    crop = foreground_crops(one(mask), size_px=side).masks[0]  # nothing is resized
    assert np.flatnonzero(crop.any(1)).tolist() == list(range(2, 22))
    assert np.flatnonzero(crop.any(0)).tolist() == list(range(9, 15))


def test_a_thing_at_the_edge_or_as_large_as_the_picture_stays_whole():
    mask = np.zeros((40, 40), np.uint8)
    mask[36:, :3] = 255
    assert (foreground_crops(one(mask), size_px=5).masks[0] > 0).sum() == 12
    assert foreground_crops(one(np.full((40, 40), 255, np.uint8)), size_px=40).masks[0].all()


def test_the_thing_keeps_the_photographs_colours_and_the_rest_is_grey():
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[...] = (250, 10, 90)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:20, 10:20] = 255
    mask[10, 10] = 127  # half transparent
    crop = foreground_crops(one(mask, picture), size_px=12).pictures[0]
    assert crop[6, 6].tolist() == [250, 10, 90]
    assert crop[0, 0].tolist() == [NEUTRAL] * 3
    assert crop[1, 1].tolist() == [189, 69, 109]


def test_where_the_background_was_changed_the_thing_is_what_stays():
    split = things(2)
    rows = split.rows.set_column(split.rows.column_names.index("direction"), "direction", pa.array(["background"] * 2))
    turned = replace(split, rows=rows, mask=255 - split.mask)
    assert np.array_equal(foreground_crops(turned, size_px=16).masks, foreground_crops(split, size_px=16).masks)


def test_a_thing_that_vanished_is_named():
    with pytest.raises(InputError, match=r"0_7_0: its foreground vanishes at 40 px; .* raise training\.size_px"):
        foreground_crops(one(np.zeros((40, 40), np.uint8)), size_px=16)
