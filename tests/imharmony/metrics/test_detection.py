"""Detection's scores against counts one by one, values by hand, and what must not matter."""

import math
import time

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.metrics.detection import (
    Calibration,
    average_precision,
    average_precision_binned,
    calibration,
    expected_calibration_error,
    harm_rate_at,
    intersection_over_union,
    risk_coverage,
)


@pytest.fixture
def pixels() -> tuple[np.ndarray, np.ndarray]:
    """Scores with many ties, in twentieths, which say a little about the labels."""
    rng = np.random.default_rng(0)
    labels = rng.random((2, 30, 25)) < 0.3
    return np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1) * 20) / 20, labels


def stepped(scores: np.ndarray, labels: np.ndarray) -> float:
    """Threshold by threshold, from the highest: (R_k - R_{k-1}) P_k."""
    area, recall = 0.0, 0.0
    for threshold in sorted(set(scores.ravel().tolist()), reverse=True):
        found = scores >= threshold
        precision = (found & labels).sum() / found.sum()
        now = (found & labels).sum() / labels.sum()
        area, recall = area + (now - recall) * precision, now
    return area


def test_average_precision_is_the_sum_of_steps_over_all_thresholds(pixels):
    assert average_precision(*pixels) == pytest.approx(stepped(*pixels), abs=1e-12)


def test_average_precision_by_hand():
    labels = np.array([False, False, True, True])
    assert average_precision(np.array([0.1, 0.4, 0.35, 0.8]), labels) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.array([0.5, 0.5, 0.5, 0.5]), labels) == 0.5
    assert average_precision(np.array([0.1, 0.2, 0.8, 0.9]), labels) == 1
    assert average_precision(np.array([0.9, 0.8, 0.1, 0.2]), labels) == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_neither_order_nor_a_rising_map_of_the_scores_changes_average_precision(pixels):
    scores, labels = pixels
    order = np.random.default_rng(1).permutation(scores.size)
    assert average_precision(scores.ravel()[order], labels.ravel()[order]) == average_precision(scores, labels)
    assert average_precision(np.exp(3 * scores), labels) == average_precision(scores, labels)
    assert average_precision(scores, labels.astype(np.float32)) == average_precision(scores, labels)


def test_bins_that_part_all_scores_give_the_exact_average_precision(pixels):
    scores, labels = pixels
    middles = scores + 1e-6
    assert average_precision_binned(np.minimum(middles, 1), labels, bins=20) == pytest.approx(
        average_precision(np.minimum(scores, 0.95), labels), abs=1e-12
    )
    assert average_precision_binned(scores, labels, bins=1) == pytest.approx(labels.mean())


def test_two_hundred_bins_come_close_from_below():
    rng = np.random.default_rng(2)
    labels = rng.random(20000) < 0.1
    scores = 1 / (1 + np.exp(-rng.normal(2 * labels, 1)))
    assert 0 < average_precision(scores, labels) - average_precision_binned(scores, labels) < 0.01


def test_without_positives_average_precision_is_unknown():
    nothing = np.zeros(5, bool)
    assert math.isnan(average_precision(np.linspace(0, 1, 5), nothing))
    assert math.isnan(average_precision_binned(np.linspace(0, 1, 5), nothing))
    assert math.isnan(average_precision(np.zeros(0), np.zeros(0, bool)))


def test_ten_million_pixels_take_seconds():
    rng = np.random.default_rng(3)
    scores, labels = rng.random(10_000_000, dtype=np.float32), rng.random(10_000_000, dtype=np.float32) < 0.05
    start = time.process_time()
    assert average_precision(scores, labels) == pytest.approx(0.05, abs=2e-3)
    assert average_precision_binned(scores, labels) == pytest.approx(0.05, abs=2e-3)
    assert calibration(scores, labels).pixels.sum() == 10_000_000
    assert time.process_time() - start < 15


def test_intersection_over_union_agrees_with_sets(pixels):
    scores, labels = pixels
    found = {place for place, score in enumerate(scores.ravel()) if score > 0.6}
    changed = {place for place, label in enumerate(labels.ravel()) if label}
    assert intersection_over_union(scores, labels, at=0.6) == len(found & changed) / len(found | changed)


