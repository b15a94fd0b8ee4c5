"""Paints are told apart by colour without chance, and their factors do not turn the light."""

import numpy as np
import pytest

from imharmony.intrinsic.light import evened, fit_light, held_out_r2
from imharmony.intrinsic.paints import PAINTS, paints_of
from imharmony.metrics.direction import light_error_deg
from tests.imharmony.intrinsic.test_light import VECTOR, lit
from tests.imharmony.intrinsic.test_normals import disc


@pytest.fixture
def shirt() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A ball whose lower part has a paint five times as bright: its mask, normals, true shading and paints."""
    mask, normals = disc(96, 40.0)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1)
    paints = np.where(mask > 0, np.arange(96)[:, None] // 60, -1)
    return mask > 0, normals, lit(normals), paints


def brighter(shading: np.ndarray, paints: np.ndarray) -> np.ndarray:
    return shading * np.where(paints == 1, 5.0, 1.0)


def test_a_bright_shirt_is_not_taken_for_light_from_below(shirt):
    inside, normals, shading, paints = shirt
    seen = brighter(shading, paints)
    assert light_error_deg(fit_light(normals, seen, inside).vector, VECTOR) > 60
    assert light_error_deg(fit_light(normals, seen, inside, paints).vector, VECTOR) < 3


def test_evened_shading_is_the_true_one_up_to_a_factor(shirt):
    inside, normals, shading, paints = shirt
    ratio = (evened(normals, brighter(shading, paints), inside, paints) / shading)[inside]
    assert np.ptp(np.log(ratio)) < 0.1  # the steps of 5 are 1.6
    logs = np.log(evened(normals, brighter(shading, paints), inside, paints) / brighter(shading, paints))[inside]
    assert logs.mean() == pytest.approx(0, abs=1e-9)


def test_one_paint_alone_changes_nothing(shirt):
    inside, normals, shading, _ = shirt
    np.testing.assert_allclose(evened(normals, shading, inside, np.zeros(inside.shape, int))[inside], shading[inside], rtol=1e-12)


def test_paints_alone_explain_no_shading(shirt):
    inside, normals, _, paints = shirt
    noise = np.random.default_rng(0).uniform(0.5, 1, inside.shape)
    assert held_out_r2(normals, brighter(noise, paints), inside, paints) < 0.1


def test_colours_are_told_apart_whatever_the_light_on_them():
    rng = np.random.default_rng(0)
    colours = np.array([[230, 30, 30], [30, 200, 40], [40, 50, 230], [230, 220, 40], [200, 200, 205]])
    own = rng.integers(0, 5, (40, 50))
    photograph = np.rint(colours[own] * rng.uniform(0.8, 1, (40, 50, 1))).astype(np.uint8)
    valid = np.ones((40, 50), bool)
    valid[:4] = False
    paints = paints_of(photograph, valid)
    assert (paints[:4] == -1).all()
    for k in range(PAINTS):
        assert len(np.unique(paints[valid & (own == k)])) == 1
    assert len(np.unique(paints[valid])) == PAINTS
    assert (paints == paints_of(photograph, valid)).all()


@pytest.mark.parametrize("pixels", [0, 1, 3])
def test_few_pixels_have_few_paints(pixels):
    valid = np.zeros((6, 6), bool)
    valid.flat[:pixels] = True
    paints = paints_of(np.full((6, 6, 3), 90, np.uint8), valid)
    assert np.count_nonzero(paints >= 0) == pixels
