"""The filter bank and the textons that are nearest to its responses."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.realism.textons import DIRECTIONS, FILTER_BANK, FILTERS, fit_textons, responses, responses_at, texton_labels
from tests.imharmony.realism.pictures import noisy


def stripes(angle_deg: float, size: int = 48) -> np.ndarray:
    """Waves across this direction, of a length to which the narrow filters answer."""
    down, across = np.mgrid[:size, :size]
    way = np.deg2rad(angle_deg)
    wave = 127 + 100 * np.sin(2 * np.pi * (across * np.cos(way) - down * np.sin(way)) / 5)
    return wave[..., None].repeat(3, axis=2).astype(np.uint8)


def test_filters_sum_to_0_in_all_and_to_1_without_their_signs():
    assert len(FILTER_BANK) == FILTERS == 32
    assert_allclose([[each.sum(), np.abs(each).sum()] for each in FILTER_BANK], [[0, 1]] * FILTERS, atol=1e-12)


def test_even_filters_are_their_own_mirror_image_and_odd_ones_its_opposite():
    for place, each in enumerate(FILTER_BANK):
        assert_allclose(each[::-1, ::-1], each if place % 2 == 0 else -each, atol=1e-3)


def test_an_even_filter_is_the_gaussians_second_derivative_across_a_longer_gaussian():
    first = FILTER_BANK[0]  # across x, of width 1, and twice as long along y
    at = np.arange(-6, 7)[:, None] + np.linspace(-0.5, 0.5, 401)  # each pixel is the mean over its side
    whole = np.outer(np.exp(-(at**2) / 8).mean(axis=1), (np.exp(-(at**2) / 2) * (at**2 - 1)).mean(axis=1))
    whole -= whole.mean()
    assert_allclose(first, whole / np.abs(whole).sum(), atol=5e-4)


def test_waves_answer_the_filter_across_them_most():
    for place in range(0, DIRECTIONS, 2):
        found = responses(stripes(180 * place / DIRECTIONS)).std(axis=0)
        assert found[: 2 * DIRECTIONS : 2].argmax() == place


def test_a_flat_picture_answers_nothing():
    assert_allclose(responses(np.full((20, 20, 3), 77, np.uint8)), 0, atol=1e-6)


def test_responses_at_some_places_are_those_of_the_whole_picture():
    picture = noisy(3)
    places = np.random.default_rng(0).permutation(picture.shape[0] * picture.shape[1])
    for some in (places, places[: len(places) // 10], places[:0]):
        assert_allclose(responses_at(picture, some), responses(picture)[some], rtol=0, atol=1e-6)


def test_a_texton_is_the_nearest_centre_and_textures_have_their_own():
    pictures = [stripes(0), stripes(90)]
    centres = fit_textons(pictures, count=6, seed=0)
    labels = [texton_labels(picture, centres) for picture in pictures]
    for picture, own in zip(pictures, labels, strict=True):
        distances = ((responses(picture)[:, None] - centres[None]) ** 2).sum(axis=2)
        assert_allclose(distances[np.arange(len(own)), own], distances.min(axis=1), rtol=1e-4, atol=1e-7)
    shares = [np.bincount(own, minlength=6) / len(own) for own in labels]
    assert np.minimum(*shares).sum() < 0.2


def test_equal_arguments_give_equal_bits_and_another_seed_other_centres():
    pictures = [noisy(seed) for seed in range(3)]
    first, again, other = (fit_textons(pictures, count=5, seed=seed) for seed in (0, 0, 1))
    assert_array_equal(first, again)
    assert (first != other).any()
