"""Scenes are reproducible, their layers explain the photograph, and their light shows in it."""

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.studio.colours import decode
from imharmony.studio.light import INDOOR_MOODS, OUTDOOR_MOODS
from imharmony.studio.scene import render_scene
from imharmony.studio.sensor import vignette

WIDTH, HEIGHT, SCENES = 96, 80, 40


@pytest.fixture(scope="module")
def scenes():
    return [render_scene(purpose="photographs", seed=3, index=index, width_px=WIDTH, height_px=HEIGHT) for index in range(SCENES)]


def warmth(colour):
    """Logarithm of red over blue."""
    return float(np.log(colour[0] / colour[2]))


def test_a_scene_depends_on_seed_and_index_alone(scenes):
    again = render_scene(purpose="photographs", seed=3, index=5, width_px=WIDTH, height_px=HEIGHT)
    for name in ("image", "albedo", "shading", "normals"):
        np.testing.assert_array_equal(getattr(again, name), getattr(scenes[5], name))
    assert [i.category for i in again.instances] == [i.category for i in scenes[5].instances]


def test_seed_and_index_both_change_the_scene(scenes):
    other = render_scene(purpose="photographs", seed=4, index=5, width_px=WIDTH, height_px=HEIGHT)
    assert np.abs(other.image.astype(int) - scenes[5].image).mean() > 5
    assert np.abs(scenes[6].image.astype(int) - scenes[5].image).mean() > 5


def test_layers_have_the_photographs_shape(scenes):
    for scene in scenes:
        assert scene.image.shape == scene.albedo.shape == scene.shading.shape == scene.normals.shape == (HEIGHT, WIDTH, 3)
        assert scene.image.dtype == np.uint8
        assert all(i.alpha.shape == (HEIGHT, WIDTH) and i.alpha.dtype == np.float32 for i in scene.instances)


def test_albedo_times_shading_is_the_linear_photograph(scenes):
    for scene in scenes:
        expected = scene.albedo * scene.shading * vignette(HEIGHT, WIDTH, scene.sensor)[..., None]
        seen = decode(scene.image)
        unclipped = (scene.image < 250) & (expected < 0.9)
        # Shot and read noise of the darkest mood have a standard deviation of about 0.013 at mid grey.
        error = np.abs(seen - expected)[unclipped]
        assert error.mean() < 0.012
        assert abs((seen - expected)[unclipped].mean()) < 0.002


def test_albedo_is_a_reflectance(scenes):
    for scene in scenes:
        assert scene.albedo.min() > 0
        assert scene.albedo.max() <= 1
        assert scene.shading.min() >= 0


def test_normals_have_unit_length(scenes):
    for scene in scenes:
        np.testing.assert_allclose(np.linalg.norm(scene.normals, axis=2), 1, atol=1e-4)


def test_alpha_lies_between_zero_and_one_and_has_soft_edges(scenes):
    alphas = np.stack([i.alpha for scene in scenes for i in scene.instances])
    assert alphas.min() >= 0
    assert alphas.max() <= 1
    soft = ((alphas > 0.05) & (alphas < 0.95)).sum(axis=(1, 2))
    assert (soft[alphas.sum(axis=(1, 2)) > 50] > 0).all()


def test_visible_alphas_of_one_pixel_sum_to_at_most_one(scenes):
    for scene in scenes:
        total = np.sum([i.alpha for i in scene.instances], axis=0)
        assert np.max(total) <= 1 + 1e-4


def test_the_lights_colour_shows_in_the_background(scenes):
    lights, pictures = [], []
    for scene in scenes:
        background = np.prod([1 - i.alpha for i in scene.instances], axis=0) > 0.99
        lights.append(warmth(scene.light.colour * 0.6 + scene.light.ambient))
        pictures.append(warmth(decode(scene.image)[background].mean(axis=0)))
    assert np.corrcoef(lights, pictures)[0, 1] > 0.55


def test_people_stand_in_the_light_of_their_background(scenes):
    people, grounds = [], []
    for scene in scenes:
        background = np.prod([1 - i.alpha for i in scene.instances], axis=0) > 0.99
        for instance in scene.instances:
            if instance.category == "person" and not instance.iscrowd and (instance.alpha > 0.5).sum() > 100:
                people.append(warmth(scene.shading[instance.alpha > 0.5].mean(axis=0)))
                grounds.append(warmth(scene.shading[background].mean(axis=0)))
    assert np.corrcoef(people, grounds)[0, 1] > 0.75


def test_surfaces_turned_to_the_light_are_brighter(scenes):
    differences = []
    for scene in scenes:
        if scene.light.mood in ("daylight", "morning", "sunset"):
            for instance in scene.instances:
                inside = instance.alpha > 0.98
                facing = scene.normals @ scene.light.direction.astype(np.float32)
                if (inside & (facing > 0.5)).sum() > 20 and (inside & (facing < 0)).sum() > 20:
                    shading = scene.shading.mean(axis=2)
                    differences.append(shading[inside & (facing > 0.5)].mean() - shading[inside & (facing < 0)].mean())
    assert len(differences) > 5
    assert min(differences) > 0


def test_most_people_fill_two_to_thirty_percent(scenes):
    shares = [(i.alpha > 0.5).mean() for scene in scenes for i in scene.instances if i.category == "person" and not i.iscrowd]
    assert np.mean([0.02 < share < 0.3 for share in shares]) > 0.8


def test_moods_vary(scenes):
    moods = {scene.light.mood for scene in scenes}
    assert len(moods & set(OUTDOOR_MOODS)) >= 4
    assert len(moods & set(INDOOR_MOODS)) >= 3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_scene_of_twenty_has_one_crowd(seed):
    crowds = [
        [i for i in render_scene(purpose="photographs", seed=seed, index=index, width_px=64, height_px=64).instances if i.iscrowd]
        for index in range(20)
    ]
    assert sorted(map(len, crowds)) == [0] * 19 + [1]
    assert next(c for c in crowds if c)[0].category == "person"


def test_a_picture_too_small_is_refused():
    with pytest.raises(InputError, match=r"width_px 8: outside 32\.\.2048"):
        render_scene(purpose="photographs", seed=0, index=0, width_px=8, height_px=64)
