"""What holds for every transfer that takes a reference's statistics."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.transfer import TRANSFERS
from imharmony.transfer.blocks import BLOCK
from imharmony.transfer.kinds import ByReference
from imharmony.transfer.moments import MAX_GAIN
from tests.imharmony.transfer.regions import AWKWARD, like_a_photograph

BY_REFERENCE = {name: transfer for name, transfer in TRANSFERS.items() if isinstance(transfer, ByReference)}
LENGTHS = {"mkl": 12, "xiao_rgb": 12, "histogram": 768, "fecker_ycbcr": 768, "idt": 6144}  # of what is measured; else 6
# Largest change of a region that is its own reference, in levels; else 0. What code does by its faults has no law.
SELF = {"reinhard_lalphabeta": 1, "hmh_reinhard_code": 255}


@pytest.fixture(params=BY_REFERENCE)
def name(request) -> str:
    return request.param


@pytest.fixture
def way(name) -> ByReference:
    return BY_REFERENCE[name]


def recoloured(way: ByReference, pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return way.apply(pixels, way.measure(pixels), way.measure(reference))


def largest_change(way: ByReference, pixels: np.ndarray) -> int:
    return int(np.abs(recoloured(way, pixels, pixels).astype(int) - pixels).max())


def test_a_region_as_its_own_reference_stays_the_same(name, way):
    assert largest_change(way, np.random.default_rng(0).integers(0, 256, (BLOCK + 100, 3), np.uint8)) <= SELF.get(name, 0)


def test_a_photograph_as_its_own_reference_stays_the_same(name, way):
    assert largest_change(way, like_a_photograph(0)) <= SELF.get(name, 0)


@pytest.mark.parametrize("region", AWKWARD)
def test_an_awkward_region_as_its_own_reference_stays_the_same(name, way, region):
    assert largest_change(way, AWKWARD[region]) <= SELF.get(name, 0)


@pytest.mark.parametrize(("region", "other"), list(product(AWKWARD, AWKWARD)))
def test_any_region_takes_any_reference(way, region, other):
    pixels = AWKWARD[region]
    after = recoloured(way, pixels, AWKWARD[other])
    assert after.dtype == np.uint8
    assert after.shape == pixels.shape


@pytest.mark.parametrize("region", AWKWARD)
def test_a_measure_is_finite_and_of_one_length(name, way, region):
    measured = way.measure(AWKWARD[region])
    assert measured.shape == (LENGTHS.get(name, 6),)
    assert measured.dtype == np.float64
    assert np.isfinite(measured).all()


def test_the_order_of_the_pixels_changes_no_bit(way):
    pixels, reference, rng = like_a_photograph(1), like_a_photograph(2), np.random.default_rng(3)
    order = rng.permutation(len(pixels))
    assert_array_equal(way.measure(pixels[order]), way.measure(pixels))
    assert_array_equal(recoloured(way, pixels[order], rng.permutation(reference)), recoloured(way, pixels, reference)[order])


def test_neither_pixels_nor_measures_are_changed(way):
    pixels, reference = like_a_photograph(1, 3000), like_a_photograph(2, 3000)
    given = [pixels, way.measure(pixels), way.measure(reference)]
    before = [each.copy() for each in given]
    way.apply(*given)
    for one, other in zip(given, before, strict=True):
        assert_array_equal(one, other)


def test_a_flat_region_stays_flat(way):
    assert len(np.unique(recoloured(way, AWKWARD["flat"], like_a_photograph(2)), axis=0)) == 1


def test_two_runs_give_the_same_bits(way):
    pixels, reference = like_a_photograph(1), like_a_photograph(2)
    assert_array_equal(recoloured(way, pixels, reference), recoloured(way, pixels, reference))


@pytest.mark.parametrize("name", ["reinhard_lab", "luminance", "reinhard_lalphabeta", "xiao_rgb", "mkl"])
def test_noise_of_a_nearly_flat_region_is_raised_by_the_largest_gain_at_most(name):
    """Histograms have no gain to limit: by their definition the noise of a flat region takes all of the reference's spread."""
    nearly_flat = np.full((1000, 3), 120, np.uint8)
    nearly_flat[::2] += 1
    after = recoloured(BY_REFERENCE[name], nearly_flat, like_a_photograph(7, 3000))
    assert np.ptp(after.astype(int), axis=0).max() <= MAX_GAIN + 1
