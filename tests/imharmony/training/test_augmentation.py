"""Crops and flips: the same for every picture of a composite, and rarely without foreground."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from imharmony.training.augmentation import Crop, apply_crops, draw_crops

SIZE = 64


@pytest.fixture
def images():
    return torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def test_the_whole_picture_stays_as_it_is(images):
    torch.testing.assert_close(apply_crops(images, [Crop(0, 0, SIZE, False)]), images, atol=1e-5, rtol=0)


def test_a_flip_mirrors_left_and_right(images):
    torch.testing.assert_close(apply_crops(images, [Crop(0, 0, SIZE, True)]), images.flip(3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("is_flipped", [False, True])
def test_a_crop_agrees_with_cutting_and_enlarging(images, is_flipped):
    cropped = apply_crops(images, [Crop(5, 11, 48, is_flipped)])
    cut = images[:, :, 5:53, 11:59].flip(3) if is_flipped else images[:, :, 5:53, 11:59]
    enlarged = interpolate(cut, (SIZE, SIZE), mode="bilinear", align_corners=False)
    inside = (..., slice(2, -2), slice(2, -2))  # at its edge a crop sees its neighbours, a cut does not
    torch.testing.assert_close(cropped[inside], enlarged[inside], atol=1e-5, rtol=0)


def test_each_image_gets_its_own_crop(images):
    both = apply_crops(images.repeat(2, 1, 1, 1), [Crop(0, 0, SIZE, False), Crop(0, 0, SIZE, True)])
    torch.testing.assert_close(both[0], both[1].flip(2), atol=1e-5, rtol=0)


def test_crops_lie_in_the_picture_and_cover_half_of_it_or_more():
    crops = draw_crops(np.full((500, SIZE, SIZE), 255, np.uint8), np.random.default_rng(0))
    for crop in crops:
        assert min(crop.top_px, crop.left_px) >= 0
        assert max(crop.top_px, crop.left_px) + crop.side_px <= SIZE
        assert 0.5 - 0.01 < (crop.side_px / SIZE) ** 2 <= 1
    areas = [(crop.side_px / SIZE) ** 2 for crop in crops]
    assert np.mean(areas) == pytest.approx(0.75, abs=0.02)
    assert np.mean([crop.is_flipped for crop in crops]) == pytest.approx(0.5, abs=0.06)


def test_a_crop_without_foreground_is_drawn_again_but_for_one_in_twenty():
    masks = np.zeros((3000, 32, 32), np.uint8)
    masks[:, 0, 0] = 1  # in a corner, so that most crops miss it
    crops = draw_crops(masks, np.random.default_rng(0))
    missed = np.mean([crop.top_px > 0 or crop.left_px > 0 for crop in crops])
    assert 0.03 < missed < 0.05


def test_a_mask_without_foreground_ends_in_a_crop_all_the_same():
    crops = draw_crops(np.zeros((50, 32, 32), np.uint8), np.random.default_rng(0))
    assert sum(crop.side_px == 32 for crop in crops) >= 40


def test_a_change_that_is_not_wanted_is_left_out_of_what_both_would_be():
    masks = np.full((100, SIZE, SIZE), 255, np.uint8)
    both, crops, flips, none = (
        draw_crops(masks, np.random.default_rng(3), changes) for changes in (("crop", "flip"), ("crop",), ("flip",), ())
    )
    assert crops == [Crop(crop.top_px, crop.left_px, crop.side_px, False) for crop in both]
    assert flips == [Crop(0, 0, SIZE, crop.is_flipped) for crop in both]
    assert none == [Crop(0, 0, SIZE, False)] * 100


def test_equal_random_numbers_give_equal_crops():
    masks = np.full((20, SIZE, SIZE), 255, np.uint8)
    first, second, other = (draw_crops(masks, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == second != other
