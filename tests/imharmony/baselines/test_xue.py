"""Xue et al.: contrast, luminance, temperature and saturation from the background."""

import numpy as np
import pytest
from skimage.color import rgb2hsv, rgb2xyz

from imharmony.baselines.xue import BENDS, CURVES, xue
from imharmony.colour.spaces import srgb_from_linear

LEFT = np.array([[1, 0]], np.float32)


def log_luminance(picture: np.ndarray) -> np.ndarray:
    return np.log2(rgb2xyz(picture / 255)[..., 1])


def grey(rng: np.random.Generator, stops: float, spread: float) -> np.ndarray:
    """One column of grey levels around so many stops of luminance."""
    levels = srgb_from_linear(2 ** rng.normal(stops, spread, (2000, 1))) * 255
    return levels[..., None].clip(0, 255).round().astype(np.uint8).repeat(3, axis=2)


@pytest.mark.parametrize("spread", [0.56, 0.5, 0.45])
def test_the_foreground_takes_mean_and_spread_of_the_backgrounds_luminance(spread):
    rng = np.random.default_rng(0)
    composite = np.concatenate([grey(rng, -2.3, 0.5), grey(rng, -2.0, spread)], axis=1)
    output = xue(composite, LEFT.repeat(2000, axis=0))
    found, wanted = log_luminance(output)[:, 0], log_luminance(composite)[:, 1]
    assert found.mean() == pytest.approx(wanted.mean(), abs=0.01)
    assert found.std() == pytest.approx(wanted.std(), abs=0.02)


def test_saturation_agrees_with_scikit_image(pair):
    composite, mask = pair
    found, wanted = (np.log2(rgb2hsv(picture)[..., 1]) for picture in (xue(composite, mask) / 255, composite / 255))
    assert found[mask > 0].mean() == pytest.approx(wanted[mask == 0].mean(), abs=0.01)


@pytest.mark.parametrize("chromaticity", [(0.34567, 0.35850), (0.29902, 0.31485)], ids=["D50", "D75"])
def test_grey_takes_the_colour_of_the_daylight_on_a_grey_background(chromaticity):
    x, y = chromaticity
    xyz_to_rgb = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    light = 255 * srgb_from_linear(xyz_to_rgb @ [0.2 * x / y, 0.2, 0.2 * (1 - x - y) / y])
    composite = np.stack([np.full(3, 110), light.round()])[None].astype(np.uint8)
    assert np.abs(xue(composite, LEFT)[0, 0] - light).max() < 2


def test_a_grey_becomes_another_or_four_times_as_bright_at_most():
    for background, expected in ((160, 160), (20, 20), (255, 255 * srgb_from_linear(np.array(4 * ((90 / 255 + 0.055) / 1.055) ** 2.4)))):
        composite = np.array([[[90] * 3, [background] * 3]], np.uint8)
        np.testing.assert_allclose(xue(composite, LEFT)[0, 0], expected, atol=0.01)


def test_tone_curves_are_beziers_that_rise_and_keep_both_ends():
    levels = np.arange(256) / 255
    np.testing.assert_allclose(CURVES[0], levels, atol=1e-12)
    assert (np.diff(CURVES, axis=1) > 0).all()
    np.testing.assert_allclose(CURVES[:, ::-1], 1 - CURVES, atol=1e-6)
    assert np.interp(0.325, levels, CURVES[BENDS.argmax()]) == pytest.approx(0.26875, abs=1e-4)  # α = 0.6, t = 1/4


def test_xue_leaves_equal_halves_alone(twins):
    np.testing.assert_allclose(xue(*twins), twins[0], atol=0.01)
