"""Structural similarity against scikit-image's, and what follows from its formula."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.metrics.ssim import C1, Reference, foreground_ssim, ssim, ssim_map
from imharmony.metrics.weights import Weights


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :56]
    real = 127 + 90 * np.sin(x / 5)[..., None] * np.cos(y / np.array([3.0, 7.0, 11.0])[:, None, None]).transpose(1, 2, 0)
    output = np.clip(0.8 * real + 20 + rng.normal(0, 12, real.shape), 0, 255)
    dark = np.clip(rng.normal(4, 3, real.shape), 0, 255)
    first, second = (torch.from_numpy(np.stack(pair)).permute(0, 3, 1, 2) for pair in ((output, dark), (real, dark[::-1])))
    return first, second


def skimage_map(output: torch.Tensor, real: torch.Tensor) -> tuple[float, np.ndarray]:
    pictures = (image.permute(1, 2, 0).numpy() for image in (output, real))
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255, "channel_axis": 2}
    return structural_similarity(*pictures, **options, full=True)


def test_ssim_agrees_with_scikit_image(batch):
    expected = [skimage_map(*pair)[0] for pair in zip(*batch, strict=True)]
    assert_close(ssim(*batch), torch.tensor(expected, dtype=torch.float64), atol=1e-6, rtol=0)


def test_the_map_agrees_with_scikit_image_up_to_the_frame(batch):
    expected = np.stack([skimage_map(*pair)[1].mean(2) for pair in zip(*batch, strict=True)])
    assert_close(ssim_map(*batch)[:, 0], torch.from_numpy(expected), atol=2e-5, rtol=0)


def test_foreground_ssim_is_the_maps_weighted_mean(batch):
    mask = torch.linspace(0, 1, 40 * 56).reshape(1, 1, 40, 56).expand(2, -1, -1, -1)
    maps = np.stack([skimage_map(*pair)[1].mean(2) for pair in zip(*batch, strict=True)])
    expected = [np.average(one, weights=mask[0, 0].numpy()) for one in maps]
    assert_close(foreground_ssim(*batch, mask), torch.tensor(expected), atol=1e-5, rtol=0)


def test_two_flat_pictures_differ_by_luminance_alone():
    output, real = torch.full((1, 3, 16, 16), 100.0), torch.full((1, 3, 16, 16), 150.0)
    assert ssim(output, real).item() == pytest.approx((2 * 100 * 150 + C1) / (100**2 + 150**2 + C1), abs=1e-6)


def test_equal_images_score_one_and_order_does_not_matter(batch):
    assert_close(ssim(batch[0], batch[0]), torch.ones(2, dtype=torch.float64))
    assert_close(ssim(*batch), ssim(*batch[::-1]))


def test_scoring_changes_neither_image(batch):
    copies = [images.clone().float() for images in batch]
    before = [images.clone() for images in copies]
    ssim(*copies)
    assert all(torch.equal(one, other) for one, other in zip(copies, before, strict=True))


def test_an_empty_mask_has_no_foreground_similarity(batch):
    assert foreground_ssim(*batch, torch.zeros(2, 1, 40, 56)).isnan().all()


def test_pictures_smaller_than_the_window_are_refused():
    with pytest.raises(InputError, match="at least 11 px"):
        ssim(torch.zeros(1, 3, 10, 30), torch.zeros(1, 3, 10, 30))


PARTS = {"inside": (15, 22, 20, 34), "corner": (0, 6, 0, 9), "border": (30, 40, 3, 56), "pixel": (39, 40, 55, 56), "all": (0, 40, 0, 56)}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_looking_where_pictures_differ_is_enough(part, batch):
    top, bottom, left, right = part
    rows, columns = slice(top, bottom), slice(left, right)
    real = np.ascontiguousarray(batch[1][0].permute(1, 2, 0).numpy().astype(np.float32))
    output, weight = real.copy(), np.zeros((40, 56), np.float32)
    output[rows, columns] = 255 - output[rows, columns] / 2
    weight[rows, columns] = np.linspace(0, 1, (bottom - top) * (right - left)).reshape(bottom - top, right - left)
    value, similarity = skimage_map(*(torch.from_numpy(picture).permute(2, 0, 1).double() for picture in (output, real)))
    found = Reference(real).compare(output, (rows, columns))
    assert found.mean_of_whole_windows() == pytest.approx(value, abs=2e-6)
    if weight.any():
        assert found.mean_over(Weights.of(weight)) == pytest.approx(np.average(similarity.mean(2), weights=weight), abs=1e-5)


def test_a_reference_is_compared_again_as_if_alone(batch):
    first, second = (np.ascontiguousarray(images[0].permute(1, 2, 0).numpy()) for images in batch)
    one, other = Reference(first), Reference(second)
    expected = [Reference(first).compare(second).mean_of_whole_windows(), Reference(second).compare(first).mean_of_whole_windows()]
    found = [one.compare(second), other.compare(first)]
    assert found[1].mean_of_whole_windows() == expected[1]
    assert one.compare(second).mean_of_whole_windows() == expected[0] == pytest.approx(expected[1], abs=1e-6)


def test_the_layout_and_type_of_tensors_change_nothing(batch):
    whole = [images.round().to(torch.uint8) for images in batch]
    expected = ssim(*(images.float() for images in whole))
    assert (ssim(*whole) == expected).all()
    assert (ssim(whole[0].contiguous(memory_format=torch.channels_last), whole[1].flip(2).contiguous().flip(2)) == expected).all()


@pytest.mark.parametrize("offset", [3, 60, 200])
def test_a_large_difference_of_brightness_loses_no_precision(offset, batch):
    real = batch[1].clamp(0, 255) / 8 + 5
    expected = [skimage_map(*pair)[0] for pair in zip(real + offset, real, strict=True)]
    assert_close(ssim(real + offset, real), torch.tensor(expected, dtype=torch.float64), atol=2e-6, rtol=0)
