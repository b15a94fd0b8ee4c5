"""Photographs and masks of one's own as tools and phones write them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.pictures.profiles import to_srgb
from tests.imharmony.pictures.test_mask_files import VOC, palette
from tests.imharmony.pictures.test_photo_files import SRGB, WIDE, saved
from tests.imharmony.sources.test_folder import box, fetched, listed, own  # noqa: F401
from tests.photographs import photo

BEACH, FIRST = "photographs/beach.jpg", "masks/beach.png"


@pytest.mark.parametrize(
    "data",
    [
        saved(box(4) // 255),
        saved(box(4).astype(np.uint16) * 257),
        palette(box(4) // 85, VOC),
        saved((box(4) / 255).astype(np.float32), "TIFF"),
    ],
    ids=["0 and 1", "16 bits", "a palette of labels", "floats"],
)
def test_a_mask_of_any_tool_is_read_as_what_it_means(own, tmp_path, data):  # noqa: F811
    expected = listed(own, tmp_path / "expected")
    (own / FIRST).write_bytes(data)
    assert listed(own, tmp_path / "out") == expected


def test_a_mask_of_labels_names_its_largest_value(own, tmp_path):  # noqa: F811
    (own / FIRST).write_bytes(saved(box(4) // 85))
    with pytest.raises(InputError, match=r"beach\.png: its largest value is 3, of 255"):
        listed(own, tmp_path / "out")


@pytest.mark.parametrize(("profile", "is_converted"), [(SRGB, False), (WIDE, True)], ids=["sRGB", "wide"])
def test_a_photograph_under_another_profile_is_packed_as_srgb(own, tmp_path, profile, is_converted):  # noqa: F811
    (own / BEACH).write_bytes(saved(photo(0), "PNG", icc_profile=profile))
    listed(own, tmp_path / "out")
    packed = fetched(own, tmp_path / "out")["beach.jpg"]
    assert_array_equal(packed, to_srgb(photo(0), WIDE) if is_converted else photo(0))


def test_a_photograph_that_is_transparent_is_named(own, tmp_path):  # noqa: F811
    (own / BEACH).write_bytes(saved(np.dstack([photo(0), box(4)])))
    with pytest.raises(InputError, match=r"beach\.jpg: transparent in parts; expected a picture that is opaque"):
        listed(own, tmp_path / "out")
