"""A cut-out on a background: where it lies, what is seen of it, and its colours in the background's own space."""

import cv2
import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.pictures.photo_files import Photograph
from imharmony.pictures.profiles import to_srgb
from tests.imharmony.pictures.test_photo_files import WIDE


def photograph(colours, alpha=None, profile=None):
    return Photograph(colours, alpha, profile, profile is None, 1, colours.shape[1::-1])


@pytest.fixture
def cutout():
    colours = np.full((8, 6, 3), (200, 20, 20), np.uint8)
    alpha = np.full((8, 6), 255, np.uint8)
    alpha[:, 0], alpha[:, -1] = 0, 128
    return photograph(colours, alpha)


@pytest.fixture
def background():
    return photograph(np.full((30, 40, 3), (10, 100, 10), np.uint8))


def test_it_lies_where_it_is_put_and_is_blended_by_its_alpha(cutout, background):
    made, mask = composed(cutout, background, Placement((5, 7)), name="cutout.png")
    assert (mask[7:15, 5:11] == cutout.alpha).all()
    assert mask.sum() == cutout.alpha.sum()
    assert made.colours[7, 5].tolist() == [10, 100, 10]
    assert made.colours[7, 6].tolist() == [200, 20, 20]
    half = 128 / 255
    assert made.colours[7, 10].tolist() == [round(10 + half * 190), round(100 - half * 80), round(10 + half * 10)]
    assert (made.colours[mask == 0] == background.colours[mask == 0]).all()


def test_without_a_place_it_is_centred_and_what_hangs_over_is_cut_off(cutout, background):
    _, mask = composed(cutout, background, Placement(), name="cutout.png")
    assert (mask[11:19, 17:23] == cutout.alpha).all()
    _, mask = composed(cutout, background, Placement((-3, 26)), name="cutout.png")
    assert (mask[26:30, :3] == cutout.alpha[:4, 3:]).all()
    assert mask.sum() == cutout.alpha[:4, 3:].sum()


@pytest.mark.parametrize("scale", [0.5, 2.0, 3.7])
def test_hidden_colours_do_not_bleed_into_a_scaled_cutout(cutout, background, scale):
    hidden = cutout.colours.copy()
    hidden[cutout.alpha == 0] = (0, 255, 255)
    made = [
        composed(each, background, Placement((2, 2), scale), name="c")[0].colours for each in (cutout, photograph(hidden, cutout.alpha))
    ]
    assert (made[0] == made[1]).all()
    assert (made[0] != background.colours).any()


def test_the_cutout_is_brought_into_the_backgrounds_own_space(cutout, background):
    made, _ = composed(cutout, photograph(background.colours, profile=WIDE), Placement((5, 7)), name="cutout.png")
    assert np.abs(to_srgb(made.colours, WIDE)[8, 7].astype(int) - [200, 20, 20]).max() <= 2
    assert made.colours[8, 7].tolist() != [200, 20, 20]
    assert made.profile == WIDE


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (Placement((40, 0)), "nothing of it lies on the background's 40x30; expected some of it there; change --at or --scale"),
        (Placement(None, 0.0), r"scale 0: of cutout.png, 6x8 pixels; expected one by which"),
        (Placement(None, float("nan")), "scale nan"),
        (Placement(None, -1.0), "scale -1"),
        (Placement(None, 1e9), r"scale 1e\+09"),
    ],
)
def test_what_cannot_be_placed_is_one_line(cutout, background, placement, message):
    with pytest.raises(InputError, match=message):
        composed(cutout, background, placement, name="cutout.png")


def test_an_enlarged_cutout_is_where_resizing_the_whole_puts_it():
    rng = np.random.default_rng(0)
    small = photograph(rng.integers(0, 256, (20, 16, 3), dtype=np.uint8), np.full((20, 16), 200, np.uint8))
    whole = cv2.resize(small.colours.astype(np.float32), (48, 60), interpolation=cv2.INTER_CUBIC)
    alone = photograph(np.zeros((30, 40, 3), np.uint8))
    made, mask = composed(small, alone, Placement((-5, -11), 3.0), name="cutout.png")
    assert (mask == 200).all()
    wanted = np.clip(whole[11:41, 5:45], 0, 255) * 200 / 255
    assert np.abs(made.colours - wanted).mean() < 2


def test_a_scale_of_hundreds_takes_no_more_than_what_is_seen(background):
    import tracemalloc

    small = photograph(np.full((200, 160, 3), 90, np.uint8), np.full((200, 160), 200, np.uint8))
    tracemalloc.start()
    composed(small, background, Placement(None, 150.0), name="cutout.png")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def test_an_opaque_cutout_is_refused(background):
    with pytest.raises(InputError, match=r"cutout.png: opaque everywhere; expected a cut-out that is transparent around the object"):
        composed(background, background, Placement(), name="cutout.png")
