"""The contract of the preprocessing, for every way to find shading: what stays, what moves, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imharmony.errors import InputError
from imharmony.intrinsic.compositing import SemiHarmonized, semi_harmonize
from imharmony.intrinsic.decomposition import DECOMPOSITIONS, linear_of, luminance_shading
from imharmony.intrinsic.edits import fitted_edits
from imharmony.intrinsic.light import Light
from imharmony.metrics.direction import light_error_deg
from tests.imharmony.intrinsic.test_decomposition import WAYS
from tests.imharmony.intrinsic.test_normals import disc


def scene(size_px: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """A bluish noisy picture with a reddish darker disc in it, and the disc's soft mask."""
    rng = np.random.default_rng(0)
    mask, _ = disc(size_px, size_px / 4)
    mask[size_px // 2, : size_px // 2] *= 0.5
    paint = np.where(mask[..., None] > 0, [120, 60, 50], [110, 140, 170])
    return np.clip(rng.normal(paint, 12), 0, 255).astype(np.uint8), mask


def expect_contract(result: SemiHarmonized, composite: np.ndarray, mask: np.ndarray) -> None:
    """What holds whatever came."""
    assert np.abs(result.albedo * result.shading[..., None] - linear_of(composite)).max() <= 2 / 255
    assert (result.image[mask == 0] == composite[mask == 0]).all()
    assert result.image.dtype == np.uint8
    assert all(np.isfinite(layer).all() for layer in (result.albedo, result.shading, result.normals))
    for light in (result.light, result.background_light):
        assert np.isfinite([*light.vector, light.ambient, light.r2]).all()


@pytest.mark.parametrize("name", WAYS)
def test_the_contract_holds_and_the_result_is_the_same_each_time(name):
    composite, mask = scene()
    one, other = (semi_harmonize(composite, mask, shading_of=WAYS[name]) for _ in range(2))
    expect_contract(one, composite, mask)
    assert one.image.tobytes() == other.image.tobytes()


def odd(kind: str) -> tuple[np.ndarray, np.ndarray]:
    composite, mask = scene(24)
    flats = {"black": 0, "white": 255, "grey": 128}
    if kind in flats:
        composite[mask == 0] = flats[kind]
    if kind == "one colour":
        composite[:] = [200, 30, 90]
    if kind == "greyscale":
        composite = composite.mean(axis=2, keepdims=True).repeat(3, axis=2).astype(np.uint8)
    if kind == "one pixel":
        mask[:] = 0
        mask[5, 7] = 1
    if kind == "all but one pixel":
        mask[:] = 1
        mask[5, 7] = 0
    if kind == "faint":
        mask = 0.02 * mask
    if kind == "one row":
        composite, mask = composite[12:13].copy(), mask[12:13].copy()
    return composite, mask


KINDS = ["black", "white", "grey", "one colour", "greyscale", "one pixel", "all but one pixel", "faint", "one row"]


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_odd_composites_give_a_sane_picture(kind, name):
    composite, mask = odd(kind)
    result = semi_harmonize(composite, mask, shading_of=WAYS[name], relight=True)
    expect_contract(result, composite, mask)
    if kind == "greyscale":
        assert np.ptp(result.image, axis=2).max() <= 1


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999), height=st.integers(1, 20), width=st.integers(2, 20), name=st.sampled_from(list(WAYS)), feather=st.floats(0, 5)
)
def test_the_contract_holds_for_any_noise_and_any_soft_mask(seed, height, width, name, feather):
    rng = np.random.default_rng(seed)
    composite = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.maximum(rng.uniform(-1, 1, (height, width)), 0).astype(np.float32)
    mask.flat[0], mask.flat[1] = 1, 0
    expect_contract(semi_harmonize(composite, mask, shading_of=WAYS[name], feather_px=feather), composite, mask)


@pytest.mark.parametrize("name", DECOMPOSITIONS)
def test_a_foreground_that_is_its_background_once_more_stays_as_it_is(name):
    half = np.random.default_rng(1).integers(20, 236, (24, 16, 3), dtype=np.uint8)
    twins = np.concatenate([half, half[:, ::-1]], axis=1)
    mask = np.zeros((24, 32), np.float32)
    mask[:, :16] = 1
    result = semi_harmonize(twins, mask, shading_of=DECOMPOSITIONS[name])
    assert np.abs(result.image.astype(int) - twins).max() <= 1


def test_the_foreground_comes_nearer_to_the_background():
    composite, mask = scene()
    output = semi_harmonize(composite, mask, shading_of=luminance_shading).image
    inside, outside = mask == 1, mask == 0
    before, after = (np.linalg.norm(picture[inside].mean(axis=0) - composite[outside].mean(axis=0)) for picture in (composite, output))
    assert 0.4 * before < after < 0.7 * before


def test_strength_nothing_returns_the_composite():
    composite, mask = scene()
    assert (semi_harmonize(composite, mask, shading_of=luminance_shading, edits_of=fitted_edits(strength=0)).image == composite).all()


