"""How steady a clip is: exact values, an oracle, and what must not count."""

import numpy as np
import pytest
import torch

from imharmony.colour.spaces import lab_from_srgb
from imharmony.metrics.temporal import flicker, temporal_loss

STILL = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).double().repeat(4, 1, 1)
STILL[0] = torch.nan


def clip(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    frames = torch.rand(4, 3, 6, 6, generator=generator).double() * 255
    mask = (torch.rand(4, 1, 6, 6, generator=generator) > 0.5).double()
    return frames, mask


def test_a_still_clip_has_no_temporal_loss_and_a_step_has_its_square():
    frame = torch.full((4, 3, 6, 6), 100.0).double()
    ones = torch.ones(4, 1, 6, 6).double()
    output = frame.clone()
    output[2] += 10
    assert temporal_loss(frame, frame, ones, STILL).tolist() == [0, 0, 0]
    assert temporal_loss(output, frame, ones, STILL).tolist() == pytest.approx([0, 300, 300])  # a sum over channels


def test_it_is_the_sum_over_the_foreground_weighed_as_published():
    output, mask = clip()
    real, _ = clip(1)
    expected = []
    for t in range(1, 4):
        weight = mask[t - 1].numpy() * np.exp(-np.abs(real[t].numpy() - real[t - 1].numpy()) / 255).mean(0)
        expected.append(((weight * (output[t].numpy() - output[t - 1].numpy())) ** 2).sum() / weight.sum())
    assert temporal_loss(output, real, mask, STILL).tolist() == pytest.approx(expected)


def test_flicker_is_the_distance_of_mean_colours_beyond_the_truths():
    output, mask = clip(2)
    real, _ = clip(3)
    means = []
    for frames in (output, real):
        pixels = [frames[t].permute(1, 2, 0).numpy()[mask[t, 0].numpy() > 0] for t in range(4)]
        means.append(np.array([lab_from_srgb(each / 255).mean(0) for each in pixels]))
    expected = np.linalg.norm(np.diff(means[0] - means[1], axis=0), axis=1)
    assert flicker(output, real, mask).tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_the_truth_and_a_constant_error_in_the_background_do_not_flicker():
    real, mask = clip(4)
    assert flicker(real, real, mask).tolist() == [0, 0, 0]
    assert flicker(torch.where(mask > 0, real, 0.0), real, mask).tolist() == pytest.approx([0, 0, 0])


def test_a_frame_without_a_foreground_is_compared_with_none():
    real, mask = clip(5)
    mask[1] = 0
    assert np.isnan(flicker(real, real, mask).tolist()).tolist() == [True, True, False]
