"""Inflated masks: exact on a disc, outward at edges, free at the frame, and something sane for every mask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imharmony.intrinsic import normals as normals_module
from imharmony.intrinsic.normals import inflate
from imharmony.metrics.direction import angular_errors_deg


def disc(size_px: int, radius: float, centre: tuple[float, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A disc's mask, and the normals of the half of a sphere over it (0 outside)."""
    middle = (size_px - 1) / 2
    down, across = np.mgrid[:size_px, :size_px] - np.reshape(centre or (middle, middle), (2, 1, 1))
    mask = down**2 + across**2 < radius**2
    up = np.sqrt(np.maximum(radius**2 - down**2 - across**2, 0))
    return mask.astype(np.float32), np.stack([across, -down, up], axis=-1) * mask[..., None]


@pytest.mark.parametrize(("size_px", "radius"), [(96, 40.0), (200, 80.0), (512, 230.0), (1024, 480.0)])
def test_a_disc_becomes_the_half_of_a_sphere_to_within_two_degrees(size_px, radius):
    mask, truth = disc(size_px, radius)
    errors = angular_errors_deg(inflate(mask), truth)[mask > 0]
    assert errors.mean() < 2
    assert np.percentile(errors, 90) < 4


def test_normals_have_length_one_and_face_the_camera_outside():
    mask, _ = disc(64, 20.0)
    normals = inflate(mask)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, rtol=1e-5)
    assert (normals[mask == 0] == [0, 0, 1]).all()
    assert normals[..., 2].min() >= 0


def test_a_mirrored_mask_has_mirrored_normals():
    mask, _ = disc(60, 18.0, (25.0, 22.0))
    mask[20:30, 30:55] = 1
    mirrored = inflate(mask[:, ::-1])[:, ::-1] * np.array([-1, 1, 1])
    np.testing.assert_allclose(mirrored, inflate(mask), atol=1e-4)


def test_a_large_mask_solved_at_half_its_size_first_is_solved_nearly_exactly(monkeypatch):
    down, across = np.mgrid[:300, :260] / 20
    mask = (np.sin(down) + np.cos(across + 0.3 * down) > 0.2).astype(np.float32)  # bays, bridges, and parts cut by the frame
    fast = inflate(mask)
    monkeypatch.setattr(normals_module, "SOLVED_PX", 1000)
    errors = angular_errors_deg(fast, inflate(mask))[mask > 0]
    assert errors.mean() < 1
    assert np.percentile(errors, 99) < 4


def test_an_object_cut_by_the_frame_does_not_turn_there():
    whole, _ = disc(81, 30.0)
    half = whole[:, 40:]  # its middle column is the frame
    np.testing.assert_allclose(inflate(half)[:, 3:], inflate(whole)[:, 43:], atol=0.05)
    assert abs(inflate(half)[40, 0, 0]) < 0.1


def test_a_faint_mask_means_the_same_as_a_full_one():
    mask, _ = disc(40, 12.0)
    assert (inflate(0.2 * mask) == inflate(mask)).all()


@pytest.mark.parametrize("mask", [np.zeros((9, 12)), np.ones((9, 12))], ids=["black", "white"])
def test_a_mask_without_an_edge_faces_the_camera(mask):
    assert (inflate(mask) == [0, 0, 1]).all()


@settings(max_examples=60, deadline=None)
@given(mask=arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0.0, 0.3, 1.0])))
def test_any_small_mask_gives_finite_normals_of_length_one(mask):
    np.testing.assert_allclose(np.linalg.norm(inflate(mask), axis=-1), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", ["one pixel", "hair", "pinhole"])
def test_details_that_vanish_at_the_solved_size_are_no_trouble(kind):
    mask = np.zeros((700, 800), np.float32)
    if kind == "one pixel":
        mask[350, 400] = 1
    if kind == "hair":
        mask[:, 400] = 1
    if kind == "pinhole":
        mask[:] = 1
        mask[350, 400] = 0
    np.testing.assert_allclose(np.linalg.norm(inflate(mask), axis=-1), 1, rtol=1e-5)
