"""Agreement against the literature's worked example, brute force, and what must hold."""

from itertools import permutations, product

import numpy as np
import pytest

from opinion_study.agreement import interval_difference, kendall_u, krippendorff_alpha, ordinal_difference

# Four observers, twelve units, 0 where nothing was said: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part C.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)


def counts_of(answers, values=5):
    """How often each unit got each value, of answers (raters, units)."""
    return (answers.T[:, :, None] == np.arange(1, values + 1)).sum(1)


def nominal_difference(counts):
    return 1.0 - np.eye(len(counts))


@pytest.mark.parametrize(
    ("difference", "published"), [(nominal_difference, 0.743), (ordinal_difference, 0.815), (interval_difference, 0.849)]
)
def test_alpha_is_that_of_krippendorffs_own_example(difference, published):
    assert krippendorff_alpha(counts_of(OBSERVERS), difference) == pytest.approx(published, abs=5e-4)


def brute_force(answers, squared):
    """One minus the mean squared difference within units over that among all pairable answers, pair by pair."""
    units = [column[column > 0] for column in answers.T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = np.concatenate(units)
    within = sum(sum(squared(a, b) for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units) / len(pooled)
    among = sum(squared(a, b) for a, b in permutations(pooled, 2)) / (len(pooled) * (len(pooled) - 1))
    return 1 - within / among


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_all_pairs_one_by_one(seed):
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 6, (6, 9)) * (rng.random((6, 9)) < 0.7)
    pairable = answers[:, (answers > 0).sum(0) > 1]
    totals = np.array([(pairable == value).sum() for value in range(1, 6)])

    def between(a, b):
        low, high = min(a, b), max(a, b)
        return (totals[low - 1 : high].sum() - (totals[a - 1] + totals[b - 1]) / 2) ** 2

    counts = counts_of(answers)
    assert krippendorff_alpha(counts, interval_difference) == pytest.approx(brute_force(answers, lambda a, b: (int(a) - int(b)) ** 2))
    assert krippendorff_alpha(counts, ordinal_difference) == pytest.approx(brute_force(answers, between))


@pytest.mark.parametrize("difference", [ordinal_difference, interval_difference])
def test_alpha_is_one_where_all_agree_and_near_zero_by_chance(difference):
    rng = np.random.default_rng(0)
    alike = np.repeat(rng.integers(1, 6, (1, 30)), 4, axis=0)
    assert krippendorff_alpha(counts_of(alike), difference) == pytest.approx(1)
    assert krippendorff_alpha(counts_of(rng.integers(1, 6, (20, 500))), difference) == pytest.approx(0, abs=0.01)


def test_alpha_is_not_defined_where_nothing_varies_or_nobody_can_be_compared():
    assert np.isnan(krippendorff_alpha(counts_of(np.full((3, 4), 2)), interval_difference))
    assert np.isnan(krippendorff_alpha(counts_of(np.array([[1, 2, 3]])), interval_difference))


def test_kendalls_u_is_twice_the_share_of_raters_pairs_that_chose_alike_minus_one():
    choices = np.random.default_rng(3).integers(0, 2, (7, 11))
    alike = [choices[a, unit] == choices[b, unit] for a, b in permutations(range(7), 2) for unit in range(11)]
    assert kendall_u(choices.sum(0), (1 - choices).sum(0)) == pytest.approx(2 * np.mean(alike) - 1)


def test_kendalls_u_of_unanimous_and_of_evenly_split_raters():
    assert kendall_u(np.array([6, 0]), np.array([0, 6])) == 1
    assert kendall_u(np.array([2]), np.array([2])) == pytest.approx(-1 / 3)  # the least that four raters can reach
    assert np.isnan(kendall_u(np.array([1, 0]), np.array([0, 1])))


def test_who_is_first_in_a_pair_does_not_matter_to_kendalls_u():
    for first, second in product(([5, 1, 3],), ([1, 2, 4],)):
        swapped = kendall_u(np.array([first[0], second[1], first[2]]), np.array([second[0], first[1], second[2]]))
        assert kendall_u(np.array(first), np.array(second)) == pytest.approx(swapped)
