"""Errors up to a scale, the local error and the disagreement rate: closed forms, scikit-image and SciPy, invariances."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from imharmony.errors import InputError
from imharmony.metrics.intrinsic import Judgement, draw_judgements, lmse, read_judgements, si_mse, si_rmse, whdr


@pytest.fixture
def layers() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.1, 1, (40, 50, 3))
    return truth * rng.uniform(0.7, 1.3, truth.shape), truth


def test_the_scale_is_the_one_a_search_finds(layers):
    estimate, truth = layers
    best = minimize_scalar(lambda factor: np.mean((truth - factor * estimate) ** 2))
    assert si_mse(estimate, truth) == pytest.approx(best.fun, rel=1e-9)


def test_two_pixels_by_hand():
    # The factor is (1·1 + 3·1) / 2 = 2; what is left is -1 and 1.
    assert si_mse(np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]])) == 1
    assert si_rmse(np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]])) == 1


def test_a_common_factor_costs_nothing_and_one_for_each_channel_does(layers):
    _, truth = layers
    assert si_rmse(3 * truth, truth) == pytest.approx(0, abs=1e-12)
    assert lmse(0.2 * truth, truth) == pytest.approx(0, abs=1e-12)
    assert si_rmse(truth * [1.0, 1.5, 0.5], truth) > 0.05


def test_the_local_error_forgives_a_light_that_differs_from_window_to_window():
    _, across = np.mgrid[:40, :100]
    truth = np.random.default_rng(1).uniform(0.2, 1, (40, 100))
    tilted = truth * (1 + across / 25)
    assert lmse(tilted, truth) < 0.1 * si_mse(tilted, truth) / np.mean(truth**2)


def test_the_local_error_of_one_window_is_its_own_error_over_its_energy(layers):
    estimate, truth = (layer[:20, :20] for layer in layers)
    assert lmse(estimate, truth) == pytest.approx(si_mse(estimate, truth) / np.mean(truth**2))


def test_the_local_error_counts_each_window_ten_pixels_apart(layers):
    estimate, truth = layers
    windows = [(slice(y, y + 20), slice(x, x + 20)) for y in (0, 10, 20) for x in (0, 10, 20, 30)]
    error = sum(si_mse(estimate[w], truth[w]) for w in windows)
    assert lmse(estimate, truth) == pytest.approx(error / sum(np.mean(truth[w] ** 2) for w in windows))


def test_black_has_the_local_error_one(layers):
    assert lmse(np.zeros_like(layers[1]), layers[1]) == 1


def test_what_is_not_valid_does_not_count(layers):
    estimate, truth = layers
    valid = np.zeros(truth.shape[:2], bool)
    valid[:25] = True
    spoilt = estimate.copy()
    spoilt[25:] = 100
    assert si_mse(spoilt, truth, valid) == si_mse(estimate[:25], truth[:25])
    assert lmse(spoilt, truth, valid) == pytest.approx(lmse(estimate, truth, valid))
    assert math.isnan(si_mse(estimate, truth, np.zeros_like(valid)))


def test_a_picture_smaller_than_a_window_is_refused():
    with pytest.raises(InputError, match=r"layers are 19 x 40 px; the local error needs at least 20 px"):
        lmse(np.ones((40, 19)), np.ones((40, 19)))


DOCUMENT = {
    "intrinsic_points": [
        {"id": 5, "x": 0.1, "y": 0.5, "opaque": True},
        {"id": 6, "x": 0.9, "y": 0.5, "opaque": True},
        {"id": 7, "x": 0.5, "y": 0.5, "opaque": False},
    ],
    "intrinsic_comparisons": [
        {"point1": 5, "point2": 6, "darker": "1", "darker_score": 3.0},
        {"point1": 6, "point2": 5, "darker": "E", "darker_score": 1.0},
        {"point1": 5, "point2": 7, "darker": "2", "darker_score": 9.0},
        {"point1": 5, "point2": 6, "darker": "2", "darker_score": 0.0},
        {"point1": 5, "point2": 6, "darker": "2", "darker_score": None},
    ],
}


def test_judgements_of_glass_or_without_weight_are_left_out():
    assert read_judgements(DOCUMENT) == [
        Judgement((0.1, 0.5), (0.9, 0.5), "1", 3.0),
        Judgement((0.9, 0.5), (0.1, 0.5), "E", 1.0),
    ]


@pytest.mark.parametrize(("left", "expected"), [(0.2, 0.25), (0.46, 0.75), (0.9, 1.0)])
def test_the_disagreement_is_the_weight_of_the_judgements_that_are_wrong(left, expected):
    albedo = np.full((4, 10, 3), 0.5)
    albedo[:, :5] = left  # 0.46: within ten per cent of 0.5
    assert whdr(albedo, read_judgements(DOCUMENT)) == expected


def test_an_albedo_agrees_with_what_was_drawn_from_it_whatever_its_scale(layers):
    judgements = draw_judgements(layers[1], 200, np.random.default_rng(0))
    assert {j.darker for j in judgements} == {"1", "2", "E"}
    assert whdr(7 * layers[1], judgements) == 0
    assert whdr(np.ones_like(layers[1]), judgements) == np.mean([j.darker != "E" for j in judgements])


def test_no_judgements_have_no_rate(layers):
    assert math.isnan(whdr(layers[0], []))
