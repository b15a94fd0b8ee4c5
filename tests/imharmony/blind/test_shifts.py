"""Shifts of foregrounds: the gain by an independent conversion, the background to the bit, and how they are drawn."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from skimage.color import deltaE_ciede2000, rgb2lab

from imharmony.blind.observer import COLOUR_THRESHOLD, Thresholds
from imharmony.blind.shifts import (
    LARGEST_COLOUR,
    LARGEST_CONTRAST,
    NOISE,
    Look,
    Shift,
    classes_of,
    draw_examples,
    draw_shift,
    draw_stops,
    looks_of,
    moved,
    share_of,
)

SIZE = 16
THRESHOLDS = Thresholds(-0.3, 0.2)


def pictures(count: int = 2, *, low: float = 0.25, high: float = 0.55) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))


def masks(count: int = 2) -> torch.Tensor:
    found = torch.zeros(count, 1, SIZE, SIZE)
    found[..., 4:12, 4:12] = 1
    found[..., 4, 4:12] = 0.5
    return found


def lab(each: torch.Tensor) -> np.ndarray:
    return rgb2lab(each.double().permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("stops", [-1.0, -0.2, 0.5])
def test_lightness_is_multiplied_by_two_to_the_stops(stops):
    given = pictures(high=0.35)
    made = moved(given, masks(), [Shift(stops)] * 2, looks_of(given, masks()))
    inside = masks()[:, 0].numpy() == 1
    before, after = lab(given)[inside], lab(made)[inside]
    free = (made.permute(0, 2, 3, 1).numpy()[inside] > 0).all(1)  # what is not clipped
    assert free.mean() > 0.9
    assert_allclose(after[free, 0] / before[free, 0], 2.0**stops, rtol=2e-3)
    assert_allclose(after[free, 1:], before[free, 1:], atol=0.1)


def test_contrast_is_around_the_mean_and_a_shift_of_colour_adds():
    given = pictures()
    looks = looks_of(given, masks())
    made = moved(given, masks(), [Shift(0.0, 0.5, 3.0, -4.0)] * 2, looks)
    inside = masks()[:, 0].numpy() == 1
    before, after = lab(given), lab(made)
    for number, look in enumerate(looks):
        own, other = before[number][inside[number]], after[number][inside[number]]
        assert_allclose(other[:, 0], look.lightness + 0.5 * (own[:, 0] - look.lightness), atol=0.05)
        assert_allclose(other[:, 1:], own[:, 1:] + [3, -4], atol=0.05)


def test_where_the_mask_is_0_not_a_bit_changes_and_no_shift_changes_none_at_all():
    given = pictures(low=0.0, high=1.0)
    looks = looks_of(given, masks())
    made = moved(given, masks(), [Shift(3.0, 1.4, 60.0, -60.0), Shift(-3.0)], looks)
    outside = (masks() == 0).expand_as(given)
    assert torch.equal(made[outside], given[outside])
    assert not torch.equal(made, given)
    assert torch.equal(moved(given, masks(), [Shift(0.0)] * 2, looks), given)


def test_a_soft_edge_is_a_mixture_of_the_picture_and_of_what_was_clipped():
    given = pictures()
    looks = looks_of(given, masks())
    whole = moved(given, torch.ones_like(masks()), [Shift(2.0)] * 2, looks)
    assert (whole == 1).any()
    soft = moved(given, 0.5 * torch.ones_like(masks()), [Shift(2.0)] * 2, looks)
    assert_allclose(soft, (given + whole) / 2, atol=1e-6)


def test_a_look_is_the_mean_of_what_the_mask_mostly_holds():
    given = pictures()
    inside = masks()[0, 0].numpy() >= 0.5
    assert_allclose(looks_of(given, masks()), lab(given)[:, inside].mean(1), atol=0.05)
    faint = 0.2 * masks()
    weights = faint[0, 0].numpy()
    weighed = (lab(given) * weights[..., None]).sum((1, 2)) / weights.sum()
    assert_allclose(looks_of(given, faint), weighed, atol=0.05)
    assert looks_of(given, 0 * masks()) == [Look(0.0, 0.0, 0.0)] * 2


def test_a_share_of_white_stays_in_its_range():
    assert [share_of(each) for each in (-1e-6, 50.0, 100.0001)] == [0.0, 0.5, 1.0]


def test_classes_are_beyond_thresholds_and_colours_are_compared_at_their_own_lightness():
    look = Look(50.0, 10.0, 5.0)
    assert classes_of(look, Shift(-0.31), THRESHOLDS) == (True, False, False)
    assert classes_of(look, Shift(0.21), THRESHOLDS) == (False, True, False)
    assert classes_of(look, Shift(-0.3), THRESHOLDS) == classes_of(look, Shift(0.2), THRESHOLDS) == (False, False, False)
    for a in np.linspace(0, 6, 13):
        distance = deltaE_ciede2000([50.0, 10.0, 5.0], [50.0, 10.0 + a, 5.0])
        assert classes_of(look, Shift(0.0, a=float(a)), THRESHOLDS)[2] == (distance > COLOUR_THRESHOLD)


def test_stops_are_of_their_kind_most_of_them_near_the_threshold():
    rng = np.random.default_rng(0)
    found = {kind: np.array([draw_stops(kind, THRESHOLDS, 1.5, rng) for _ in range(3000)]) for kind in (-1, 0, 1)}
    assert found[0].min() >= -0.3
    assert found[0].max() <= 0.2
    assert_allclose(np.quantile(found[0], [0.25, 0.5, 0.75]), np.quantile([-0.3, 0.2], [0.25, 0.5, 0.75]), atol=0.02)
    middle = (np.sqrt(3) - 1) / 2  # of u = 1/2
    for kind, near in ((1, 0.2), (-1, 0.3)):
        sizes = kind * found[kind]
        assert sizes.min() > near
        assert sizes.max() <= 1.5
        assert np.median(sizes) == pytest.approx(near + (1.5 - near) * middle, abs=0.03)


def test_darker_is_the_mirror_of_brighter():
    for seed in range(5):
        darker = draw_stops(-1, Thresholds(-0.4, 0.1), 1.5, np.random.default_rng(seed))
        assert darker == -draw_stops(1, Thresholds(-0.1, 0.4), 1.5, np.random.default_rng(seed))


def test_an_observer_who_sees_little_is_shown_more_than_the_largest():
    found = [draw_stops(1, Thresholds(-2.0, 2.0), 1.0, np.random.default_rng(seed)) for seed in range(200)]
    assert 2 < min(found) < max(found) <= 3


def test_half_change_the_contrast_and_a_share_the_colour():
    rng = np.random.default_rng(0)
    shifts = [draw_shift(0, THRESHOLDS, 1.5, rng, coloured=0.3) for _ in range(3000)]
    contrast = np.log([shift.contrast for shift in shifts])
    assert (contrast != 0).mean() == pytest.approx(0.5, abs=0.04)
    assert np.abs(contrast).max() <= LARGEST_CONTRAST
    lengths = np.hypot([shift.a for shift in shifts], [shift.b for shift in shifts])
    assert (lengths > 0).mean() == pytest.approx(0.3, abs=0.03)
    assert lengths.max() <= LARGEST_COLOUR


def test_each_picture_is_shown_three_times_with_targets_in_its_foreground_alone():
    given = pictures(4)
    found = draw_examples(given, masks(4), list("abcd"), np.random.default_rng(0), largest=1.5, coloured=0.0)
    assert found.pictures.shape == (12, 3, SIZE, SIZE)
    regions = (masks(12) >= 0.5).float()
    flags = torch.tensor([[1.0, 0, 0]] * 4 + [[0.0, 1, 0]] * 4 + [[0.0, 0, 0]] * 4)
    assert torch.equal(found.targets, flags[:, :, None, None] * regions)
    assert torch.equal(found.regions, regions)
    assert torch.equal(found.originals, given.repeat(3, 1, 1, 1))
    assert (found.stops[:4] < 0).all()
    assert (found.stops[4:8] > 0).all()
    assert torch.equal((found.pictures * 255).round() / 255, found.pictures)


def test_noise_is_small_in_half_of_them_and_over_all_of_the_picture():
    given = pictures(40)
    found = draw_examples(given, masks(40), [str(each) for each in range(40)], np.random.default_rng(0), largest=1.5, coloured=0.5)
    outside = (masks(120) == 0).expand_as(found.pictures)
    change = ((found.pictures - found.originals).abs() * outside).amax((1, 2, 3))
    assert change.max() <= NOISE + 0.51 / 255
    assert (change > 0.6 / 255).float().mean() == pytest.approx(0.5, abs=0.12)


def test_the_generator_and_the_names_alone_decide():
    drawn = [
        draw_examples(pictures(), masks(), names, np.random.default_rng(seed), largest=1.5, coloured=0.5)
        for seed, names in ((0, ["a", "b"]), (0, ["a", "b"]), (1, ["a", "b"]), (0, ["c", "d"]))
    ]
    assert all(map(torch.equal, drawn[0], drawn[1]))
    assert not torch.equal(drawn[0].pictures, drawn[2].pictures)
    assert not torch.equal(drawn[0].stops, drawn[3].stops)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_pictures_of_one_colour_stay_pictures(level):
    given = torch.full((1, 3, SIZE, SIZE), level)
    found = draw_examples(given, masks(1), ["a"], np.random.default_rng(0), largest=1.5, coloured=1.0)
    assert found.pictures.isfinite().all()
    assert 0 <= found.pictures.min() <= found.pictures.max() <= 1


def test_a_grey_picture_stays_grey_where_only_lightness_moves():
    given = pictures()[:, :1].repeat(1, 3, 1, 1)
    made = moved(given, masks(), [Shift(-0.7)] * 2, looks_of(given, masks()))
    assert_allclose(made.amax(1), made.amin(1), atol=1e-3)
