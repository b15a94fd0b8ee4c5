"""Pixels taken out of a picture and put back."""

import numpy as np
from numpy.testing import assert_array_equal

from imharmony.pictures.gathering import gathered, put_back

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (7, 9, 3), np.uint8)
MASK = RNG.choice([0, 0.2, 1], (7, 9))


def test_pixels_come_row_by_row_as_numpys():
    for mask in (MASK, MASK > 0.5, (255 * MASK).astype(np.uint8)):
        assert_array_equal(gathered(PICTURE, mask), PICTURE[mask > 0])


def test_what_is_put_back_stands_where_it_was_and_nothing_else_changes():
    expected = PICTURE.astype(np.float32)
    expected[MASK > 0] = RNG.uniform(0, 255, (int((MASK > 0).sum()), 3))
    output = PICTURE.astype(np.float32)
    put_back(output, MASK, expected[MASK > 0])
    assert_array_equal(output, expected)
