"""People painted out of photographs and put back over a changed background."""

import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing import backgrounds
from imharmony.composing.backgrounds import Background, estimated_foreground, plate
from imharmony.composing.composites import read_composite, recomposed
from imharmony.composing.manifest import OWN_FILE_SHARD
from imharmony.composing.rules import PlateRules
from imharmony.errors import InputError
from imharmony.pictures.images import encode_png
from imharmony.storage.shards import ShardReader, write_shard

PAPER = {"radius_px": 15.0, "scale": 1.0, "halo_px": 0}
RED, GREEN = (220, 20, 20), (20, 160, 40)


@pytest.fixture
def alpha() -> np.ndarray:
    hard = np.zeros((90, 120))
    cv2.ellipse(hard, (60, 60), (22, 40), 0, 0, 360, 1, -1)
    return np.rint(cv2.GaussianBlur(hard, (0, 0), 1.5) * 255) / 255


@pytest.fixture
def photo(alpha) -> np.ndarray:
    """A red person before a green background, mixed at the edges as by a lens."""
    return np.rint(alpha[..., None] * RED + (1 - alpha[..., None]) * GREEN).astype(np.uint8)


def ramp() -> np.ndarray:
    x, y = np.meshgrid(np.arange(120), np.arange(90))
    return np.stack([40 + x, 60 + 2 * y, 200 - x], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("alpha_level", range(0, 256, 5))
def test_recomposition_is_rounded_as_whole_numbers_would_be(alpha_level):
    foreground, background = (np.random.default_rng(seed).integers(0, 256, (30, 40, 3)) for seed in (0, 1))
    exact = (2 * (alpha_level * foreground + (255 - alpha_level) * background) + 255) // 510
    result = recomposed(foreground.astype(np.uint8), np.full((30, 40), alpha_level / 255), background.astype(np.uint8))
    assert_array_equal(result, exact)


def test_recomposition_by_hand():
    over, under = np.full((1, 3, 3), 200, np.uint8), np.full((1, 3, 3), 100, np.uint8)
    assert recomposed(over, np.array([[0, 0.25, 1]]), under)[0, :, 0].tolist() == [100, 125, 200]


def test_an_image_over_itself_is_itself_whatever_the_alpha():
    image = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
    assert_array_equal(recomposed(image, np.random.default_rng(3).uniform(0, 1, (30, 40)), image), image)


@pytest.mark.parametrize("halo", [0, 3, 6])
@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0])
def test_pixels_beyond_the_halo_are_the_photographs_bit_for_bit(alpha, scale, halo):
    noise = np.random.default_rng(4).integers(0, 256, (90, 120, 3), np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * halo + 1, 2 * halo + 1))
    outside = cv2.dilate((alpha > 5 / 255).astype(np.uint8), disc) == 0
    assert_array_equal(plate(noise, alpha, scale=scale, halo_px=halo)[outside], noise[outside])


def test_the_papers_plate_is_opencvs(photo, alpha):
    expected = cv2.inpaint(photo, (alpha > 5 / 255).astype(np.uint8), 15, cv2.INPAINT_TELEA)
    assert_array_equal(plate(photo, alpha, **PAPER), expected)


@pytest.mark.parametrize("options", [{}, {"scale": 0.5}, {"scale": 0.25, "halo_px": 0}, PAPER])
def test_nothing_of_the_person_stays_in_the_plate(photo, alpha, options):
    assert np.abs(plate(photo, alpha, **options).astype(int) - GREEN).max() <= 6


@pytest.mark.parametrize("options", [{}, PAPER])
def test_a_smooth_background_is_guessed_behind_the_person(alpha, options):
    photo = recomposed(np.full((90, 120, 3), RED, np.uint8), alpha, ramp())
    error = plate(photo, alpha, **options)[alpha > 0].astype(int) - ramp()[alpha > 0]
    assert np.abs(error).mean() < 25


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0)])
@pytest.mark.parametrize("shape", [(1, 2), (3, 3), (50, 40)])
def test_a_flat_photograph_of_any_size_stays_flat(shape, colour):
    flat, alpha = np.full((*shape, 3), colour, np.uint8), np.zeros(shape)
    alpha[0, 0] = 1
    assert_array_equal(plate(flat, alpha, halo_px=0), flat)


def test_without_a_person_the_plate_is_a_copy_of_the_photograph(photo, alpha):
    empty = plate(photo, np.zeros_like(alpha))
    assert_array_equal(empty, photo)
    assert not np.shares_memory(empty, photo)


def test_without_a_background_there_is_no_plate(photo, alpha):
    with pytest.raises(InputError, match="covers the whole photograph"):
        plate(photo, np.ones_like(alpha))


def around(photo: np.ndarray, alpha: np.ndarray, **rules) -> Background:
    found = Background.of(photo, np.rint(alpha * 255).astype(np.uint8), PlateRules(**rules), name="x")
    assert found is not None
    return found


