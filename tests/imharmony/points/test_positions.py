"""Where points are taken: in their regions, spread evenly, and nowhere where there is no region."""

import numpy as np
import pytest

from imharmony.points.positions import Counts, counts_for, positions_of, spread

COUNTS = Counts(64, 64, 32, 32)


def disc(size: int = 64, radius: float = 16.0, centre: tuple[float, float] = (32, 30)) -> np.ndarray:
    """A disc with a border as soft as an antialiased one."""
    down, across = np.mgrid[:size, :size]
    distance = np.hypot(down - centre[0], across - centre[1])
    return np.rint(255 * np.clip(radius - distance + 0.5, 0, 1)).astype(np.uint8)


def distances(positions: np.ndarray, size: int = 64, centre: tuple[float, float] = (32, 30)) -> np.ndarray:
    return np.hypot(positions // size - centre[0], positions % size - centre[1])


@pytest.mark.parametrize(("size_px", "points"), [(32, 64), (48, 72), (64, 128), (1024, 256)])
def test_larger_pictures_have_more_points_up_to_a_limit(size_px, points):
    assert counts_for(size_px) == (points, points, points // 2, points // 2)


def test_each_region_lies_where_the_mask_says():
    mask = disc()
    found = positions_of(mask, COUNTS)
    assert [len(part) for part in found[:5]] == [64, 64, 32, 32, 32]
    assert found.known.tolist() == [True] * 4
    assert (mask.ravel()[found.foreground] >= 250).all()
    assert (mask.ravel()[found.background] <= 5).all()
    assert distances(found.ring).min() > 16 + 1
    assert distances(found.ring).max() < 16 + 6


def test_a_pair_is_a_point_inside_and_its_mirror_image_at_the_border():
    found = positions_of(disc(), COUNTS)
    inside, outside = distances(found.inside), distances(found.outside)
    assert (inside < 16).all()
    assert (outside > 16).all()
    np.testing.assert_allclose(inside + outside, 2 * 16, atol=1.6)
    angle = [np.arctan2(part // 64 - 32, part % 64 - 30) for part in (found.inside, found.outside)]
    assert np.abs(np.angle(np.exp(1j * (angle[0] - angle[1])))).max() < 0.12


def test_pairs_do_not_reach_over_the_frame():
    found = positions_of(disc(centre=(32, 2)), COUNTS)
    assert (np.abs(found.inside % 64 - found.outside % 64) < 8).all()
    assert (disc(centre=(32, 2)).ravel()[found.outside] < 128).all()


def test_points_are_spread_evenly_whatever_the_run():
    region = np.arange(1000)
    points = spread(region, 200)
    for run in (points[:100], points[57:157], points[100:]):
        counts = np.histogram(run, bins=10, range=(0, 1000))[0]
        assert counts.min() >= 8
        assert counts.max() <= 12


@pytest.mark.parametrize(
    ("mask", "known"),
    [
        (np.full((32, 32), 255), [True, False, False, False]),
        (np.zeros((32, 32)), [False, True, False, False]),
        (np.full((32, 32), 60), [True, False, False, False]),
    ],
    ids=["all", "none", "a veil"],
)
def test_what_is_not_there_is_not_known(mask, known):
    assert positions_of(mask.astype(np.uint8), COUNTS).known.tolist() == known


def test_a_single_pixel_is_a_foreground():
    mask = np.zeros((32, 32), np.uint8)
    mask[10, 20] = 255
    found = positions_of(mask, COUNTS)
    assert found.known.tolist() == [True, True, True, False]  # its border has no direction
    assert (found.foreground == 10 * 32 + 20).all()


def test_of_a_soft_foreground_the_more_opaque_half_is_taken():
    mask = np.zeros((32, 32), np.uint8)
    mask[8:16, 8:16], mask[8:16, 16:24] = 100, 40
    found = positions_of(mask, COUNTS)
    assert (mask.ravel()[found.foreground] == 100).all()


def test_a_mirrored_mask_has_as_many_points_and_the_same_spread():
    mask = disc(centre=(32, 20))
    one, other = positions_of(mask, COUNTS), positions_of(np.ascontiguousarray(mask[:, ::-1]), COUNTS)
    np.testing.assert_allclose((one.foreground % 64).mean(), 63 - (other.foreground % 64).mean(), atol=2)
