"""Cumulative histograms matched in YCbCr: the codes against scikit-image, the map against a search by hand."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from skimage.color import rgb2ycbcr, ycbcr2rgb

from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.fecker import code_map, fecker_ycbcr, ycbcr, ycbcr_histogram
from tests.imharmony.transfer.regions import inside_the_gamut, like_a_photograph


def recoloured(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return fecker_ycbcr(pixels, ycbcr_histogram(pixels), ycbcr_histogram(reference))


def counts(**codes: int) -> np.ndarray:
    histogram = np.zeros(256)
    for code, count in codes.items():
        histogram[int(code[1:])] = count
    return histogram


def searched(own: np.ndarray, reference: np.ndarray) -> list[int]:
    """The definition, code by code."""
    codes = []
    for code in range(256):
        share = own[: code + 1].sum() / own.sum()
        smaller = [other for other in np.flatnonzero(reference) if reference[: other + 1].sum() / reference.sum() <= share + 1e-12]
        codes.append(smaller[-1] if smaller else np.flatnonzero(reference)[0])
    return codes


@pytest.fixture
def maps() -> list[np.ndarray]:
    own, reference = (ycbcr_histogram(like_a_photograph(seed)).reshape(3, 256) for seed in (1, 2))
    return [code_map(*each) for each in zip(own, reference, strict=True)]


def exact_codes(pixels: np.ndarray) -> np.ndarray:
    weights = np.array([[65481, 128553, 24966], [-37797, -74203, 112000], [112000, -93786, -18214]])
    return [16, 128, 128] + (2 * pixels.astype(int) @ weights.T + 255_000) // 510_000


def test_codes_are_those_of_scikit_image():
    pixels = np.random.default_rng(0).integers(0, 256, (50_000, 3), np.uint8)
    assert np.abs(ycbcr(pixels[None])[0] - rgb2ycbcr(pixels)).max() <= 0.5 + 1e-9


def test_halves_go_up():
    lattice = np.stack(np.meshgrid(*[np.arange(0, 256, 5, dtype=np.uint8)] * 3), axis=-1).reshape(-1, 3)
    assert_array_equal(ycbcr(lattice[None])[0], exact_codes(lattice))


def test_codes_of_the_primaries_are_known():
    pixels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]], np.uint8)
    assert_array_equal(ycbcr(pixels)[0], [[16, 128, 128], [235, 128, 128], [81, 90, 240], [41, 240, 110]])


def test_counts_agree_with_numpy_over_several_blocks():
    pixels = like_a_photograph(0, 2 * BLOCK + 17)
    codes = exact_codes(pixels)
    assert_array_equal(ycbcr_histogram(pixels).reshape(3, 256), [np.bincount(codes[:, each], minlength=256) for each in range(3)])


@pytest.mark.parametrize("seed", range(4))
def test_the_map_is_the_definition(seed):
    own, reference = (ycbcr_histogram(like_a_photograph(each, 3000)).reshape(3, 256) for each in (seed, seed + 50))
    for channel in range(3):
        assert_array_equal(code_map(own[channel], reference[channel]), searched(own[channel], reference[channel]))


def test_a_map_worked_out_by_hand():
    table = code_map(counts(c20=1, c30=2, c40=1), counts(c100=1, c110=1, c120=2))
    assert table[[20, 30, 40]].tolist() == [100, 110, 120]


def test_what_falls_off_an_end_goes_to_the_end():
    table = code_map(counts(c20=1, c30=9), counts(c100=5, c200=5))
    assert table[[16, 20, 30, 240]].tolist() == [100, 100, 200, 200]


def test_maps_rise(maps):
    assert all((np.diff(table) >= 0).all() for table in maps)


def test_a_mapped_histogram_is_mapped_onto_itself():
    own, reference = (ycbcr_histogram(like_a_photograph(seed)).reshape(3, 256) for seed in (1, 2))
    for channel in range(3):
        table = code_map(own[channel], reference[channel])
        mapped = np.bincount(table, weights=own[channel], minlength=256)
        again = code_map(mapped, reference[channel])
        assert_array_equal(again[mapped > 0], np.flatnonzero(mapped))


def test_twice_is_once_within_the_rounding_of_a_code():
    pixels, reference = inside_the_gamut(1), inside_the_gamut(2)
    once = recoloured(pixels, reference)
    assert np.abs(recoloured(once, reference).astype(int) - once).mean() <= 0.5


def test_it_is_within_the_rounding_of_codes_of_decoding_them():
    pixels = inside_the_gamut(1)
    own, reference = ycbcr_histogram(pixels).reshape(3, 256), ycbcr_histogram(inside_the_gamut(2)).reshape(3, 256)
    codes = np.rint(rgb2ycbcr(pixels)).astype(int)
    mapped = np.stack([code_map(own[each], reference[each])[codes[:, each]] for each in range(3)], axis=-1)
    assert np.abs(recoloured(pixels, inside_the_gamut(2)) - 255 * ycbcr2rgb(mapped.astype(float)).clip(0, 1)).max() <= 2.5


def test_the_result_has_the_cumulative_histograms_of_the_reference_within_one_code():
    pixels, reference = inside_the_gamut(1), inside_the_gamut(2)
    after, wanted = (np.sort(ycbcr(each[None])[0].astype(int), axis=0) for each in (recoloured(pixels, reference), reference))
    middle = slice(len(after) // 100, -len(after) // 100)
    assert np.abs(after - wanted)[middle].mean() <= 1
    assert np.abs(after - wanted)[middle].max() <= 2
