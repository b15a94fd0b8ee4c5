"""Packed layers come back within their rounding."""

import numpy as np
import pytest

from imharmony.studio.categories import CATEGORIES
from imharmony.studio.colours import decode, encode, linear
from imharmony.studio.layers import (
    pack_albedo,
    pack_alpha,
    pack_normals,
    pack_shading,
    unpack_albedo,
    unpack_alpha,
    unpack_normals,
    unpack_shading,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_alpha_comes_back_within_half_a_level(rng):
    alpha = rng.random((9, 7), dtype=np.float32)
    np.testing.assert_allclose(unpack_alpha(pack_alpha(alpha)), alpha, atol=0.5 / 255 + 1e-6)


def test_albedo_comes_back_as_srgb_rounds_it(rng):
    albedo = rng.random((9, 7, 3), dtype=np.float32)
    np.testing.assert_array_equal(unpack_albedo(pack_albedo(albedo)), decode(encode(albedo)))


def test_shading_above_one_comes_back(rng):
    shading = (rng.random((9, 7, 3)) * 7.9).astype(np.float32)
    np.testing.assert_allclose(unpack_shading(pack_shading(shading)), shading, atol=0.51 / 8192)


def test_normals_come_back_within_their_rounding(rng):
    normals = rng.normal(size=(9, 7, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    np.testing.assert_allclose(unpack_normals(pack_normals(normals)), normals, atol=2e-5)


def test_every_srgb_level_survives_linear_light():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(encode(decode(levels)), levels)


def test_mid_grey_is_a_fifth_of_white():
    assert linear((188, 188, 188))[0] == pytest.approx(0.5029, abs=1e-4)


def test_categories_are_cocos():
    assert len(CATEGORIES) == 80
    assert CATEGORIES["person"] == (1, "person")
    assert CATEGORIES["toothbrush"] == (90, "indoor")
    assert len({number for number, _ in CATEGORIES.values()}) == 80