def test_a_feather_leaves_the_edge_and_not_the_middle():
    composite, mask = scene()
    hard, soft = (semi_harmonize(composite, mask, shading_of=luminance_shading, feather_px=px).image.astype(int) for px in (0, 4))
    change = np.abs(hard - composite).sum(axis=2), np.abs(soft - composite).sum(axis=2)
    edge = (mask > 0) & (np.roll(mask, 1, axis=1) == 0)
    assert change[1][edge].sum() < 0.5 * change[0][edge].sum()
    assert (hard[24, 26] == soft[24, 26]).all()


def test_a_clean_background_that_is_the_composites_own_changes_what_is_measured_by_what_was_hidden():
    composite, mask = scene()
    clean = composite.copy()
    clean[mask > 0] = composite[:13][mask[18:31] > 0][0]  # what is seen of the background goes on behind the disc
    seen = semi_harmonize(composite, mask, shading_of=luminance_shading).image.astype(int)
    known = semi_harmonize(composite, mask, shading_of=luminance_shading, background=clean).image.astype(int)
    assert np.abs(seen - known).mean() < 4
    expect_contract(semi_harmonize(composite, mask, shading_of=luminance_shading, background=clean), composite, mask)


def test_a_mask_of_the_whole_picture_needs_a_clean_background():
    composite, mask = scene()
    with pytest.raises(InputError, match="white everywhere and no background came"):
        semi_harmonize(composite, np.ones_like(mask), shading_of=luminance_shading)
    other = np.full_like(composite, 200)
    result = semi_harmonize(composite, np.ones_like(mask), shading_of=luminance_shading, background=other)
    expect_contract(result, composite, np.ones_like(mask))
    assert result.image.mean() > composite.mean() + 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": np.zeros((48, 48), np.float32)}, "the mask is black everywhere"),
        ({"mask": np.full((48, 48), 255.0)}, "values from 255.0 to 255.0; expected 0 to 1; divide an 8-bit mask by 255"),
        ({"mask": np.ones((20, 48), np.float32)}, "the mask is 48x20 pixels; expected 48x48"),
        ({"background": np.zeros((48, 9, 3), np.uint8)}, "the background is 9x48 pixels; expected 48x48"),
        ({"normals": np.zeros((8, 9, 3))}, "the normals is 9x8 pixels; expected 48x48"),
    ],
)
def test_parts_that_do_not_fit_are_named_in_one_line(change, message):
    composite, mask = scene()
    parts = {"mask": mask} | change
    with pytest.raises(InputError, match=message) as caught:
        semi_harmonize(composite, parts.pop("mask"), shading_of=luminance_shading, **parts)
    assert "\n" not in str(caught.value)


@pytest.fixture
def two_lights() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grey bumpy wall lit from the left, and a grey ball in it that is lit from the right."""
    mask, ball = disc(64, 16.0)
    down, across = np.mgrid[:64, :64] / 4
    wall = np.stack([np.sin(across), np.cos(down), np.full((64, 64), 2.0)], axis=-1)
    normals = np.where(mask[..., None] > 0, ball, wall)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    from_left, from_right = (0.3 + 0.25 * side * normals[..., 0] for side in (-1, 1))
    linear = 0.8 * np.where(mask > 0, from_right, from_left)
    composite = np.rint(255 * linear.clip(0, 1) ** (1 / 2.2)).astype(np.uint8)[..., None].repeat(3, axis=2)
    return composite, mask, normals


def test_relighting_turns_the_balls_light_to_the_walls_side(two_lights):
    composite, mask, normals = two_lights
    plain, relit = (semi_harmonize(composite, mask, shading_of=luminance_shading, normals=normals, relight=on) for on in (False, True))
    assert (plain.is_relit, relit.is_relit) == (False, True)
    assert relit.light.vector[0] > 0 > relit.background_light.vector[0]
    left, right = (slice(26, 38), slice(18, 26)), (slice(26, 38), slice(38, 46))
    assert plain.image[left].mean() < plain.image[right].mean() - 10
    assert relit.image[left].mean() > relit.image[right].mean()


def test_without_normals_of_the_background_nothing_is_relit(two_lights):
    composite, mask, _ = two_lights
    plain, asked = (semi_harmonize(composite, mask, shading_of=luminance_shading, relight=on) for on in (False, True))
    assert not asked.is_relit
    assert not asked.background_light.is_trusted
    assert (plain.image == asked.image).all()


def test_lights_are_nearly_the_same_on_a_shrunk_picture_and_the_picture_is_the_same_without_any(two_lights):
    composite, mask, normals = two_lights
    full, small = (semi_harmonize(composite, mask, shading_of=luminance_shading, normals=normals, light_px=px) for px in (None, 32))
    none = semi_harmonize(composite, mask, shading_of=luminance_shading, with_lights=False)
    assert (none.light, none.background_light) == (None, None)
    assert (full.image == small.image).all()
    assert (full.image == none.image).all()
    for one, other in ((full.light, small.light), (full.background_light, small.background_light)):
        assert one.is_trusted
        assert other.is_trusted
        assert light_error_deg(other.vector, one.vector) < 5


def test_a_light_makes_its_shading_of_the_normals_that_it_is_asked_for():
    light = Light(np.array([0.0, 0.5, 0.0]), 0.3, 1.0, True)
    np.testing.assert_allclose(light.shading(np.array([[0, 1.0, 0], [0, 0, 1.0], [0, -1.0, 0]])), [0.8, 0.3, 0.04])
