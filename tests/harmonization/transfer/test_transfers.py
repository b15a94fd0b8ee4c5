"""What holds for every colour transfer."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from harmonization.transfer import TRANSFERS
from harmonization.transfer.moments import BLOCK, MAX_GAIN

FLAT = {"black": (0, 0, 0), "grey": (128, 128, 128), "white": (255, 255, 255), "red": (255, 0, 0)}


@pytest.fixture(params=TRANSFERS)
def transfer(request):
    return TRANSFERS[request.param]


def region(seed: int, count: int = 3000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(rng.uniform(80, 170, 3), rng.uniform(15, 30, 3), (count, 3)), 0, 255).astype(np.uint8)


def recoloured(transfer, pixels: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return transfer.apply(pixels, transfer.measure(pixels), transfer.measure(reference))


def test_a_region_as_its_own_reference_stays_the_same(transfer):
    pixels = np.random.default_rng(0).integers(0, 256, (BLOCK + 100, 3), np.uint8)
    assert_array_equal(recoloured(transfer, pixels, pixels), pixels)


def test_moving_pixels_around_moves_the_result_around(transfer):
    pixels, order = region(1), np.random.default_rng(2).permutation(3000)
    assert_array_equal(recoloured(transfer, pixels[order], region(3)), recoloured(transfer, pixels, region(3))[order])


def test_the_input_is_not_changed(transfer):
    pixels = region(1)
    before = pixels.copy()
    recoloured(transfer, pixels, region(3))
    assert_array_equal(pixels, before)


@pytest.mark.parametrize("colour", FLAT.values(), ids=FLAT)
def test_a_flat_region_stays_flat_and_is_no_reference_for_contrast(transfer, colour):
    flat = np.full((50, 3), colour, np.uint8)
    assert len(np.unique(recoloured(transfer, flat, region(4)), axis=0)) == 1
    assert recoloured(transfer, region(4), flat).shape == (3000, 3)


def test_a_single_pixel_can_be_recoloured(transfer):
    assert recoloured(transfer, region(5, 1), region(6)).shape == (1, 3)


def test_noise_of_a_nearly_flat_region_is_raised_by_the_largest_gain_at_most(transfer):
    nearly_flat = np.full((1000, 3), 120, np.uint8)
    nearly_flat[::2] += 1
    after = recoloured(transfer, nearly_flat, region(7))
    assert np.ptp(after.astype(int), axis=0).max() <= MAX_GAIN + 1


def test_a_transfer_runs_twice_to_the_same_bits(transfer):
    assert_array_equal(recoloured(transfer, region(8), region(9)), recoloured(transfer, region(8), region(9)))
