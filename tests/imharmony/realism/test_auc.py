"""The area under the ROC curve, against a count of all pairs."""

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.realism.auc import auc, auc_of


def counted(real: np.ndarray, composite: np.ndarray) -> float:
    return float(np.mean([[1.0 if a > b else 0.5 if a == b else 0.0 for b in composite] for a in real]))


def test_it_is_the_share_of_pairs_with_ties_as_halves():
    rng = np.random.default_rng(0)
    for _ in range(10):
        real, composite = rng.integers(0, 6, 13).astype(float), rng.integers(0, 5, 8).astype(float)
        assert auc(real, composite) == pytest.approx(counted(real, composite), abs=1e-12)


def test_values_by_hand():
    assert auc(np.array([2.0, 3]), np.array([0.0, 1])) == 1
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5
    assert auc(np.array([1.0, 3]), np.array([2.0, 3])) == pytest.approx((0 + 0 + 1 + 0.5) / 4)


def test_a_rising_map_of_scores_changes_nothing_and_exchange_gives_the_rest():
    rng = np.random.default_rng(1)
    real, composite = rng.normal(size=9), rng.normal(size=7)
    assert auc(np.exp(real), np.exp(composite)) == auc(real, composite)
    assert auc(composite, real) == pytest.approx(1 - auc(real, composite))


def test_an_interval_is_over_photographs_and_is_that_of_resampled_pictures():
    rng = np.random.default_rng(2)
    photographs = np.arange(12), np.arange(12).repeat(3)
    real, composite = rng.normal(0.5, 1, 12), rng.normal(0, 1, 36)
    found = auc_of(real, composite, photographs=photographs, bootstrap=500, name="a")
    areas = []
    for _ in range(1500):
        drawn = rng.integers(12, size=12)
        areas.append(auc(real[drawn], np.concatenate([composite[photographs[1] == each] for each in drawn])))
    assert found.value == auc(real, composite)
    assert (found.low, found.high) == pytest.approx(np.quantile(areas, [0.025, 0.975]), abs=0.05)


def test_the_interval_is_the_same_again_and_of_fewer_than_ten_photographs_there_is_none():
    scores, ids = np.arange(10.0), np.arange(10)
    draws = [auc_of(scores + 1, scores, photographs=(ids, ids), bootstrap=100, name="a") for _ in range(2)]
    assert draws[0] == draws[1]
    assert not np.isnan(draws[0].low)
    few = auc_of(scores[:9], scores[:9], photographs=(ids[:9], ids[:9]), bootstrap=100, name="a")
    assert few.value == 0.5
    assert np.isnan([few.low, few.high]).all()


def test_one_real_picture_among_many_photographs_has_no_interval():
    rng = np.random.default_rng(3)
    found = auc_of(rng.normal(size=1), rng.normal(size=40), photographs=(np.zeros(1), np.arange(40)), bootstrap=100, name="a")
    assert np.isnan([found.low, found.high]).all()
    assert 0 <= found.value <= 1


def test_without_pictures_of_both_kinds_and_with_a_score_that_is_no_number_it_is_one_line():
    with pytest.raises(InputError, match="0 real pictures and 1 composites; expected one or more of each"):
        auc(np.array([]), np.array([1.0]))
    with pytest.raises(InputError, match="a score that is no finite number"):
        auc(np.array([np.nan]), np.array([1.0]))
