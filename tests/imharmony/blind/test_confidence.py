"""The probability of harm: the regression beside another minimizer's, the limit by hand, and inputs that tell nothing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from imharmony.blind.confidence import FEATURES, LEAST_CHANGE, RIDGE, VISIBLE_SHARE, Confidence, features_of, fit_confidence
from imharmony.errors import InputError

MANY = len(FEATURES)


def example(count: int = 60, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of which the second alone tells of harm."""
    rng = np.random.default_rng(seed)
    features = rng.normal(3, 2, (count, MANY))
    return features, rng.random(count) < 1 / (1 + np.exp(-(features[:, 1] - 3)))


def fitted(features: np.ndarray, harms: np.ndarray, **changes: np.ndarray) -> Confidence:
    told = {"visible": np.zeros(len(features), bool), "untouched": features} | changes
    return fit_confidence(features, harms, **told)


def test_it_is_the_ridge_regression_that_another_minimizer_finds():
    features, harms = example()
    units = (features - features.mean(0)) / (features.std(0) + 1e-3)

    def loss(parameters: np.ndarray) -> float:
        chances = 1 / (1 + np.exp(-(units @ parameters[:-1] + parameters[-1])))
        return -np.log(np.where(harms, chances, 1 - chances)).mean() + RIDGE * (parameters[:-1] ** 2).sum() / 2

    other = minimize(
        loss, np.ones(MANY + 1), method="Nelder-Mead", options={"maxiter": 40000, "maxfev": 40000, "xatol": 1e-9, "fatol": 1e-13}
    )
    found = fitted(features, harms)
    assert_allclose([*found.weights, found.bias], other.x, atol=2e-3)
    chances = 1 / (1 + np.exp(-(units @ other.x[:-1] + other.x[-1])))
    assert_allclose(found.risk(features), chances, atol=2e-3)


def test_the_mean_risk_is_the_share_of_harm_and_what_tells_weighs_most():
    features, harms = example(400)
    found = fitted(features, harms)
    assert found.risk(features).mean() == pytest.approx(harms.mean(), abs=1e-4)
    assert int(np.argmax(np.abs(found.weights))) == 1
    assert found.weights[1] > 0


def test_units_of_the_features_play_no_part():
    features, harms = example()
    scaled = 100 * features + 7
    assert_allclose(fitted(scaled, harms).risk(scaled), fitted(features, harms).risk(features), atol=1e-3)


def test_one_picture_has_one_risk():
    features, harms = example()
    found = fitted(features, harms)
    assert found.risk(features[0]).shape == (1,)
    assert found.risk(features[0])[0] == pytest.approx(found.risk(features)[0], rel=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_of_untouched_photographs_few_are_changed_visibly_and_no_larger_limit_would_do(share):
    features, harms = example()
    rng = np.random.default_rng(1)
    untouched = rng.normal(2, 2, (50, MANY))
    visible = rng.random(50) < share
    found = fitted(features, harms, untouched=untouched, visible=visible)
    risks = found.risk(untouched)
    assert (visible & (risks <= found.limit)).sum() <= int(VISIBLE_SHARE * 50)
    assert found.limit <= 0.5
    larger = sorted(risk for risk in [*risks, 0.5] if found.limit < risk <= 0.5)
    assert all((visible & (risks <= each)).sum() > int(VISIBLE_SHARE * 50) for each in larger)


def test_where_no_limit_is_low_enough_nothing_is_trusted():
    features, harms = example()
    untouched = np.repeat(features[:1], 10, axis=0)
    found = fitted(features, np.zeros(60, bool), untouched=untouched, visible=np.ones(10, bool))
    assert found.limit == 0
    assert (found.risk(features) > found.limit).all()
    assert harms.any()


@pytest.mark.parametrize(("harm", "low", "high"), [(False, 0.0, 0.05), (True, 0.95, 1.0)])
def test_without_any_harm_and_with_nothing_else_the_risk_is_near_0_and_1(harm, low, high):
    features, _ = example()
    found = fitted(features, np.full(60, harm))
    assert low <= found.risk(features).min() <= found.risk(features).max() <= high
    assert found.limit == 0.5


def test_features_that_are_all_alike_give_the_share_of_harm():
    features = np.tile(np.arange(float(MANY)), (8, 1))
    found = fitted(features, np.array([True] * 2 + [False] * 6))
    assert_allclose(found.risk(features), 0.25, atol=1e-3)
    assert np.isfinite(found.risk(features + 100)).all()


@pytest.mark.parametrize(("count", "others"), [(3, 3), (0, 5), (4, 0)])
def test_too_few_pictures_are_one_line(count, others):
    features = np.zeros((count, MANY))
    with pytest.raises(InputError, match=f"{count} composites and {others} photographs to learn confidence from; expected 4 and 1 or more"):
        fit_confidence(features, np.zeros(count, bool), visible=np.zeros(others, bool), untouched=np.zeros((others, MANY)))


def test_features_are_as_they_are_called():
    given = np.full((4, 4, 3), 100, np.uint8)
    made, mask = given.copy(), np.zeros((4, 4), np.float32)
    made[:2], mask[:2, :2], mask[0, 0] = 104, 0.75, 0.5
    found = dict(zip(FEATURES, features_of(given, made, mask), strict=True))
    squares = 16 / 2
    mean = (3 * 0.75 + 0.5) / 16
    assert found["log_change"] == pytest.approx(np.log(np.sqrt(squares) + LEAST_CHANGE))
    assert found["log_change_inside"] == pytest.approx(np.log(np.sqrt(squares / mean) + LEAST_CHANGE))
    assert (found["mask_mean"], found["mask_most"], found["mask_share"]) == pytest.approx((mean, 0.75, 0.25))
    assert found["doubt"] == pytest.approx((3 * 0.75 * 0.25 + 0.25) / (3 * 0.75 + 0.5))


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_blank_mask_and_a_full_one_leave_no_doubt_and_no_change_has_a_logarithm(level):
    given = np.zeros((4, 4, 3), np.uint8)
    found = features_of(given, given, np.full((4, 4), level, np.float32))
    assert_allclose(found, [np.log(LEAST_CHANGE), np.log(LEAST_CHANGE), level, level, level, 0.0])


def test_a_change_that_lowers_levels_is_as_large_as_one_that_raises_them():
    first, second = np.full((2, 2, 3), 10, np.uint8), np.full((2, 2, 3), 250, np.uint8)
    mask = np.ones((2, 2), np.float32)
    assert_allclose(features_of(first, second, mask), features_of(second, first, mask))
