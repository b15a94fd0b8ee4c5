"""A composite is its photograph but for the mask's pixels, and what is measured on it."""

import hashlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing.composites import Foreground, pixels_sha256, read_composite, stored
from imharmony.composing.manifest import COMPOSITE_SHARD
from imharmony.errors import InputError
from imharmony.pictures.images import encode_png
from imharmony.storage.shards import ShardReader, write_shard

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (30, 40, 3), np.uint8)
MASK = np.zeros((30, 40), np.uint8)
MASK[5:20, 8:30] = RNG.random((15, 22)) < 0.5


def test_pixels_are_those_of_the_mask_row_by_row():
    assert_array_equal(Foreground.of(PHOTO, MASK, name="x").pixels, PHOTO[MASK == 1])


def test_replacing_changes_the_mask_and_nothing_else():
    foreground = Foreground.of(PHOTO, MASK, name="x")
    composite = foreground.replaced_by(foreground.patch(255 - foreground.pixels))
    assert_array_equal(composite[MASK == 0], PHOTO[MASK == 0])
    assert_array_equal(composite[MASK == 1], 255 - PHOTO[MASK == 1])


@pytest.mark.parametrize("where", [(0, 0), (29, 39), (12, 7)])
def test_a_single_pixel_is_a_foreground(where):
    mask = np.zeros((30, 40), np.uint8)
    mask[where] = 1
    foreground = Foreground.of(PHOTO, mask, name="x")
    composite = foreground.replaced_by(foreground.patch(np.array([[1, 2, 3]], np.uint8)))
    assert_array_equal(composite[where], [1, 2, 3])
    assert np.count_nonzero((composite != PHOTO).any(axis=-1)) == 1


def test_the_whole_photograph_can_be_the_foreground():
    foreground = Foreground.of(PHOTO, np.ones((30, 40), np.uint8), name="x")
    assert_array_equal(foreground.replaced_by(foreground.patch(foreground.pixels)), PHOTO)


def test_an_empty_mask_is_named():
    with pytest.raises(InputError, match="instance 7: the mask is empty"):
        Foreground.of(PHOTO, np.zeros((30, 40), np.uint8), name="instance 7")


def test_a_photograph_of_another_size_is_named():
    with pytest.raises(InputError, match="instance 7: the photograph is 40x30 pixels; expected 30x40"):
        Foreground.of(PHOTO, MASK.T.copy(), name="instance 7")


def test_the_hash_is_of_the_pixels():
    assert pixels_sha256(PHOTO) == hashlib.sha256(PHOTO.tobytes()).hexdigest()
    assert pixels_sha256(PHOTO[:, ::-1]) == hashlib.sha256(PHOTO[:, ::-1].tobytes()).hexdigest()


def test_what_is_stored_is_read_back_with_the_photograph_of_an_earlier_row(tmp_path):
    foreground = Foreground.of(PHOTO, MASK, name="x")
    patches = [foreground.patch(np.full_like(foreground.pixels, level)) for level in (3, 250)]
    files = [encode_png(PHOTO), None]
    rows = [
        stored(foreground, patch) | {"sample_id": f"1_1_{k}", "image_id": 1, "real": files[k], "real_row": 0}
        for k, patch in enumerate(patches)
    ]
    write_shard(tmp_path, 3, rows, COMPOSITE_SHARD)
    for k, level in enumerate((3, 250)):
        real, composite, mask = read_composite(ShardReader(tmp_path), 3, k)
        assert_array_equal(real, PHOTO)
        assert_array_equal(mask, 255 * MASK)
        assert_array_equal(composite, np.where(MASK[..., None] == 1, level, PHOTO))


ALPHA = np.where(MASK == 1, RNG.integers(1, 256, MASK.shape), 0).astype(np.uint8)


def test_a_soft_foreground_is_every_pixel_with_a_trace_of_it():
    foreground = Foreground.soft(PHOTO, ALPHA, name="x")
    assert_array_equal(foreground.pixels, PHOTO[ALPHA > 0])
    assert_array_equal(foreground.full_matte, ALPHA)


def test_what_is_measured_of_a_soft_foreground_is_its_opaque_part():
    foreground = Foreground.soft(PHOTO, ALPHA, name="x")
    assert_array_equal(foreground.telling(foreground.pixels), PHOTO[ALPHA >= 243])


def test_a_foreground_that_is_nowhere_opaque_is_measured_where_it_is_most():
    foreground = Foreground.soft(PHOTO, ALPHA // 2, name="x")
    assert_array_equal(foreground.telling(foreground.pixels), PHOTO[(ALPHA // 2).max() == ALPHA // 2])


def test_the_photograph_shows_through_a_soft_foreground(tmp_path):
    foreground = Foreground.soft(PHOTO, ALPHA, name="x")
    made = foreground.made(np.full_like(foreground.pixels, 200))
    shown = PHOTO + ALPHA[..., None] / 255 * (200.0 - PHOTO)
    assert np.abs(made.composite - shown).max() <= 0.5
    row = made.columns | {"sample_id": "1_1_0", "image_id": 1, "real": encode_png(PHOTO), "real_row": 0}
    write_shard(tmp_path, 0, [row], COMPOSITE_SHARD)
    for found, expected in zip(read_composite(ShardReader(tmp_path), 0, 0), (PHOTO, made.composite, ALPHA), strict=True):
        assert_array_equal(found, expected)


def test_a_soft_foreground_of_its_own_colours_is_the_photograph():
    foreground = Foreground.soft(PHOTO, ALPHA, name="x")
    assert_array_equal(foreground.made(foreground.pixels).composite, PHOTO)