def test_the_background_is_changed_and_the_person_is_not(photo, alpha):
    background = around(photo, alpha)
    made = background.made(255 - background.pixels)
    assert_array_equal(made.composite[alpha == 1], photo[alpha == 1])
    assert_array_equal(made.composite[alpha == 0], 255 - background.whole[alpha == 0])
    assert_array_equal(made.composite, recomposed(photo, alpha, 255 - background.whole))


def test_a_composite_of_the_same_plate_and_pure_colours_is_the_photograph(photo, alpha, monkeypatch):
    monkeypatch.setattr(backgrounds, "estimated_foreground", lambda photo, _alpha: np.full_like(photo, RED))
    background = around(photo, alpha, foreground="estimated")
    assert np.abs(background.made(background.pixels).composite.astype(int) - photo).max() <= 6


def test_with_a_hard_edge_an_unchanged_background_gives_the_photograph_bit_for_bit(photo, alpha):
    background = around(photo, (alpha > 0.5).astype(float))
    assert_array_equal(background.made(background.pixels).composite, photo)


def test_what_is_measured_is_far_from_the_person(photo, alpha):
    background = around(photo, alpha)
    assert_array_equal(background.telling(background.pixels), background.whole[alpha <= 0.05])
    assert np.abs(background.telling(background.pixels).astype(int) - GREEN).max() <= 6


@pytest.mark.parametrize("level", [1.0, 0.4])
def test_a_photograph_full_of_the_person_has_no_background(photo, level):
    assert Background.of(photo, np.full(photo.shape[:2], round(255 * level), np.uint8), PlateRules(), name="x") is None


def test_unpainted_the_photograph_is_its_own_plate(photo, alpha):
    background = around(photo, alpha, unpainted=True)
    assert_array_equal(background.whole, photo)
    assert_array_equal(background.made(background.pixels).composite, photo)
    assert_array_equal(background.made(255 - background.pixels).composite, recomposed(photo, alpha, 255 - photo))


def test_unpainted_only_a_person_who_is_opaque_everywhere_leaves_no_background(photo):
    full = np.full(photo.shape[:2], 255, np.uint8)
    assert Background.of(photo, full, PlateRules(unpainted=True), name="x") is None
    full[0, 0] = 254
    assert Background.of(photo, full, PlateRules(unpainted=True), name="x") is not None


def test_no_estimated_foreground_lies_on_an_unpainted_plate():
    with pytest.raises(ValueError, match="foreground is estimated and the plate is unpainted; expected the photograph"):
        PlateRules(foreground="estimated", unpainted=True)


def test_what_is_stored_is_read_back(photo, alpha, tmp_path):
    background = around(photo, alpha)
    made = background.made(255 - background.pixels)
    row = made.columns | {"sample_id": "1_1_0", "image_id": 1, "real": encode_png(photo), "real_row": 0}
    write_shard(tmp_path, 0, [row], OWN_FILE_SHARD)
    for found, expected in zip(read_composite(ShardReader(tmp_path), 0, 0), (photo, made.composite, background.full_matte), strict=True):
        assert_array_equal(found, expected)


def test_a_matte_of_another_size_is_named(photo):
    with pytest.raises(InputError, match="portrait 7: the photograph is 120x90 pixels; expected 90x120"):
        Background.of(photo, np.zeros((120, 90), np.uint8), PlateRules(), name="portrait 7")


def test_estimated_colours_come_from_pymatting(photo, alpha, monkeypatch):
    def estimate(image, matte):
        assert (image.dtype, image.max() <= 1, matte.dtype) == (np.float64, True, np.float64)
        return np.full(image.shape, 0.2) + (matte[..., None] > 0.5)

    monkeypatch.setitem(sys.modules, "pymatting", SimpleNamespace(estimate_foreground_ml=estimate))
    colours = estimated_foreground(photo, alpha.astype(np.float32))
    assert colours.dtype == np.uint8
    assert_array_equal(colours[..., 0], np.where(alpha > 0.5, 255, 51))


def test_estimated_colours_are_near_the_true_ones_where_the_background_shines_through(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # pymatting compiles all it has when first imported, for a minute or more
    pytest.importorskip("pymatting", reason="the extra `matting` is not installed")
    hard = cv2.ellipse(np.zeros((30, 40)), (20, 15), (10, 10), 0, 0, 360, 1, -1)
    alpha = np.rint(cv2.GaussianBlur(hard, (0, 0), 2.5) * 255) / 255
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    foreground = np.stack([200 + 0 * x, 60 + y, 40 + x], axis=-1).astype(np.uint8)
    mixed = recomposed(foreground, alpha, ramp()[:30, :40])
    edge = (alpha > 0.1) & (alpha < 0.9)
    errors = [np.abs(each.astype(int) - foreground)[edge].mean() for each in (estimated_foreground(mixed, alpha), mixed)]
    assert errors[0] < 3
    assert errors[1] > 30


def test_without_pymatting_the_message_says_what_to_install(photo, alpha, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting", None)
    with pytest.raises(InputError, match=r"pip install .imharmony\[matting\]"):
        estimated_foreground(photo, alpha)
