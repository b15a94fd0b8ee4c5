"""Baselines: what they change, and what they leave alone."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from harmonization.baselines import BASELINES
from harmonization.errors import InputError


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A mid-grey background and a darker, redder foreground, both with some contrast."""
    rng = np.random.default_rng(0)
    composite = rng.normal((120, 125, 130), 12, (40, 40, 3))
    mask = np.zeros((40, 40), np.float32)
    mask[10:30, 12:28] = 1
    composite[mask > 0] = rng.normal((110, 80, 75), 8, (320, 3))
    return np.clip(np.rint(composite), 0, 255).astype(np.uint8), mask


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_returns_a_picture_in_the_metrics_range_and_leaves_its_input_alone(name, pair):
    composite, mask = pair
    before = composite.copy()
    output = BASELINES[name](composite, mask)
    assert (output.dtype, output.shape) == (np.dtype(np.float32), (40, 40, 3))
    assert output.min() >= 0
    assert output.max() <= 255
    assert (composite == before).all()
    assert (output[mask == 0] == composite[mask == 0]).all()


def test_identity_is_the_composite(pair):
    assert (BASELINES["identity"](*pair) == pair[0]).all()


def test_reinhard_gives_the_foreground_the_backgrounds_moments(pair):
    composite, mask = pair
    lab = rgb2lab(BASELINES["reinhard"](composite, mask) / 255)
    inside, outside = lab[mask > 0], rgb2lab(composite)[mask == 0]
    np.testing.assert_allclose(inside.mean(0), outside.mean(0), atol=0.1)
    np.testing.assert_allclose(inside.std(0), outside.std(0), atol=0.15)


def test_reinhard_leaves_a_harmonious_picture_nearly_alone(pair):
    _, mask = pair
    half = np.random.default_rng(1).normal(128, 20, (40, 20, 3))
    composite = np.clip(np.concatenate([half, half], 1), 0, 255).astype(np.uint8)
    left = np.zeros_like(mask)
    left[:, :20] = 1
    assert np.abs(BASELINES["reinhard"](composite, left) - composite).max() <= 1


def test_reinhard_finds_its_foreground_in_a_faint_mask(pair):
    composite, mask = pair
    assert (BASELINES["reinhard"](composite, mask * 0.3) == BASELINES["reinhard"](composite, mask)).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_reinhard_needs_a_foreground_and_a_background(value, pair):
    with pytest.raises(InputError, match="all black or all white"):
        BASELINES["reinhard"](pair[0], np.full((40, 40), value, np.float32))
