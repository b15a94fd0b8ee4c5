"""What is hidden by alpha plays no part and stays as it came; a change finds its way into the photograph's own colours."""

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.profiles import to_srgb
from imharmony.pictures.visible import filled, in_own_colours
from tests.imharmony.pictures.test_photo_files import PHOTO, WIDE

REGION = np.zeros((20, 30), np.uint8)
REGION[5:15, 8:20] = 255
ALPHA = np.full((20, 30), 255, np.uint8)
ALPHA[:, 14:24] = 0
ALPHA[2] = 100


def test_hidden_pixels_have_the_mean_of_what_is_visible_on_their_side():
    seen = filled(PHOTO, ALPHA, REGION, name="x")
    for side in (REGION > 0, REGION == 0):
        mean = PHOTO[side & (ALPHA > 0)].mean(axis=0)
        assert (seen[side & (ALPHA == 0)] == np.rint(mean)).all()
    assert np.array_equal(seen[ALPHA > 0], PHOTO[ALPHA > 0])


def test_hidden_colours_do_not_matter():
    other = np.where(ALPHA[..., None] == 0, np.uint8(255) - PHOTO, PHOTO)
    assert np.array_equal(filled(PHOTO, ALPHA, REGION, name="x"), filled(other, ALPHA, REGION, name="x"))


@pytest.mark.parametrize("alpha", [None, np.maximum(ALPHA, 1)], ids=["none", "never 0"])
def test_a_picture_without_hidden_pixels_is_seen_as_it_is(alpha):
    assert filled(PHOTO, alpha, REGION, name="x") is PHOTO


@pytest.mark.parametrize(
    ("alpha", "message"),
    [(REGION, "to go by"), (255 - REGION, "to be changed"), (REGION * 0, "to be changed")],
    ids=["in", "around", "all"],
)
def test_nothing_to_see_is_refused(alpha, message):
    with pytest.raises(InputError, match=f"^photo.png: nothing {message} is visible"):
        filled(PHOTO, alpha, REGION, name="photo.png")


def own(alpha=None, profile=None):
    return Photograph(PHOTO, alpha, profile, profile is None, 1, (30, 20))


def test_hidden_pixels_stay_as_they_came():
    result = in_own_colours(own(ALPHA), filled(PHOTO, ALPHA, REGION, name="x"), PHOTO // 2)
    assert np.array_equal(result[ALPHA == 0], PHOTO[ALPHA == 0])
    assert np.array_equal(result[ALPHA > 0], PHOTO[ALPHA > 0] // 2)


def test_under_a_profile_the_change_is_what_a_viewer_sees_and_the_rest_stays_bit_for_bit(monkeypatch):
    monkeypatch.setattr("imharmony.pictures.visible.STRIP_ROWS", 7)
    seen = to_srgb(PHOTO, WIDE)
    wanted = np.where(REGION[..., None] > 0, np.clip(seen.astype(int) // 2 + 60, 0, 255), seen).astype(np.uint8)
    result = in_own_colours(own(profile=WIDE), seen, wanted)
    assert np.array_equal(result[REGION == 0], PHOTO[REGION == 0])
    assert abs(to_srgb(result, WIDE).astype(int) - wanted)[REGION > 0].mean() < 2
