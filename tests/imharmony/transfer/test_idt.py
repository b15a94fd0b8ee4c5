"""Iterative distribution transfer, against the published steps over all pixels, and its sample of colours."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.transfer.idt import BINS, FRAMES, ITERATIONS, SAMPLE, idt, idt_sample, one_dimensional_map
from tests.imharmony.transfer.regions import inside_the_gamut, like_a_photograph


def recoloured(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return idt(pixels, idt_sample(pixels), idt_sample(reference))


def slowly(pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The same frames, and for each axis the exact transport between all pixels instead of histograms of samples."""
    colours, target = pixels.astype(float), reference.astype(float)
    for frames in FRAMES:
        axes = np.concatenate(frames)
        asked = []
        for axis in axes:
            own, other = colours @ axis, np.sort(target @ axis)
            place = (np.argsort(np.argsort(own, kind="stable")) + 0.5) / len(own)
            asked.append(np.interp(place, (np.arange(len(other)) + 0.5) / len(other), other) - own)
        colours += np.linalg.lstsq(axes, np.array(asked), rcond=None)[0].T
    return colours


def counts(**bins: int) -> np.ndarray:
    histogram = np.zeros(BINS, int)
    for each, count in bins.items():
        histogram[int(each[1:])] = count
    return histogram


def test_there_are_ten_pairs_of_orthonormal_frames():
    assert len(FRAMES) == ITERATIONS == 10
    for axes in (each for frames in FRAMES for each in frames):
        assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)


def test_the_first_frames_are_the_published_ones():
    assert_allclose(np.concatenate(FRAMES[0]) * 3, [[3, 0, 0], [0, 3, 0], [0, 0, 3], [2, 2, -1], [2, -1, 2], [-1, 2, 2]], atol=1e-5)


def test_a_region_of_as_many_colours_is_its_own_sample():
    pixels = like_a_photograph(0, SAMPLE)
    sample = idt_sample(pixels).reshape(-1, 3)
    assert_array_equal(sample[np.lexsort(sample.T)], pixels[np.lexsort(pixels.T)])


def test_the_sample_has_the_mean_and_covariance_of_the_region():
    pixels = like_a_photograph(1)
    sample = idt_sample(pixels).reshape(-1, 3)
    assert_allclose(sample.mean(axis=0), pixels.mean(axis=0), atol=0.2)
    assert_allclose(np.cov(sample.T), np.cov(pixels.T), rtol=0.01)


def test_a_small_region_repeats_its_colours_evenly():
    colours, repeats = np.unique(idt_sample(np.array([[0, 0, 9], [8, 0, 0]], np.uint8)).reshape(-1, 3), axis=0, return_counts=True)
    assert_array_equal(colours, [[0, 0, 9], [8, 0, 0]])
    assert_array_equal(repeats, [SAMPLE / 2, SAMPLE / 2])


def test_middles_go_to_where_the_reference_has_as_much_below():
    # All of bin 7: half of it lies below its middle, and half the reference half way from bin 20 to bin 40.
    assert_array_equal(one_dimensional_map(counts(b7=4), counts(b20=2, b40=2)), np.full(BINS, 23))


def test_bins_without_colours_move_as_their_neighbours_do():
    moved = one_dimensional_map(counts(b10=1, b20=1), counts(b50=1, b80=1))
    assert moved[[0, 10, 15, 20, 299]].tolist() == [40, 40, 50, 60, 60]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_close_to_exact_transport_of_all_pixels(seed):
    pixels, reference = inside_the_gamut(seed, 20_000), inside_the_gamut(seed + 50, 20_000)
    error = np.abs(recoloured(pixels, reference) - slowly(pixels, reference))
    assert error.mean() < 1
    assert (error.max(axis=1) > 5).mean() < 0.02


def test_the_result_has_the_mean_and_covariance_of_the_reference():
    pixels, reference = inside_the_gamut(0), inside_the_gamut(1)
    after = recoloured(pixels, reference)
    assert_allclose(after.mean(axis=0), reference.mean(axis=0), atol=0.3)
    assert np.abs(np.cov(after.T) - np.cov(reference.T)).max() < 0.06 * np.cov(reference.T).max()


def test_a_distribution_that_is_not_normal_is_met():
    rng = np.random.default_rng(0)
    two_colours = np.where(rng.random((20_000, 1)) < 0.3, (60, 160, 90), (190, 90, 120)) + rng.normal(0, 5, (20_000, 3))
    reference = np.rint(two_colours).astype(np.uint8)
    after = recoloured(inside_the_gamut(2, 20_000), reference)
    shares = [np.percentile(each, np.arange(2, 100, 2), axis=0) for each in (after, reference)]
    assert np.abs(shares[0] - shares[1]).mean() < 3


def test_a_flat_region_goes_to_the_middle_of_the_reference():
    reference = inside_the_gamut(3)
    flat = recoloured(np.full((5, 3), 40, np.uint8), reference)
    assert_allclose(flat[0], np.median(reference, axis=0), atol=2)
