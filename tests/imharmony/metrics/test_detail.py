"""Local contrast and gradient energy: closed forms, NumPy by windows, invariances."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from imharmony.metrics.detail import MOST_DOUBLINGS, WINDOW_PX, detail_distance, gradient_energy, local_contrast


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 20, 24, generator=rng) * 255, (torch.rand(2, 1, 20, 24, generator=rng) - 0.4).clamp(0, 1)


def contrast_by_windows(image: np.ndarray, weight: np.ndarray) -> float:
    grey, reach = image.mean(axis=0), WINDOW_PX // 2
    total = 0.0
    for y, x in np.ndindex(*weight.shape):
        window = slice(max(y - reach, 0), y + reach + 1), slice(max(x - reach, 0), x + reach + 1)
        if weight[y, x] > 0:
            mean = np.average(grey[window], weights=weight[window])
            total += weight[y, x] * np.sqrt(np.average((grey[window] - mean) ** 2, weights=weight[window]))
    return total / weight.sum()


def test_local_contrast_agrees_with_numpy_window_by_window(batch):
    image, mask = batch
    expected = [contrast_by_windows(i.double().numpy(), m[0].double().numpy()) for i, m in zip(image, mask, strict=True)]
    assert_close(local_contrast(image, mask), torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=0)


def test_a_ramp_of_slope_three_has_the_energy_four_and_a_half():
    ramp = 3.0 * torch.arange(16.0).expand(1, 3, 12, 16)  # 9 across, 0 down
    assert gradient_energy(ramp, torch.ones(1, 1, 12, 16)).item() == 4.5


def test_gradient_energy_agrees_with_numpy(batch):
    image, _ = batch
    greys = image.double().mean(1).numpy()
    expected = [(np.mean(np.diff(g, axis=0) ** 2) + np.mean(np.diff(g, axis=1) ** 2)) / 2 for g in greys]
    assert_close(gradient_energy(image, torch.ones(2, 1, 20, 24)), torch.tensor(expected))


@pytest.mark.parametrize(("metric", "power"), [(local_contrast, 1), (gradient_energy, 2)])
def test_an_offset_changes_nothing_and_a_factor_counts_by_its_power(batch, metric, power):
    image, mask = batch
    assert_close(metric(image + 40, mask), metric(image, mask), rtol=1e-5, atol=0)
    assert_close(metric(image * 2, mask), metric(image, mask) * 2**power)


@pytest.mark.parametrize("metric", [local_contrast, gradient_energy])
def test_the_background_and_the_edge_to_it_do_not_count(batch, metric):
    image, _ = batch
    mask = torch.zeros(2, 1, 20, 24)
    mask[..., 4:12, 5:19] = 1
    assert_close(metric(torch.where(mask > 0, image, 0.0), mask), metric(image, mask), rtol=1e-6, atol=0)


@pytest.mark.parametrize("metric", [local_contrast, gradient_energy])
def test_a_flat_foreground_has_no_detail_and_an_empty_one_no_value(batch, metric):
    _, mask = batch
    assert metric(torch.full((2, 3, 20, 24), 117.0), mask).tolist() == [0, 0]
    assert metric(torch.zeros(2, 3, 20, 24), torch.zeros_like(mask)).isnan().all()


@pytest.mark.parametrize(("measure", "doublings"), [(gradient_energy, 2.0), (local_contrast, 1.0)])
def test_the_distance_counts_doublings_either_way(batch, measure, doublings):
    image, mask = batch
    assert_close(detail_distance(measure, image / 2, image, mask), torch.full((2,), doublings, dtype=torch.float64))
    assert_close(detail_distance(measure, image, image / 2, mask), torch.full((2,), doublings, dtype=torch.float64))
    flat = torch.full_like(image, 9.0)
    assert (detail_distance(measure, flat, image, mask) == MOST_DOUBLINGS).all()
    assert (detail_distance(measure, flat, flat + 5, mask) == 0).all()
