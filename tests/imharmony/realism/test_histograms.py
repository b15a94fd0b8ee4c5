"""Histograms of regions and their chi-square distance, against the sum as it is written."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.color import rgb2lab

from imharmony.realism.histograms import chi_square, colour_labels, histogram_of, stacked
from tests.imharmony.realism.pictures import noisy


def dense(labels: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    found = np.bincount(labels, weights, minlength=count)
    return found / found.sum()


def written_out(one: np.ndarray, other: np.ndarray) -> float:
    """Half the sum of (h - g)² / (h + g), where the bin is not empty in both."""
    known = one + other > 0
    return 0.5 * float(((one - other)[known] ** 2 / (one + other)[known]).sum())


def test_chi_square_is_the_sum_over_all_bins_of_soft_counts():
    rng = np.random.default_rng(0)
    labels, weights = rng.integers(0, 12, (4, 30)), rng.random((4, 30))
    own, *others = (histogram_of(*each) for each in zip(labels, weights, strict=True))
    first, *rest = (dense(*each, 12) for each in zip(labels, weights, strict=True))
    assert_allclose(chi_square(own, stacked(others)), [written_out(first, each) for each in rest], rtol=1e-12)


def test_equal_histograms_are_0_apart_disjoint_ones_1_and_halves_a_third():
    ones, both, others = (histogram_of(np.array(labels), np.ones(2)) for labels in ([1, 1], [1, 5], [5, 7]))
    assert_allclose(chi_square(ones, stacked([ones, both, others])), [0, 1 / 3, 1], atol=1e-15)


def test_a_histogram_does_not_depend_on_the_pixels_order_and_leaves_out_what_weighs_nothing():
    found = histogram_of(np.array([9, 2, 2, 4]), np.array([1.0, 0.5, 0.5, 0.0]))
    again = histogram_of(np.array([2, 4, 9, 2]), np.array([0.5, 0.0, 1.0, 0.5]))
    assert found.places.tolist() == again.places.tolist() == [2, 9]
    assert found.shares.tolist() == again.shares.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("bins", [2, 7])
def test_a_colour_is_in_the_bin_of_its_l_a_and_b(bins):
    picture = noisy(0)
    scaled = (rgb2lab(picture).reshape(-1, 3) - [0, -100, -100]) / [100, 200, 200] * bins
    clear = (np.abs(scaled - np.rint(scaled)) > 0.02).all(axis=1)  # away from the borders, at which the two differ by a rounding
    wanted = np.floor(scaled).astype(int) @ [bins * bins, bins, 1]
    assert clear.mean() > 0.5
    assert (colour_labels(picture, bins=bins)[clear] == wanted[clear]).all()
