"""A coarse alpha takes its photograph's outline; a constant one and a linear photograph are exact."""

import cv2
import numpy as np
import pytest

from imharmony.pictures import guided
from imharmony.pictures.guided import guided_alpha


def scene(size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A bright disc before a dark ground, and its true alpha."""
    rows, columns = np.mgrid[:size, :size]
    alpha = (np.hypot(rows - size / 2, columns - size / 2) < size / 3).astype(np.float32)
    colours = 40 + 180 * alpha[..., None] + np.random.default_rng(0).normal(0, 3, (size, size, 3))
    return np.clip(colours, 0, 255).astype(np.uint8), alpha


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_constant_alpha_stays_constant(level):
    photo, _ = scene()
    made = guided_alpha(np.full((24, 24), level, np.float32), photo, radius_px=2, smoothness=1e-4)
    assert (made.shape, made.dtype) == ((96, 96), np.float32)
    np.testing.assert_allclose(made, level, rtol=0, atol=1e-5)


def test_an_alpha_that_is_linear_in_the_colours_is_found_at_full_size():
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[..., 0] = np.repeat(np.arange(0, 256, 4), 64).reshape(64, 64).T
    photo[..., 1] = 60
    coarse = cv2.resize(photo[..., 0] / np.float32(255), (32, 32), interpolation=cv2.INTER_AREA)
    made = guided_alpha(coarse, photo, radius_px=3, smoothness=1e-9)
    np.testing.assert_allclose(made, photo[..., 0] / 255, rtol=0, atol=1e-3)


def test_the_outline_is_nearer_to_the_truth_than_when_it_is_only_enlarged():
    photo, alpha = scene()
    coarse = cv2.GaussianBlur(cv2.resize(alpha, (24, 24), interpolation=cv2.INTER_AREA), (0, 0), 1)
    made = guided_alpha(coarse, photo, radius_px=3, smoothness=1e-4)
    plain = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_LINEAR)
    assert np.abs(made - alpha).mean() < 0.75 * np.abs(plain - alpha).mean()


def test_strips_do_not_show(monkeypatch):
    photo, alpha = scene()
    coarse = cv2.resize(alpha, (31, 31), interpolation=cv2.INTER_AREA)
    whole = guided_alpha(coarse, photo, radius_px=2, smoothness=1e-4)
    monkeypatch.setattr(guided, "STRIP_PX", 96 * 7)
    np.testing.assert_allclose(guided_alpha(coarse, photo, radius_px=2, smoothness=1e-4), whole, rtol=0, atol=2e-3)
