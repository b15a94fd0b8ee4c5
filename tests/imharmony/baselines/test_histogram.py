"""Histograms from the background."""

import numpy as np
from skimage.exposure import match_histograms

from imharmony.baselines.histogram import histogram
from imharmony.transfer.histogram import histogram as histogram_of_pixels
from imharmony.transfer.histogram import rgb_histogram


def test_histogram_agrees_with_scikit_image(pair):
    composite, mask = pair
    inside, outside = (composite[where][None].astype(float) for where in (mask > 0, mask == 0))
    expected = match_histograms(inside, outside, channel_axis=-1)
    assert np.abs(histogram(composite, mask)[mask > 0] - expected[0]).max() <= 0.5 + 1e-4


def test_of_a_soft_mask_all_pixels_change_by_what_is_mostly_on_either_side(pair):
    composite, mask = pair
    soft = np.where(mask > 0, mask, 0).astype(np.float32)
    soft[10:30, 8:12] = 0.4
    own, other = composite[soft > 0.5], composite[soft <= 0.5]
    expected = histogram_of_pixels(composite[soft > 0], rgb_histogram(own), rgb_histogram(other))
    output = histogram(composite, soft)
    assert (output[soft > 0] == expected).all()
    assert (output[soft == 0] == composite[soft == 0]).all()


def test_the_darkest_half_goes_to_the_darker_of_two_equally_frequent_levels():
    composite = np.array([[10, 20, 30, 40, 100, 200]], np.uint8)[..., None].repeat(3, axis=2)
    mask = np.array([[1, 1, 1, 1, 0, 0]], np.float32)
    assert histogram(composite, mask)[0, :, 0].tolist() == [100, 100, 150, 200, 100, 200]


def test_histogram_leaves_equal_halves_alone(twins):
    assert (histogram(*twins) == twins[0]).all()
