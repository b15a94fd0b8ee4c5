"""A rough cut-out takes the photograph's colours; what is known stays; the same twice."""

import cv2
import numpy as np

from imharmony.pictures.colour_cut import LONGER_PX, colour_cut


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A warm disc before a cool ground, its mask, and a rough alpha beside it."""
    rows, columns = np.mgrid[:90, :120]
    mask = np.hypot(rows - 45, columns - 60) < 28
    rng = np.random.default_rng(0)
    photo = np.where(mask[..., None], rng.normal((200, 120, 80), 8, (90, 120, 3)), rng.normal((60, 90, 150), 8, (90, 120, 3)))
    rough = cv2.GaussianBlur((np.hypot(rows - 40, columns - 68) < 26).astype(np.float32), (0, 0), 10)
    return np.clip(photo, 0, 255).astype(np.uint8), mask, rough


def test_the_cut_is_the_photographs_own():
    photo, mask, rough = scene()
    made = colour_cut(rough, photo)
    assert made.dtype == np.float32
    assert ((made > 0.5) != mask).mean() < 0.01 < ((rough > 0.5) != mask).mean()
    assert (made == colour_cut(rough, photo)).all()


def test_what_is_known_stays():
    photo, _, rough = scene()
    known = np.full(photo.shape[:2], 128, np.uint8)
    known[:20], known[70:] = 255, 0
    made = colour_cut(rough, photo, known)
    assert made[:20].min() == 1
    assert made[70:].max() == 0


def test_one_side_alone_is_left_as_it_is():
    photo, _, _ = scene()
    for level in (0.0, 1.0):
        assert (colour_cut(np.full((8, 8), level), photo) == level).all()


def test_large_photographs_are_cut_small():
    photo, mask, rough = scene()
    large = cv2.resize(photo, (960, 720), interpolation=cv2.INTER_LINEAR)
    made = colour_cut(rough, large)
    assert max(made.shape) == LONGER_PX
    truth = cv2.resize(mask.astype(np.float32), made.shape[::-1], interpolation=cv2.INTER_AREA)
    assert ((made > 0.5) != (truth > 0.5)).mean() < 0.02


def test_specks_and_pinholes_are_dropped():
    photo, mask, rough = scene()
    photo[10:13, 10:13] = (200, 120, 80)
    photo[44:46, 58:60] = (60, 90, 150)
    made = colour_cut(np.maximum(rough, 0.2), photo)
    assert (made[11, 11], made[45, 59], mask[45, 59]) == (0, 1, True)
