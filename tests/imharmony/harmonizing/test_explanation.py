"""The change in words: exact values of known changes, and that what does not matter changes nothing."""

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.harmonizing.explanation import Explanation, explain_change


def linear(levels):
    encoded = levels / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(light):
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


@pytest.fixture
def picture():
    return np.random.default_rng(0).uniform(40, 120, (40, 50, 3)).astype(np.float32)


@pytest.fixture
def weights():
    weights = np.zeros((40, 50), np.float32)
    weights[10:30, 10:30] = 1
    return weights


@pytest.mark.parametrize(("factor", "stops", "words"), [(2.0, 1.0, "1.0 stops brighter"), (0.5, -1.0, "1.0 stops darker"), (1.0, 0.0, "")])
def test_light_times_two_is_a_stop(picture, weights, factor, stops, words):
    found = explain_change(picture, encoded(factor * linear(picture)).astype(np.float32), weights)
    assert found.stops == pytest.approx(stops, abs=1e-3)
    assert abs(found.kelvin) < 1
    assert words in found.words


def test_nothing_changed_is_said_so(picture, weights):
    found = explain_change(picture, picture, weights)
    assert found.words == "unchanged"
    assert (found.stops, found.tint, found.saturation, found.contrast, found.largest) == (0, 0, 0, 0, 0)
    assert abs(found.kelvin) < 5  # McCamy's formula is good to some K


@pytest.mark.parametrize(("gains", "word"), [((1.1, 1.0, 0.9), "K warmer"), ((0.9, 1.0, 1.1), "K cooler")])
def test_more_red_is_warmer_and_more_blue_cooler(picture, weights, gains, word):
    assert word in explain_change(picture, encoded(linear(picture) * np.array(gains)).astype(np.float32), weights).words


def test_the_temperature_is_that_of_the_white_point_of_illuminant_a(weights):
    """A white of illuminant A, 2856 K, has these linear sRGB channels; in reciprocal kelvin it is 196 steps of 1e-6 from daylight."""
    x, y = 0.44757, 0.40745
    xyz = np.array([x / y, 1, (1 - x - y) / y])
    white = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ xyz
    grey = np.full((40, 50, 3), 90, np.float32)
    found = explain_change(grey, encoded(linear(grey) * white).astype(np.float32), weights)
    assert found.kelvin == pytest.approx(6504**2 * (1 / 6504 - 1 / 2856), abs=60)


@pytest.mark.parametrize(
    ("kelvin", "words"), [(-35800, "more than 5000 K warmer"), (-5000, "5000 K warmer"), (6081, "more than 5000 K cooler")]
)
def test_a_step_beyond_any_lamp_is_not_counted_out(kelvin, words):
    assert Explanation(0.0, kelvin, 0.0, 0.0, 0.0, 0.0).words == words


def test_saturation_and_contrast_are_those_of_cielab(weights):
    from skimage.color import lab2rgb, rgb2lab

    rng = np.random.default_rng(1)
    lab = np.stack([rng.uniform(45, 55, (40, 50)), rng.uniform(5, 9, (40, 50)), rng.uniform(-9, 9, (40, 50))], axis=2)
    more = lab * [1, 1.25, 1.25]
    inside = lab[10:30, 10:30, 0]
    more[10:30, 10:30, 0] = inside.mean() + 0.8 * (inside - inside.mean())
    before, after = (255 * lab2rgb(each) for each in (lab, more))
    found = explain_change(before.astype(np.float32), after.astype(np.float32), weights)
    assert found.saturation == pytest.approx(0.25, abs=0.01)
    assert found.contrast == pytest.approx(-0.2, abs=0.01)
    chroma = [np.hypot(*rgb2lab(each)[10:30, 10:30, 1:].transpose(2, 0, 1)).mean() for each in (before / 255, after / 255)]
    assert found.saturation == pytest.approx(chroma[1] / chroma[0] - 1, abs=2e-3)  # OpenCV's cube roots are tables


def test_what_lies_outside_and_the_size_change_nothing(picture, weights):
    after = picture * 1.1
    elsewhere = np.where(weights[..., None] > 0, after, 0).astype(np.float32)
    assert explain_change(picture, elsewhere, weights) == explain_change(picture, after, weights)
    large = [np.repeat(np.repeat(each, 20, axis=0), 20, axis=1) for each in (picture, after, weights)]
    assert explain_change(*large).stops == pytest.approx(explain_change(picture, after, weights).stops, abs=0.01)


def test_a_mask_of_nothing_is_refused(picture, weights):
    with pytest.raises(InputError, match="black everywhere"):
        explain_change(picture, picture, 0 * weights)
