"""Intervals over raters and images."""

import numpy as np
import pytest

from opinion_study.resampling import interval, resampled


def mean(sums):
    return sums[..., 0] / sums[..., 1]


def cells_of(scores):
    """Sums and counts of scores (raters, images) of one method."""
    return np.stack([scores, np.ones_like(scores)], -1)


def interval_of(scores, seed=0):
    return interval(resampled(cells_of(scores), mean, resamples=400, rng=np.random.default_rng(seed)))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    covered, narrow = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        scores = 3 + rng.normal(0, 0.5, (12, 1)) + rng.normal(0, 0.5, (1, 12)) + rng.normal(0, 0.5, (12, 12))
        low, high = interval_of(scores)
        covered.append(low <= 3 <= high)
        narrow.append(abs(scores.mean() - 3) <= 1.96 * scores.std() / 12)
    assert np.mean(covered) > 0.85
    assert np.mean(narrow) < 0.7  # an interval over single votes, as if each were on its own


def test_the_spread_of_resamples_is_that_of_raters_and_images():
    rng = np.random.default_rng(1)
    raters, images = rng.normal(0, 1, (15, 1)), rng.normal(0, 1, (1, 10))
    values = resampled(cells_of(9 + raters + images), mean, resamples=4000, rng=rng)
    assert values.std() == pytest.approx(np.sqrt(raters.var() / 15 + images.var() / 10), rel=0.05)


def test_fewer_than_ten_raters_or_images_have_no_interval():
    for shape in ((1, 20), (9, 20), (20, 9)):
        assert resampled(cells_of(np.ones(shape)), mean, resamples=10, rng=np.random.default_rng(0)) is None
    assert resampled(cells_of(np.ones((10, 10))), mean, resamples=10, rng=np.random.default_rng(0)) is not None


def test_resamples_without_votes_do_not_count():
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1, 1)
    assert interval(np.array([np.nan])) == (None, None)


def test_the_number_of_resamples_is_what_was_asked_for():
    assert resampled(cells_of(np.ones((10, 10))), mean, resamples=130, rng=np.random.default_rng(0)).shape == (130,)
