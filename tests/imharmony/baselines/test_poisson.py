"""Poisson blending: gradients of the foreground, colours of the background, no seam."""

import cv2
import numpy as np
import pytest
from scipy.sparse import lil_array
from scipy.sparse.linalg import spsolve

from imharmony.baselines.poisson import poisson
from imharmony.baselines.region import opacity_of


def solved_pixel_by_pixel(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Equation 7 of the paper for each pixel in turn, as one dense system."""
    height, width = mask.shape
    opacity, places = opacity_of(mask), [(y, x) for y in range(height) for x in range(width)]
    matrix, right = np.eye(len(places)), composite.reshape(-1, 3).astype(float)
    for row, (y, x) in enumerate(places):
        if opacity[y, x] == 0:
            continue
        matrix[row], right[row] = 0, 0
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < height and 0 <= u < width:
                matrix[row, row] += 1
                matrix[row, v * width + u] -= 1
                right[row] += min(opacity[y, x], opacity[v, u]) * (composite[y, x].astype(float) - composite[v, u])
    return np.linalg.solve(matrix, right).reshape(composite.shape).clip(0, 255)


@pytest.mark.parametrize("kind", ["hard", "soft", "mostly foreground"])
def test_poisson_solves_the_papers_equation_at_every_pixel(kind):
    rng = np.random.default_rng(0)
    composite = rng.integers(90, 160, (12, 15, 3), dtype=np.uint8)
    values = rng.uniform(size=(12, 15)).astype(np.float32)
    mask = {"hard": (values > 0.4).astype(np.float32), "soft": np.maximum(values - 0.3, 0), "mostly foreground": np.float32(values > 0.03)}
    np.testing.assert_allclose(poisson(composite, mask[kind]), solved_pixel_by_pixel(composite, mask[kind]), atol=1e-3)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_large_masks_agree_with_a_sparse_solve(share):
    """Of a hard mask, whose solution is the composite and a membrane that takes the seam away."""
    rng = np.random.default_rng(1)
    noise = cv2.GaussianBlur(rng.normal(size=(80, 110)), (0, 0), 5)
    inside = noise > np.quantile(noise, 1 - share)
    composite = rng.integers(70, 180, (80, 110, 3), dtype=np.uint8)
    matrix, right = lil_array((inside.size, inside.size)), composite.reshape(-1, 3).astype(float)
    for row, (y, x) in enumerate(np.ndindex(inside.shape)):
        around = [(v, u) for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)) if 0 <= v < 80 and 0 <= u < 110 and inside[y, x]]
        matrix[row, row] = len(around) or 1
        for v, u in around:
            matrix[row, v * 110 + u] = -1
        if inside[y, x]:
            right[row] = sum(composite[y, x].astype(float) - composite[v, u] for v, u in around if inside[v, u])
    expected = np.clip(np.asarray(spsolve(matrix.tocsr(), right)), 0, 255).reshape(composite.shape)
    np.testing.assert_allclose(poisson(composite, inside.astype(np.float32)), expected, atol=1e-3)


def test_one_pixel_becomes_the_mean_of_its_neighbours():
    composite = np.zeros((3, 3, 3), np.uint8)
    composite[0, 1], composite[1, 0], composite[1, 2], composite[2, 1], composite[1, 1] = 10, 20, 30, 50, 255
    mask = np.zeros((3, 3), np.float32)
    mask[1, 1] = 1
    np.testing.assert_allclose(poisson(composite, mask)[1, 1], 27.5, rtol=1e-6)


def test_at_the_frame_nothing_pulls():
    composite = np.array([[90, 100, 40, 60, 50]], np.uint8)[..., None].repeat(3, axis=2)
    mask = np.array([[1, 1, 0, 1, 1]], np.float32)
    np.testing.assert_allclose(poisson(composite, mask)[0, :, 0], [30, 40, 40, 40, 30], rtol=1e-6)


def test_an_offset_of_the_foreground_leaves_no_trace(pair):
    composite, mask = pair
    lifted = composite + (40 * mask[..., None]).astype(np.uint8)
    np.testing.assert_allclose(poisson(lifted, mask), poisson(composite, mask), atol=1e-3)


def test_a_mirrored_picture_gives_the_mirrored_result(pair):
    composite, mask = pair
    mirrored = poisson(composite[:, ::-1].copy(), mask[:, ::-1].copy())
    np.testing.assert_allclose(mirrored[:, ::-1], poisson(composite, mask), atol=1e-3)


def test_opencvs_seamless_clone_is_alike_where_the_pasted_picture_is_flat_around_its_mask():
    y, x = np.mgrid[:64, :64].astype(float)
    background = np.stack([60 + x / 4, 100 + y / 4, 160 - x / 4], axis=2)
    bump = 40 * np.exp(-((y - 31.5) ** 2 + (x - 31.5) ** 2) / 60)[..., None] + np.array([30.0, 60, 90])
    mask = np.zeros((64, 64), np.uint8)
    mask[12:52, 12:52] = 255
    source, target = bump.astype(np.uint8), background.astype(np.uint8)
    theirs = cv2.seamlessClone(source, target, mask.copy(), (32, 32), cv2.NORMAL_CLONE)  # it writes into its mask
    ours = poisson(np.where(mask[..., None] > 0, source, target), mask / np.float32(255))
    assert np.abs(ours - theirs).mean() < 1
