"""A portrait shows one person large in the frame, whose alpha is soft in the hair and explains the photograph."""

import numpy as np
import pytest

from imharmony.studio.colours import decode
from imharmony.studio.portrait import render_portrait
from imharmony.studio.sensor import vignette

WIDTH, HEIGHT, PORTRAITS = 120, 160, 10


@pytest.fixture(scope="module")
def portraits():
    return [render_portrait(seed=2, index=index, width_px=WIDTH, height_px=HEIGHT) for index in range(PORTRAITS)]


def test_a_portrait_depends_on_seed_and_index_alone(portraits):
    again = render_portrait(seed=2, index=4, width_px=WIDTH, height_px=HEIGHT)
    np.testing.assert_array_equal(again.image, portraits[4].image)
    np.testing.assert_array_equal(again.instances[0].alpha, portraits[4].instances[0].alpha)
    other = render_portrait(seed=3, index=4, width_px=WIDTH, height_px=HEIGHT)
    assert np.abs(other.image.astype(int) - again.image).mean() > 5


def test_its_one_instance_is_a_person(portraits):
    assert all([i.category for i in portrait.instances] == ["person"] for portrait in portraits)


def test_the_person_fills_a_third_to_four_fifths_of_the_frame(portraits):
    assert all(0.33 < portrait.instances[0].alpha.mean() < 0.8 for portrait in portraits)


def test_the_head_is_whole_and_the_body_leaves_the_frame_at_the_bottom(portraits):
    for portrait in portraits:
        alpha = portrait.instances[0].alpha
        assert alpha[0].mean() < 0.1
        assert alpha[-1].max() > 0.99
        top = np.flatnonzero((alpha > 0.9).any(1))[0]
        assert 0.01 < top / HEIGHT < 0.3


def test_alpha_is_soft_around_the_head(portraits):
    for portrait in portraits:
        alpha = portrait.instances[0].alpha
        assert alpha.min() >= 0
        assert alpha.max() <= 1
        upper = alpha[: HEIGHT // 2]
        soft = ((upper > 0.02) & (upper < 0.98)).sum()
        outline = (np.diff((upper > 0.5).astype(int), axis=1) != 0).sum()
        assert soft > 2 * outline  # a hard edge drawn by the same lens has about two soft pixels a row and side


def test_the_background_shows_through_the_hair(portraits):
    for portrait in portraits:
        alpha = portrait.instances[0].alpha
        thin = (alpha[: HEIGHT // 3] > 0.02) & (alpha[: HEIGHT // 3] < 0.3)
        assert thin.sum() > 20


def test_albedo_times_shading_is_the_linear_photograph(portraits):
    for portrait in portraits:
        expected = portrait.albedo * portrait.shading * vignette(HEIGHT, WIDTH, portrait.sensor)[..., None]
        unclipped = (portrait.image < 250) & (expected < 0.9)
        assert np.abs(decode(portrait.image) - expected)[unclipped].mean() < 0.012


def test_places_and_lights_vary(portraits):
    assert len({portrait.light.mood for portrait in portraits}) >= 4


@pytest.mark.parametrize(("width", "height"), [(32, 32), (33, 200), (200, 48)], ids=["tiny", "narrow", "flat"])
def test_any_shape_of_picture_has_its_person(width, height):
    portrait = render_portrait(seed=0, index=0, width_px=width, height_px=height)
    assert portrait.image.shape == (height, width, 3)
    assert 0.02 < portrait.instances[0].alpha.mean() < 1
