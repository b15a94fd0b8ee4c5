"""Multiband blending: Laplacian pyramids of two pictures of which each is known on one side of the mask."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import correlate1d, distance_transform_edt

from imharmony.baselines.multiband import multiband

KERNEL = np.array([1, 4, 6, 4, 1]) / 16


def smoothed(picture: np.ndarray) -> np.ndarray:
    return correlate1d(correlate1d(picture, KERNEL, axis=0, mode="mirror"), KERNEL, axis=1, mode="mirror")


def reduced(picture: np.ndarray) -> np.ndarray:
    return smoothed(picture)[::2, ::2]


def expanded(picture: np.ndarray) -> np.ndarray:
    sparse = np.zeros((2 * picture.shape[0] - 1, 2 * picture.shape[1] - 1, *picture.shape[2:]))
    sparse[::2, ::2] = picture
    return 4 * smoothed(sparse)


def made_up(picture: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What is not known from the next coarser level, down from the first that is known everywhere."""
    levels = [(picture, known)]
    while not levels[-1][1].all():
        colours, seen = levels[-1]
        share = reduced(seen.astype(float))[..., None]
        coarse = np.divide(reduced(colours * seen[..., None]), share, where=share > 0, out=np.zeros_like(reduced(colours)))
        levels.append((coarse, share[..., 0] > 0))
    result = levels.pop()[0]
    for colours, seen in reversed(levels):
        result = np.where(seen[..., None], colours, expanded(result))
    return result


def laplacian(picture: np.ndarray, depth: int) -> list[np.ndarray]:
    gaussian = [picture]
    for _ in range(depth):
        gaussian.append(reduced(gaussian[-1]))
    return [fine - expanded(coarse) for fine, coarse in pairwise(gaussian)] + gaussian[-1:]


def blended(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Burt & Adelson's formula with whole pyramids of both pictures, 2^n + 1 pixels wide and high; the mask is of 0 and 1."""
    inside, levels, weight = mask > 0, composite.astype(float), mask.astype(float)
    depth = int(np.log2(distance_transform_edt(inside).max()))
    bands = []
    for front, back in zip(laplacian(made_up(levels, inside), depth), laplacian(made_up(levels, ~inside), depth), strict=True):
        share = (2 * weight - 1).clip(0)[..., None]
        bands.append(share * front + (1 - share) * back)
        weight = reduced(weight)
    picture = bands.pop()
    for band in reversed(bands):
        picture = expanded(picture) + band
    return np.where(inside[..., None], picture.clip(0, 255), levels)


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray]:
    """33 x 65 pixels of noise with a slope, and a foreground of two parts, of which one touches the frame."""
    y, x = np.mgrid[:33, :65]
    composite = np.random.default_rng(0).normal(90, 12, (33, 65, 3)) + x[..., None]
    mask = ((np.hypot(y - 15, x - 20) < 11) | ((y > 20) & (x > 50))).astype(np.float32)
    composite[mask > 0] += (-40, 10, 30)
    return composite.clip(0, 255).astype(np.uint8), mask


def test_multiband_agrees_with_pyramids_made_by_scipy(scene):
    np.testing.assert_allclose(multiband(*scene), blended(*scene), atol=1e-3)


def test_a_mirrored_picture_gives_the_mirrored_result(scene):
    composite, mask = scene
    mirrored = multiband(composite[::-1, ::-1].copy(), mask[::-1, ::-1].copy())
    np.testing.assert_allclose(mirrored[::-1, ::-1], multiband(composite, mask), atol=1e-3)


def test_two_flat_colours_pass_into_each_other_inside_the_mask():
    composite = np.full((9, 9, 3), 50, np.uint8)
    composite[:, 4:] = 150
    output = multiband(composite, (composite[..., 0] == 150).astype(np.float32))
    np.testing.assert_allclose(output[:, 8], 50 + 100 * 0.6875, rtol=1e-6)  # two levels, worked out by hand
    np.testing.assert_allclose(output[:, 4], 50 + 100 * 0.26220703125, rtol=1e-6)
    assert (np.diff(output[0, :, 0]) >= 0).all()


def test_the_details_of_the_foreground_stay(scene):
    composite, mask = scene
    deep = distance_transform_edt(mask > 0) > 3
    finest = [
        (picture - expanded(reduced(picture)))[deep] for picture in (multiband(composite, mask).astype(float), composite.astype(float))
    ]
    assert np.corrcoef(finest[0].ravel(), finest[1].ravel())[0, 1] > 0.98


def test_one_pixel_stays_as_it_is(scene):
    composite, mask = scene[0], np.zeros((33, 65), np.float32)
    mask[7, 30] = 1
    assert (multiband(composite, mask) == composite).all()


def test_an_offset_of_the_whole_picture_is_an_offset_of_the_result(scene):
    composite, mask = scene
    dark = (composite // 2 + 20).astype(np.uint8)
    np.testing.assert_allclose(multiband(dark + np.uint8(30), mask), multiband(dark, mask) + 30, atol=1e-3)
