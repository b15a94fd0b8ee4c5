"""Every decomposition's product is the photograph, whatever the photograph; Retinex tells steps of paint from slopes of light."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import DECOMPOSITIONS, constant_shading, decompose, linear_of, split
from imharmony.intrinsic.learned import learned_shading
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.intrinsic.retinex import retinex_log_shading
from imharmony.running.randomness import torch_seed

with torch_seed(0, torch.device("cpu")):
    WAYS = {**DECOMPOSITIONS, "learned": learned_shading(ShadingNetwork(channels=(8, 8, 8)).eval(), size_px=32)}

photographs = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@pytest.mark.parametrize("name", WAYS)
@settings(max_examples=25, deadline=None)
@given(photograph=photographs)
def test_albedo_times_shading_is_the_photographs_linear_light(name, photograph):
    albedo, shading = decompose(photograph, WAYS[name])
    assert np.abs(albedo * shading[..., None] - linear_of(photograph)).max() < 1e-5  # allowed are 2/255
    assert (shading > 0).all()
    assert np.isfinite(shading).all()
    assert albedo.min() >= 0
    assert albedo.max() <= 1


@pytest.mark.parametrize("name", DECOMPOSITIONS)  # an untrained network sees its padded frame
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_flat_photograph_has_flat_layers(name, level):
    albedo, shading = decompose(np.full((24, 30, 3), level, np.uint8), DECOMPOSITIONS[name])
    assert np.ptp(albedo) < 1e-6
    assert np.ptp(shading) < 1e-6


def test_the_scale_is_that_of_a_bright_albedo():
    photograph = np.random.default_rng(0).integers(0, 256, (50, 60, 3)).astype(np.uint8)
    albedo, _ = decompose(photograph, constant_shading)
    assert np.percentile(albedo.max(axis=2), 99) == pytest.approx(0.75, abs=1e-3)


def test_the_shadings_own_factor_does_not_matter():
    rng = np.random.default_rng(1)
    linear, shading = rng.uniform(0, 1, (20, 20, 3)), rng.uniform(0.2, 2, (20, 20))
    for one, other in zip(split(linear, shading), split(linear, 5 * shading), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_shading_of_another_shape_or_without_an_end_is_refused():
    photograph = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(InputError, match=r"shading of shape \(5, 4\).*expected finite values of shape \(4, 5\)"):
        decompose(photograph, lambda _: np.ones((5, 4)))
    with pytest.raises(InputError, match="20 values of it not finite"):
        decompose(photograph, lambda _: np.full((4, 5), np.nan))


def test_retinex_gives_steps_to_paint_and_slopes_to_light():
    _, across = np.mgrid[:32, :64]
    light = np.exp(-across / 40)
    paint = np.where(across[..., None] < 32, [0.6, 0.6, 0.6], [0.2, 0.2, 0.2])
    found = retinex_log_shading(paint * light[..., None])
    expected = np.log(light)
    expected[:, 32:] += 1 / 40  # the slope under the step is the step's
    np.testing.assert_allclose(found - found.mean(), expected - expected.mean(), atol=1e-9)


def test_retinex_gives_a_change_of_hue_to_paint_even_if_it_is_no_darker():
    paint = np.tile([0.5, 0.3, 0.4], (16, 32, 1))
    paint[:, 16:] = [0.3, 0.5, 0.4]
    found = retinex_log_shading(paint)
    np.testing.assert_allclose(found, found.mean(), atol=1e-9)
    assert np.ptp(retinex_log_shading(paint, chromatic_step=9)) < 1e-9  # its grey, the geometric mean, is the same


def test_retinex_takes_the_soft_steps_for_light():
    step = np.full((8, 16, 3), 0.5)
    step[:, 8:] = 0.4  # 0.22 of the logarithm
    assert np.ptp(retinex_log_shading(step)) == pytest.approx(np.log(0.5 / 0.4))
    assert np.ptp(retinex_log_shading(step, grey_step=0.2)) < 1e-9
