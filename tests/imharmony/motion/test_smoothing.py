"""Parameters filtered over time: exact values, what must not change, and others' filters."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import lfilter

from imharmony.motion.smoothing import both_ways, exponential, keep_at

FILTERS = [exponential, both_ways]
each_filter = pytest.mark.parametrize("smooth", FILTERS)


@pytest.fixture
def noise():
    return np.random.default_rng(3).normal(size=(60, 6))


def with_gaps(parameters):
    gappy = parameters.copy()
    gappy[[0, 7, 8, 9, 30, 59]] = np.nan
    return gappy


def test_the_moving_average_by_hand():
    assert_allclose(exponential(np.array([1.0, 2.0, 0.0]), keep=0.5), [1, 1.5, 0.75], rtol=1e-15)


def test_both_ways_by_hand():
    made = both_ways(np.array([4.0, 0.0, 8.0]), keep=0.5)
    assert_allclose(made, [(4 + 0 + 2) / 1.75, (2 + 0 + 4) / 2, (1 + 0 + 8) / 1.75], rtol=1e-15)


def test_the_moving_average_is_scipy_s_filter(noise):
    keep = 0.9
    expected, _ = lfilter([1 - keep], [1, -keep], noise, axis=0, zi=keep * noise[:1])
    assert_allclose(exponential(noise, keep=keep), expected, rtol=1e-12, atol=1e-14)


def test_the_moving_average_over_gaps_is_pandas_s(noise):
    gappy = with_gaps(noise)
    expected = np.where(np.isnan(gappy), np.nan, pd.DataFrame(gappy).ewm(alpha=0.1, adjust=False).mean())
    assert_allclose(exponential(gappy, keep=0.9), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("is_gappy", [False, True])
def test_both_ways_is_a_sum_over_distances(noise, is_gappy):
    parameters = with_gaps(noise) if is_gappy else noise
    known = np.isfinite(parameters).all(axis=1)
    time = np.arange(len(parameters))
    weights = 0.9 ** np.abs(time[:, None] - time) * known
    expected = weights @ np.nan_to_num(parameters) / weights.sum(axis=1, keepdims=True)
    expected[~known] = np.nan
    assert_allclose(both_ways(parameters, keep=0.9), expected, rtol=1e-11, atol=1e-13)


def test_both_ways_is_scipy_s_two_passes_far_from_the_ends():
    parameters = np.zeros(801)
    parameters[400] = 1
    keep = 0.9
    once = lfilter([1 - keep], [1, -keep], parameters)
    twice = lfilter([1 - keep], [1, -keep], once[::-1])[::-1]
    assert_allclose(both_ways(parameters, keep=keep)[300:500], twice[300:500], rtol=1e-9)


@each_filter
def test_a_constant_stays_to_the_bit(smooth):
    parameters = np.full((500, 6), np.float32(0.1)) * np.arange(1, 7)
    assert_array_equal(smooth(parameters, keep=0.96), parameters)
    assert_array_equal(smooth(with_gaps(parameters), keep=0.96), with_gaps(parameters))


@each_filter
def test_the_sum_is_filtered_as_its_parts_are(smooth, noise):
    other = noise[::-1] ** 2
    together = smooth(2 * noise - 3 * other, keep=0.8)
    assert_allclose(together, 2 * smooth(noise, keep=0.8) - 3 * smooth(other, keep=0.8), rtol=1e-11, atol=1e-13)


def test_both_ways_time_has_no_direction(noise):
    gappy = with_gaps(noise)
    assert_allclose(both_ways(gappy[::-1], keep=0.9), both_ways(gappy, keep=0.9)[::-1], rtol=1e-12, atol=1e-14)


def test_a_ramp_keeps_its_place_far_from_the_ends_and_lags_in_the_moving_average():
    ramp = np.arange(600.0)
    assert_allclose(both_ways(ramp, keep=0.9)[250:350], ramp[250:350], atol=1e-7)
    assert_allclose((ramp - exponential(ramp, keep=0.9))[250:350], 0.9 / 0.1, atol=1e-7)


@each_filter
def test_noise_becomes_less(smooth, noise):
    assert np.abs(np.diff(smooth(noise, keep=0.96), axis=0)).mean() < 0.1 * np.abs(np.diff(noise, axis=0)).mean()


@each_filter
def test_nothing_kept_changes_nothing(smooth, noise):
    assert_array_equal(smooth(with_gaps(noise), keep=0), with_gaps(noise))


@each_filter
@pytest.mark.parametrize("known", [[], [2]])
def test_frames_without_parameters_get_none(smooth, known):
    parameters = np.full((5, 2, 1, 1), np.nan)
    parameters[known] = 7
    assert_array_equal(smooth(parameters, keep=0.9), parameters)
    assert smooth(np.zeros((0, 3)), keep=0.9).shape == (0, 3)


@each_filter
@pytest.mark.parametrize("keep", [-0.1, 1.0, np.nan])
def test_a_share_that_cannot_be_kept_is_refused(smooth, keep):
    with pytest.raises(ValueError, match="expected 0"):
        smooth(np.zeros((3, 1)), keep=keep)


def test_a_second_keeps_the_same_at_every_frame_rate():
    assert keep_at(25) == 0.96
    assert_allclose([keep_at(rate) ** rate for rate in (10, 29.97, 60)], [0.96**25] * 3)
    with pytest.raises(ValueError, match="expected more than 0"):
        keep_at(0)
