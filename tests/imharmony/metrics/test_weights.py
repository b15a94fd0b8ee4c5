"""Masks looked at once: NumPy's plain sums, and what is cut out of them."""

import numpy as np
import pytest

from imharmony.metrics.weights import Weights, common


def made(kind: str) -> np.ndarray:
    mask = np.zeros((9, 12), np.float32)
    mask[2:6, 3:10] = {"soft": 0.3, "faint": 1e-4}.get(kind, 1)
    if kind == "edged":
        mask[2, 3:10] = np.linspace(0.1, 0.9, 7)
    return {"empty": mask * 0, "full": mask * 0 + 1}.get(kind, mask)


KINDS = ("hard", "edged", "soft", "faint", "empty", "full")


@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_numpys(kind):
    mask, values = made(kind), np.random.default_rng(0).random((9, 12, 3), dtype=np.float32)
    weights = Weights.of(mask)
    assert weights.area == pytest.approx(mask.sum(dtype=np.float64), rel=1e-12)
    assert weights.outside.area == pytest.approx((1 - mask.astype(np.float64)).sum(), abs=1e-12)
    expected = (values.astype(np.float64) * mask[..., None]).sum()
    assert weights.total(values, (slice(0, 9), slice(0, 12))) == pytest.approx(expected, rel=1e-6)
    part = slice(1, 8), slice(3, 12)
    if kind != "full":
        assert weights.total(np.ascontiguousarray(values[part]), part) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_extent_holds_all_that_weighs(kind):
    mask, extent = made(kind), Weights.of(made(kind)).extent
    assert (mask[extent] > 0).sum() == (mask > 0).sum()
    assert extent == ((slice(0, 9), slice(0, 12)) if kind in ("empty", "full") else (slice(2, 6), slice(3, 10)))


def test_a_mask_of_any_layout_is_the_same():
    mask = made("edged")
    for other in (mask[..., None], np.asfortranarray(mask), np.repeat(mask, 2, axis=1)[:, ::2]):
        found, expected = Weights.of(other), Weights.of(mask)
        assert (found.area, found.extent) == (expected.area, expected.extent)
        assert (found.opaque == expected.opaque).all()


def test_parts_share_what_is_in_both():
    assert common((slice(0, 5), slice(2, 9)), (slice(3, 8), slice(0, 4))) == (slice(3, 5), slice(2, 4))
