"""Reinhard's transfer from the background."""

import numpy as np
from skimage.color import rgb2lab

from imharmony.baselines import BASELINES


def test_reinhard_gives_the_foreground_the_backgrounds_moments(pair):
    composite, mask = pair
    lab = rgb2lab(BASELINES["reinhard"](composite, mask) / 255)
    inside, outside = lab[mask > 0], rgb2lab(composite)[mask == 0]
    np.testing.assert_allclose(inside.mean(0), outside.mean(0), atol=0.1)
    np.testing.assert_allclose(inside.std(0), outside.std(0), atol=0.15)


def test_reinhard_leaves_a_harmonious_picture_nearly_alone(twins):
    composite, mask = twins
    assert np.abs(BASELINES["reinhard"](composite, mask) - composite).max() <= 1