def test_intersection_over_union_by_hand_and_of_exchanged_parts():
    scores, labels = np.array([[0.9, 0.5], [0.6, 0.1]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    assert intersection_over_union(scores, labels) == 1 / 3  # 0.5 is not above 0.5
    assert intersection_over_union(labels, scores) == 1 / 3
    assert intersection_over_union(np.zeros(3), np.ones(3)) == 0
    assert math.isnan(intersection_over_union(np.zeros(3), np.zeros(3)))


def test_calibration_agrees_with_a_look_at_each_bin(pixels):
    scores, labels = pixels
    curve = calibration(scores, labels, bins=4)
    for place in range(4):
        inside = (scores >= place / 4) & ((scores < (place + 1) / 4) | (place == 3))
        assert curve.pixels[place] == inside.sum()
        assert curve.score[place] == pytest.approx(scores[inside].mean())
        assert curve.positive[place] == pytest.approx(labels[inside].mean())


def test_calibration_by_hand():
    curve = calibration(np.array([0.1, 0.3, 1.0]), np.array([False, True, True]), bins=2)
    assert curve.score.tolist() == pytest.approx([0.2, 1.0])
    assert curve.positive.tolist() == [0.5, 1.0]
    assert curve.pixels.tolist() == [2, 1]
    assert expected_calibration_error(curve) == pytest.approx(2 / 3 * 0.3)
    assert np.isnan(calibration(np.array([0.1]), np.array([True]), bins=2).score).tolist() == [False, True]


def test_labels_drawn_with_the_scores_are_calibrated_and_sure_scores_are_not():
    rng = np.random.default_rng(4)
    scores = rng.random(200_000)
    labels = rng.random(200_000) < scores
    assert expected_calibration_error(calibration(scores, labels)) < 0.01
    assert expected_calibration_error(calibration((scores > 0.5).astype(float), labels)) == pytest.approx(0.25, abs=0.01)


def test_an_error_of_calibration_is_the_same_of_a_picture_seen_twice(pixels):
    once, twice = calibration(*pixels), calibration(*(np.concatenate([each, each]) for each in pixels))
    assert expected_calibration_error(once) == pytest.approx(expected_calibration_error(twice), abs=1e-12)
    assert math.isnan(expected_calibration_error(Calibration(*np.full((2, 3), math.nan), np.zeros(3, np.int64))))


def test_risk_and_coverage_by_hand():
    curve = risk_coverage(np.array([0.3, 0.1, 0.3, 0.9]), np.array([True, False, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.harm_rate.tolist() == pytest.approx([0, 1 / 3, 0.5])


def test_harm_rate_at_a_coverage_is_the_curve_at_its_points_and_the_mean_of_all_orders_between():
    risk, harms = np.array([0.3, 0.1, 0.3, 0.9]), np.array([True, False, False, True])
    curve = risk_coverage(risk, harms)
    assert [harm_rate_at(risk, harms, share) for share in curve.coverage] == pytest.approx(curve.harm_rate.tolist())
    assert harm_rate_at(risk, harms, 0.5) == pytest.approx((0 / 2 + 1 / 2) / 2)  # one of the two at 0.3, with or without harm


def test_without_ties_harm_is_the_mean_of_the_first_pictures():
    rng = np.random.default_rng(5)
    risk, harms = rng.permutation(20), rng.random(20)
    ordered = harms[np.argsort(risk)]
    assert risk_coverage(risk, harms).harm_rate.tolist() == pytest.approx([ordered[:count].mean() for count in range(1, 21)])
    assert harm_rate_at(risk, harms, 0.35) == pytest.approx(ordered[:7].mean())


def test_the_order_of_pictures_does_not_count():
    rng = np.random.default_rng(6)
    risk, harms = rng.integers(0, 5, 40), rng.random(40) < 0.4
    order = rng.permutation(40)
    for ours, theirs in zip(risk_coverage(risk, harms), risk_coverage(risk[order], harms[order]), strict=True):
        assert ours.tolist() == theirs.tolist()
    assert harm_rate_at(risk, harms, 0.33) == harm_rate_at(risk[order], harms[order], 0.33)


def test_of_no_pictures_there_is_no_rate():
    nothing = np.zeros(0), np.zeros(0, bool)
    assert risk_coverage(*nothing).coverage.tolist() == []
    assert math.isnan(harm_rate_at(*nothing, 0.5))


def test_what_is_no_score_is_one_line():
    with pytest.raises(InputError, match="scores with 1 NaN; expected numbers"):
        average_precision(np.array([0.1, math.nan]), np.array([True, False]))
    with pytest.raises(InputError, match=r"scores of shape \(2,\) beside \(3,\); expected equal shapes"):
        average_precision(np.zeros(2), np.zeros(3))
    with pytest.raises(InputError, match="scores from -1 to 2; expected probabilities from 0 to 1"):
        calibration(np.array([-1.0, 2.0]), np.array([True, False]))
    with pytest.raises(InputError, match="risks with 1 NaN"):
        risk_coverage(np.array([math.nan]), np.array([True]))
    for coverage in (0, 1.5, math.nan):
        with pytest.raises(InputError, match=f"a coverage of {coverage}; expected a share"):
            harm_rate_at(np.zeros(2), np.zeros(2), coverage)
