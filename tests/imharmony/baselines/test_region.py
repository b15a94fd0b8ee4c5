"""Foreground and background of a mask: which pixels count as which."""

import numpy as np
import pytest

from imharmony.baselines.region import foreground_of, opacity_of, recoloured
from imharmony.errors import InputError

SOFT = np.array([[0, 0.2, 0.4, 0.6, 0.8]], np.float32)


def test_what_is_above_half_of_the_largest_value_is_foreground():
    assert foreground_of(SOFT).tolist() == [[False, False, False, True, True]]


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_mask_of_one_value_is_refused_in_one_line(value):
    for read in (foreground_of, opacity_of):
        with pytest.raises(InputError, match=r"^the mask is all black or all white; .+; check the mask$"):
            read(np.full((3, 4), value, np.float32))


def test_opacity_is_relative_to_the_largest_value():
    traces = np.array([[0, 0.01, 1]], np.float32)
    assert opacity_of(traces).tolist() == [[0, 0, 1]]
    np.testing.assert_allclose(opacity_of(SOFT), (SOFT / 0.8 - 5 / 255) / (250 / 255), atol=0.02)


def test_where_no_pixel_is_free_of_the_foreground_the_freest_are_background():
    np.testing.assert_allclose(opacity_of(np.array([[0.2, 0.5, 0.8]], np.float32)), [[0, 0.5, 1]], atol=1e-6)


def test_of_a_hard_mask_what_changes_and_what_is_measured_are_one():
    seen = []
    recoloured(np.zeros((1, 5, 3), np.uint8), np.float32(SOFT > 0.5), lambda *regions: seen.extend(regions) or regions[0])
    assert seen[0] is seen[1]


def test_pixels_of_any_opacity_are_recoloured_by_what_is_seen_on_both_sides():
    composite = np.arange(15, dtype=np.uint8).reshape(1, 5, 3)
    seen = []

    def recolour(*regions: np.ndarray) -> np.ndarray:
        seen.extend(region[:, 0].tolist() for region in regions)
        return np.full((4, 3), 7.5)

    output = recoloured(composite, SOFT, recolour)
    assert seen == [[3, 6, 9, 12], [9, 12], [0, 3, 6]]
    assert output.dtype == np.float32
    assert output[0].tolist() == [[0, 1, 2], *[[7.5] * 3] * 4]
