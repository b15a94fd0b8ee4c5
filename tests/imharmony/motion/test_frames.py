"""Frames under a known motion: against OpenCV's own warp, exact at whole pixels, and consistent with the flow that they tell."""

import cv2
import numpy as np
import pytest
import torch

from imharmony.motion.frames import lit_clip, moved_clip
from imharmony.motion.paths import Motion, draw_motion, drift
from imharmony.motion.sampling import IDENTITY, composed, inverted, of_indices, sampled, shrunk
from imharmony.motion.warping import carried
from imharmony.running.seeds import numpy_rng

SIZE = (40, 32)


def smooth(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width, 3)).astype(np.float32)
    return np.rint(np.clip(128 + 6 * (cv2.GaussianBlur(noise, (0, 0), 4) - 128), 0, 255)).astype(np.uint8)


def disc(height: int = 48, width: int = 64) -> np.ndarray:
    down, across = np.mgrid[:height, :width]
    return np.where(np.hypot(down - 24, across - 30) < 12, 255, 0).astype(np.uint8)


def drawn(frames: int = 6, seed: int = 0) -> Motion:
    return draw_motion(numpy_rng(seed), frames=frames, photo=(64, 48), box=(18, 12, 25, 25), size=SIZE)


def test_affine_maps_compose_and_invert():
    first, second = (np.random.default_rng(0).normal(size=(2, 5, 2, 3)) + IDENTITY for _ in range(2))
    point = np.array([3.0, -2.0, 1.0])
    inner = np.concatenate([second @ point, np.ones((2, 5, 1))], axis=-1)
    assert np.allclose(composed(first, second) @ point, np.einsum("...ij,...j->...i", first, inner))
    assert np.allclose(composed(first, inverted(first)), np.broadcast_to(IDENTITY, first.shape))


def test_lengths_are_measured_from_the_corner_and_indices_from_the_first_pixels_middle():
    halved = of_indices(np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]]))
    assert halved @ [0.5, 0.5, 1] == pytest.approx([0, 0])  # between the first two pixels lies the middle of the first half as large


def test_a_picture_is_seen_as_opencv_sees_it():
    picture = smooth(0).astype(np.float64)
    turned = np.array([[0.9, -0.2, 5.25], [0.2, 0.9, -3.5]])
    ours = sampled(picture, turned, SIZE)
    theirs = cv2.warpAffine(picture, turned, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(ours - theirs).max() < 0.6  # OpenCV rounds places to a 32nd of a pixel


def test_whole_pixels_are_taken_as_they_are_and_what_lies_beyond_is_said():
    picture = smooth(1).astype(np.float64)
    shifted = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 2.0]])
    seen = sampled(picture, shifted, (64, 48), beyond=-1.0)
    assert (seen[2:, 3:] == picture[:-2, :-3]).all()
    assert (seen[:2] == -1).all()
    assert (seen[:, :3] == -1).all()
    assert (sampled(picture, shifted, (64, 48))[:2, :3] == picture[0, 0]).all()


def test_a_shrunk_picture_has_the_mean_of_what_its_pixels_cover():
    picture = smooth(2).astype(np.float64)
    small, where = shrunk(picture, 0.5)
    assert small.shape == (24, 32, 3)
    assert np.allclose(small, picture.reshape(24, 2, 32, 2, 3).mean((1, 3)))
    assert where @ [0.5, 0.5, 1] == pytest.approx([0, 0])
    same, nothing = shrunk(picture, 1.2)
    assert same is picture
    assert (nothing == IDENTITY).all()


