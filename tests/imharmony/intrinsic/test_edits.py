"""Edits of albedo: nothing is exactly nothing, each parameter does what its name says, and the fit goes half of the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imharmony.intrinsic.edits import SEGMENTS, AlbedoEdit, fit_edit, fit_shading_edit


@pytest.fixture
def albedo() -> np.ndarray:
    return np.random.default_rng(0).uniform(0.05, 0.8, (400, 3))


def log_grey(albedo: np.ndarray) -> np.ndarray:
    return np.log(albedo.mean(axis=1))


def test_an_edit_without_parameters_is_the_identity_bit_for_bit(albedo):
    assert (AlbedoEdit()(albedo) == albedo).all()


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_an_albedo_is_not_moved_towards_itself(albedo, strength):
    assert (fit_edit(albedo, albedo, strength=strength)(albedo) == albedo).all()


def test_strength_nothing_changes_nothing(albedo):
    assert (fit_edit(albedo, albedo**2, strength=0.0)(albedo) == albedo).all()


def test_each_parameter_does_what_its_name_says():
    pixel = np.array([[0.2, 0.4, 0.6]])
    np.testing.assert_allclose(AlbedoEdit(white_balance=np.array([2, 1, 0.5]))(pixel), [[0.4, 0.4, 0.3]])
    np.testing.assert_allclose(AlbedoEdit(saturation=0.5)(pixel), [[0.3, 0.4, 0.5]])
    np.testing.assert_allclose(AlbedoEdit(exposure=1.5)(pixel), [[0.3, 0.6, 0.9]])
    curve = np.ones((3, SEGMENTS))
    curve[:, 1] = 2  # between 1/8 and 1/4
    np.testing.assert_allclose(AlbedoEdit(curve=curve)(pixel), [[0.275, 0.525, 0.725]])


def test_the_order_of_the_edits_is_fixed():
    edit = AlbedoEdit(white_balance=np.array([2.0, 1, 1]), saturation=0.0, exposure=0.5)
    np.testing.assert_allclose(edit(np.array([[0.2, 0.3, 0.5]])), [[0.2, 0.2, 0.2]])  # (0.4 + 0.3 + 0.5) / 3 / 2


def test_another_exposure_and_tint_are_taken_back_half_way(albedo):
    cast = np.array([1.2, 1.0, 0.8])
    other = albedo * cast * 1.3
    edited = fit_edit(albedo, other, strength=0.5)(albedo)
    assert log_grey(edited).mean() == pytest.approx((log_grey(albedo).mean() + log_grey(other).mean()) / 2, abs=1e-6)
    tint = np.log(edited / edited.mean(axis=1, keepdims=True)).mean(axis=0)
    ends = [np.log(a / a.mean(axis=1, keepdims=True)).mean(axis=0) for a in (albedo, other)]
    np.testing.assert_allclose(tint, np.mean(ends, axis=0), atol=0.03)


def test_the_curve_brings_the_contrast_nearer(albedo):
    grey = albedo.mean(axis=1, keepdims=True).repeat(3, axis=1)
    flat = np.exp(log_grey(grey).mean()) * (grey / np.exp(log_grey(grey).mean())) ** 0.5
    spreads = [log_grey(a).std() for a in (grey, fit_edit(grey, flat, strength=1.0)(grey), flat)]
    assert spreads[1] == pytest.approx(spreads[2], rel=0.15)
    assert spreads[0] > 1.5 * spreads[1]


def test_grey_stays_grey(albedo):
    grey = albedo.mean(axis=1, keepdims=True).repeat(3, axis=1)
    edited = fit_edit(grey, grey**1.5, strength=0.5)(grey)
    np.testing.assert_allclose(edited, edited.mean(axis=1, keepdims=True).repeat(3, axis=1), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    own=st.sampled_from(["black", "white", "red", "one pixel", "noise"]),
    other=st.sampled_from(["black", "white", "red", "one pixel", "noise"]),
    strength=st.floats(0, 1),
)
def test_whatever_the_two_are_each_gain_stays_within_its_bounds(own, other, strength):
    kinds = {
        "black": np.zeros((9, 3)),
        "white": np.ones((9, 3)),
        "red": np.tile([0.7, 0.0, 0.0], (9, 1)),
        "one pixel": np.array([[0.2, 0.3, 0.1]]),
        "noise": np.random.default_rng(0).uniform(size=(50, 3)),
    }
    edit = fit_edit(kinds[own], kinds[other], strength=strength)
    gains = np.concatenate([edit.white_balance, edit.curve.ravel(), [edit.saturation, edit.exposure]])
    assert ((gains >= 0.5 - 1e-9) & (gains <= 2 + 1e-9)).all()
    assert np.isfinite(edit(kinds[own])).all()


def test_matched_shading_has_the_others_median_and_contrast():
    rng = np.random.default_rng(2)
    own, other = np.exp(rng.normal(0, 0.2, 4000)), np.exp(rng.normal(0.5, 0.3, 3000))
    matched = np.log(fit_shading_edit(own, other, strength=1.0)(own))
    np.testing.assert_allclose(np.percentile(matched, (5, 50, 95)), np.percentile(np.log(other), (5, 50, 95)), atol=0.03)


def test_shading_without_contrast_gets_another_level_and_no_contrast():
    flat = np.full(50, 0.5)
    matched = fit_shading_edit(flat, np.linspace(0.5, 1.5, 51), strength=0.5)(flat)
    np.testing.assert_allclose(matched, 0.5 * np.sqrt(2), rtol=1e-6)
