"""A person's own colours: the photograph's where it is opaque, nearer to the truth than the photograph where it is not."""

import numpy as np
import pytest

from imharmony.pictures.foregrounds import own_colours


def mixed(size: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A red person before a green wall with a wide soft edge: the photograph, alpha, and the person's colours."""
    alpha = np.clip((np.arange(size) - 30) / 20, 0, 1)[None].repeat(size, 0).astype(np.float32)
    person = np.full((size, size, 3), (200, 40, 30), np.uint8)
    wall = np.full((size, size, 3), (20, 160, 60), np.uint8)
    return np.rint(person * alpha[..., None] + wall * (1 - alpha[..., None])).astype(np.uint8), alpha, person


def test_colours_of_two_flat_layers_are_found():
    photo, alpha, person = mixed()
    inside = (alpha > 0.1) & (alpha < 1)
    found = own_colours(photo, alpha)
    before, after = (np.abs(each[inside].astype(int) - person[inside]).mean() for each in (photo, found))
    assert after < 0.2 * before
    assert np.abs(found[(alpha > 0.5) & inside].astype(int) - person[(alpha > 0.5) & inside]).max() <= 20  # of 90


def test_opaque_pixels_stay_bit_for_bit():
    photo, alpha, _ = mixed()
    photo = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    assert (own_colours(photo, alpha)[alpha == 1] == photo[alpha == 1]).all()
    assert (own_colours(photo, np.ones_like(alpha)) == photo).all()


@pytest.mark.parametrize("level", [0.0, 0.004, 0.5])
def test_an_alpha_without_opaque_pixels_gives_colours_all_the_same(level):
    photo = mixed()[0]
    found = own_colours(photo, np.full(photo.shape[:2], level, np.float32))
    assert (found.shape, found.dtype) == (photo.shape, np.uint8)


def test_a_grey_photograph_stays_grey():
    photo, alpha, _ = mixed()
    grey = np.repeat(photo.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert np.ptp(own_colours(grey, alpha), axis=2).max() == 0
