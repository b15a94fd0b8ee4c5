"""Monge and Kantorovitch's linear map from the background."""

import numpy as np
from scipy.linalg import inv, sqrtm

from imharmony.baselines.mkl import mkl


def test_mkl_agrees_with_its_formula_in_scipy(pair):
    composite, mask = pair
    inside, outside = composite[mask > 0].astype(float), composite[mask == 0].astype(float)
    own, other = np.cov(inside.T, ddof=0), np.cov(outside.T, ddof=0)
    root = sqrtm(own)
    matrix = inv(root) @ sqrtm(root @ other @ root) @ inv(root)
    expected = ((inside - inside.mean(0)) @ matrix + outside.mean(0)).clip(0, 255)
    assert np.abs(mkl(composite, mask)[mask > 0] - expected).max() <= 0.5 + 1e-3


def test_one_pixel_takes_the_backgrounds_mean():
    composite = np.array([[[9, 9, 9], [100, 50, 20], [110, 70, 0]]], np.uint8)
    assert mkl(composite, np.array([[1, 0, 0]], np.float32))[0, 0].tolist() == [105, 60, 10]


def test_mkl_leaves_equal_halves_alone(twins):
    assert (mkl(*twins) == twins[0]).all()
