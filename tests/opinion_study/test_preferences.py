"""Strengths against a general optimiser, a closed form, and what must hold."""

import numpy as np
import pytest
from scipy.optimize import minimize

from opinion_study.preferences import TIE, strengths


def some_wins(seed, methods=5):
    wins = np.random.default_rng(seed).integers(1, 12, (methods, methods)).astype(float)
    np.fill_diagonal(wins, 0)
    return wins


def optimised(wins):
    """The maximum of the likelihood, found by a general optimiser from differences of strengths."""

    def loss(free):
        s = np.append(free, -free.sum())
        return (wins * np.logaddexp(0, s[None, :] - s[:, None])).sum()

    free = minimize(loss, np.zeros(len(wins) - 1), method="BFGS", options={"gtol": 1e-8}).x
    return np.append(free, -free.sum())


@pytest.mark.parametrize("seed", range(4))
def test_strengths_are_where_a_general_optimiser_finds_them(seed):
    wins = some_wins(seed)
    assert strengths(wins) == pytest.approx(optimised(wins), abs=1e-5)
    assert strengths(wins, tie=TIE) == pytest.approx(optimised(wins + TIE * (1 - np.eye(5))), abs=1e-5)


def test_of_two_methods_the_difference_is_the_logarithm_of_the_odds():
    first, second = strengths(np.array([[0, 9], [4, 0]]))
    assert (first - second, first + second) == pytest.approx((np.log(9 / 4), 0))
    first, second = strengths(np.array([[0, 7], [0, 0]]), tie=TIE)
    assert first - second == pytest.approx(np.log(7.5 / 0.5))


def test_strengths_have_the_mean_zero_and_come_back_from_exact_odds():
    true = np.array([1.2, 0.1, -0.4, -0.9])
    wins = 100 / (1 + np.exp(true[None, :] - true[:, None]))
    np.fill_diagonal(wins, 0)
    assert strengths(wins) == pytest.approx(true, abs=1e-6)


def test_many_at_once_are_each_what_they_are_alone():
    wins = np.stack([some_wins(seed) for seed in range(6)]).reshape(2, 3, 5, 5)
    found = strengths(wins)
    assert found.shape == (2, 3, 5)
    assert found[1, 2] == pytest.approx(strengths(wins[1, 2]), abs=1e-7)


def test_a_method_that_always_wins_needs_ties():
    wins = np.array([[0, 5, 5], [0, 0, 3], [0, 2, 0]])
    with pytest.raises(ValueError, match="never chosen over some others"):
        strengths(wins)
    found = strengths(wins, tie=TIE)
    assert np.isfinite(found).all()
    assert list(np.argsort(-found)) == [0, 1, 2]


def test_methods_that_were_never_compared_are_equal_under_ties():
    assert strengths(np.zeros((3, 3)), tie=TIE) == pytest.approx([0, 0, 0])
