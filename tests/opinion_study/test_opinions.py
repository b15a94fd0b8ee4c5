"""From votes to a table: hand-worked scores, who counts, and what the intervals are."""

import numpy as np
import pytest

from imharmony.errors import InputError
from opinion_study.ballots import BALLOTS, read_ballots
from opinion_study.definition import read_study
from opinion_study.opinions import summarise_opinions
from opinion_study.tables import OPINIONS
from tests.opinion_study.small import IMAGES, honest, shown, vote_all

LIKING = {"real": 5, "sombre": 3, "composite": 2, "garish": 1}


def opinions_of(folder, *, misses=0, bootstrap=200):
    study = read_study(folder)
    table = summarise_opinions(study, read_ballots(folder, study, misses=misses), bootstrap=bootstrap)
    assert table.schema.equals(OPINIONS)
    return {row["method"]: row for row in table.to_pylist()}


def careless(study, rater):
    """The answers of a rater who always says 5, or first."""
    return [5 if study.mode == "rating" else 1] * len(study.order_of(rater))


def test_the_mos_is_the_mean_of_the_votes_with_their_standard_deviation(rating):
    study = read_study(rating)
    answers = {0: honest(study, 0, LIKING), 1: honest(study, 1, LIKING | {"sombre": 4}), 2: honest(study, 2, LIKING)}
    vote_all(rating, answers)
    found = opinions_of(rating)
    votes = [3] * IMAGES + [4] * IMAGES + [3] * IMAGES
    assert list(found) == study.methods
    assert found["sombre"]["mos"] == pytest.approx(np.mean(votes))
    assert found["sombre"]["deviation"] == pytest.approx(np.std(votes, ddof=1))
    assert found["sombre"]["difference"] == pytest.approx(np.mean(votes) - 2)
    assert {key: found["real"][key] for key in ("mos", "low", "high", "n_votes", "n_raters", "n_images")} == {
        **{"mos": 5, "low": None, "high": None},  # of three raters there is no interval
        **{"n_votes": 3 * IMAGES, "n_raters": 3, "n_images": IMAGES},
    }
    assert (found["composite"]["difference"], found["composite"]["difference_high"]) == (0, None)
    assert 0.9 < found["real"]["alpha_interval"] < 1
    assert found["real"]["kendall_u"] is None


def test_raters_who_missed_a_check_are_left_out_and_counted(rating):
    study = read_study(rating)
    vote_all(rating, {0: honest(study, 0, LIKING), 1: careless(study, 1), 2: honest(study, 2, LIKING)})
    assert any(isinstance(step, int) and step != 5 for step in shown(study, 1))
    row = opinions_of(rating)["garish"]
    assert (row["mos"], row["n_raters"], row["n_left_out"], row["n_unfinished"]) == (1, 2, 1, 0)
    lenient = opinions_of(rating, misses=2)["garish"]
    assert (lenient["mos"], lenient["n_raters"], lenient["n_left_out"]) == (pytest.approx(7 / 3), 3, 0)


def test_who_stopped_early_counts_with_what_was_answered(rating):
    study = read_study(rating)
    vote_all(rating, {0: honest(study, 0, LIKING), 1: honest(study, 1, LIKING)[:5]})
    found = opinions_of(rating)
    assert {row["n_unfinished"] for row in found.values()} == {1}
    assert sum(row["n_votes"] for row in found.values()) < 2 * IMAGES * len(found)
    assert {method: row["mos"] for method, row in found.items()} == LIKING


def test_a_single_rater_has_no_interval(rating):
    study = read_study(rating)
    vote_all(rating, {0: honest(study, 0, LIKING)})
    row = opinions_of(rating)["sombre"]
    assert (row["mos"], row["low"], row["high"], row["difference_low"], row["alpha_ordinal"]) == (3, None, None, None, None)


def test_choices_become_strengths_in_the_raters_order_of_liking(pairs):
    study = read_study(pairs)
    vote_all(pairs, {rater: honest(study, rater, LIKING) for rater in range(4)})
    found = opinions_of(pairs)
    assert sorted(found, key=lambda method: -found[method]["strength"]) == list(LIKING)
    assert {method: round(row["win_rate"] * 3) for method, row in found.items()} == {"real": 3, "sombre": 2, "composite": 1, "garish": 0}
    assert sum(row["strength"] for row in found.values()) == pytest.approx(0, abs=1e-6)
    assert found["real"]["low"] is None
    assert {row["kendall_u"] for row in found.values()} == {1.0}
    assert {row["mos"] for row in found.values()} == {None}
    assert found["real"]["n_votes"] == 4 * IMAGES * 3


def test_a_first_picture_bias_cancels_because_sides_are_balanced(pairs):
    study = read_study(pairs)
    first = {rater: [step if isinstance(step, int) else 1 for step in shown(study, rater)] for rater in range(4)}
    vote_all(pairs, first)
    assert all(row["strength"] == pytest.approx(0, abs=1e-6) for row in opinions_of(pairs).values())


def test_the_same_votes_give_the_same_table(rating):
    study = read_study(rating)
    vote_all(rating, {rater: honest(study, rater, LIKING | {"sombre": 2 + rater % 3}) for rater in range(4)})
    assert opinions_of(rating) == opinions_of(rating)


def test_ballots_name_what_was_shown_and_nobody(rating):
    study = read_study(rating)
    vote_all(rating, {0: honest(study, 0, LIKING)})
    ballots = read_ballots(rating, study, misses=0)
    assert ballots.schema.equals(BALLOTS)
    for row, step in zip(ballots.to_pylist(), shown(study, 0), strict=True):
        is_check = isinstance(step, int)
        assert (row["asked"], row["method"]) == ((step, None) if is_check else (None, step[0]))
        assert row["is_counted"] is not is_check
        assert (row["rater"], row["against"]) == (0, None)


def test_in_pairs_ballots_say_which_stood_left(pairs):
    study = read_study(pairs)
    vote_all(pairs, {0: honest(study, 0, LIKING)})
    rows = [row for row in read_ballots(pairs, study, misses=0).to_pylist() if row["asked"] is None]
    assert [(row["method"], row["against"]) for row in rows] == [step for step in shown(study, 0) if not isinstance(step, int)]


def test_without_votes_that_count_there_is_no_report(rating):
    study = read_study(rating)
    with pytest.raises(InputError, match="no votes yet"):
        read_ballots(rating, study, misses=0)
    vote_all(rating, {0: careless(study, 0)})
    with pytest.raises(InputError, match="none of 14 votes counts; expected a rater who heeds the attention checks"):
        summarise_opinions(study, read_ballots(rating, study, misses=0))
