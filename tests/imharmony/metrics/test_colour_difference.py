"""CIEDE2000 of a foreground: scikit-image, a hand case, invariances."""

import math

import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab
from torch.testing import assert_close

from imharmony.metrics.colour_difference import foreground_ciede2000


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    real, output = (torch.rand(3, 3, 12, 10, generator=rng) * 255 for _ in range(2))
    mask = (torch.rand(3, 1, 12, 10, generator=rng) - 0.4).clamp(0, 1)
    return output, real, mask


def test_it_agrees_with_scikit_image(batch):
    output, real, mask = batch
    expected = []
    for first, second, weight in zip(output, real, mask, strict=True):
        labs = (rgb2lab(image.double().permute(1, 2, 0).numpy() / 255) for image in (first, second))
        expected.append((deltaE_ciede2000(*labs) * weight[0].double().numpy()).sum() / weight.double().sum())
    assert_close(foreground_ciede2000(output, real, mask), torch.tensor(expected, dtype=torch.float64), rtol=1e-4, atol=1e-4)


def test_white_and_black_are_100_apart():
    white, black = torch.full((1, 3, 4, 4), 255.0), torch.zeros(1, 3, 4, 4)
    assert foreground_ciede2000(white, black, torch.ones(1, 1, 4, 4)).item() == pytest.approx(100, abs=0.01)


def test_it_is_symmetric_and_zero_for_equal_pictures(batch):
    output, real, mask = batch
    assert_close(foreground_ciede2000(output, real, mask), foreground_ciede2000(real, output, mask))
    assert foreground_ciede2000(real, real, mask).tolist() == [0, 0, 0]


def test_it_ignores_the_background(batch):
    output, real, mask = batch
    spoilt = torch.where(mask > 0, output, 255 - output)
    assert_close(foreground_ciede2000(spoilt, real, mask), foreground_ciede2000(output, real, mask))


def test_an_empty_foreground_has_no_value(batch):
    output, real, mask = batch
    assert math.isnan(foreground_ciede2000(output[:1], real[:1], torch.zeros_like(mask[:1])).item())


def test_whole_levels_have_the_difference_of_the_same_floats(batch):
    output, real, mask = batch
    levels = [images.round() for images in (output, real)]
    nearly = [images + 1e-9 for images in levels]
    expected = foreground_ciede2000(*(images.double() for images in nearly), mask)
    assert_close(foreground_ciede2000(*levels, mask), expected, rtol=0, atol=1e-6)
    assert_close(foreground_ciede2000(*(images.to(torch.uint8) for images in levels), mask), expected, rtol=0, atol=1e-6)


def test_however_many_pixels_are_seen_at_once(batch, monkeypatch):
    expected = foreground_ciede2000(*batch)
    monkeypatch.setattr("imharmony.metrics.colour_difference.PIXELS_AT_ONCE", 7)
    assert_close(foreground_ciede2000(*batch), expected, rtol=1e-12, atol=0)