@pytest.mark.parametrize("seed", range(8))
def test_the_camera_stays_within_the_photograph_and_a_longer_clip_begins_as_a_shorter(seed):
    motion = drawn(30, seed)
    corners = np.array([[-0.5, -0.5, 1], [SIZE[0] - 0.5, SIZE[1] - 0.5, 1]]).T
    seen = inverted(motion.camera) @ corners
    assert seen[:, 0].min() >= -0.5 - 1e-9
    assert seen[:, 0].max() <= 63.5 + 1e-9
    assert seen[:, 1].min() >= -0.5 - 1e-9
    assert seen[:, 1].max() <= 47.5 + 1e-9
    shorter = drawn(10, seed)
    assert (shorter.camera == motion.camera[:10]).all()
    assert (shorter.foreground == motion.foreground[:10]).all()
    assert not np.allclose(motion.foreground[0], motion.foreground[9])
    assert np.isnan(motion.backward[0]).all()


def test_a_colour_change_drifts_between_its_ends():
    shares = drift(numpy_rng(3), 200, least=0.3)
    assert shares.min() == pytest.approx(0.3, abs=0.02)
    assert shares.max() == pytest.approx(1, abs=0.02)
    assert np.abs(np.diff(shares)).max() < 0.2


def test_a_clip_differs_from_its_truth_in_the_mask_alone_and_by_its_share():
    photo, matte = smooth(4), disc()
    changed = np.clip(photo + np.array([40, -20, 10]), 0, 255).astype(np.uint8)
    motion, shares = drawn(), [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    clip = moved_clip(photo, changed, matte, np.full_like(photo, 90), motion=motion, shares=shares, size=SIZE)
    assert clip.composite.shape == clip.real.shape == (6, 32, 40, 3)
    assert (clip.composite[clip.mask == 0] == clip.real[clip.mask == 0]).all()
    assert (clip.real[clip.mask == 0] == 90).all()  # the plate alone
    inside = clip.mask == 255
    means = [(clip.composite[t].astype(float) - clip.real[t])[inside[t]].mean(0) for t in range(6)]
    full = means[2]
    assert full == pytest.approx([40, -20, 10], abs=3)
    assert means[0] == pytest.approx([0, 0, 0])
    assert means[1] == pytest.approx(full / 2, abs=1)


def test_the_flow_leads_from_each_frame_to_the_one_before():
    photo = smooth(5)
    clip = moved_clip(photo, photo, disc(), np.zeros_like(photo), motion=drawn(), shares=[0.0] * 6, size=SIZE)
    frames = torch.from_numpy(clip.real).permute(0, 3, 1, 2).double()
    masks = torch.from_numpy(clip.mask)[:, None].double() / 255
    came, inside = carried(torch.cat([frames[:-1], masks[:-1]], 1), torch.from_numpy(clip.backward[1:]))
    sure = (masks[1:] > 0.99) & (came[:, 3:] > 0.99) & (inside > 0)
    along, still = ((frames[1:] - each).abs() * sure for each in (came[:, :3], frames[:-1]))
    assert sure.sum() > 500
    assert along.sum() < 0.25 * still.sum()
    assert along.max() < 12


def test_moving_light_moves_nothing_but_the_camera():
    photos = np.stack([smooth(6), smooth(6) // 2, smooth(6) // 3])
    motion = drawn(3)
    clip = lit_clip(photos, 255 - photos, disc(), motion=motion, shares=[1.0, 1.0, 1.0], size=SIZE)
    assert (clip.composite[clip.mask == 0] == clip.real[clip.mask == 0]).all()
    assert np.allclose(clip.backward[1:], Motion(motion.camera, motion.camera).backward[1:])
    inside = clip.mask == 255
    assert np.abs(clip.composite[inside].astype(int) + clip.real[inside] - 255).max() <= 2


def test_carrying_by_whole_pixels_is_exact_and_tells_what_was_out_of_sight():
    before = torch.rand(1, 2, 6, 7)
    came, inside = carried(before, torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]]))
    assert torch.allclose(came[..., 1:, :-2], before[..., :-1, 2:], atol=1e-6)
    expected = torch.zeros(6, 7)
    expected[1:, :5] = 1
    assert torch.equal(inside[0, 0], expected)


def test_carrying_has_a_gradient():
    before = torch.rand(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    motion = torch.tensor([[[1.0, 0.1, 0.3], [-0.1, 1.0, 0.2]]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda frames: carried(frames, motion)[0], before)
