"""Baselines: what all of them must keep to, on every kind of mask and picture."""

import numpy as np
import pytest

from imharmony.baselines import BASELINES
from imharmony.errors import InputError

SHAPE = 24, 30


def mask_of(*places: tuple[slice | int, slice | int]) -> np.ndarray:
    mask = np.zeros(SHAPE, np.float32)
    for place in places:
        mask[place] = 1
    return mask


BLOCK = mask_of((slice(6, 18), slice(8, 20)))
MASKS = {
    "a block": BLOCK,
    "one pixel": mask_of((11, 13)),
    "a corner's pixel": mask_of((0, 0)),
    "a line": mask_of((slice(3, 20), 7)),
    "two parts": mask_of((slice(2, 6), slice(2, 6)), (slice(15, 22), slice(20, 29))),
    "across the frame": mask_of((slice(0, 24), slice(10, 30))),
    "a ring": BLOCK - mask_of((slice(9, 14), slice(11, 16))),
    "all but one pixel": 1 - mask_of((11, 13)),
    "soft": np.linspace(0, 1, 30, dtype=np.float32)[None].repeat(24, axis=0),
    "soft and nowhere 0": np.linspace(0.2, 0.9, 30, dtype=np.float32)[None].repeat(24, axis=0),
}
PICTURES = {
    "noise": np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8),
    "grey": np.random.default_rng(1).integers(0, 256, (*SHAPE, 1), dtype=np.uint8).repeat(3, axis=2),
    "black": np.zeros((*SHAPE, 3), np.uint8),
    "white": np.full((*SHAPE, 3), 255, np.uint8),
}


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_returns_a_picture_in_the_metrics_range_and_leaves_the_background_alone(name, mask, picture):
    composite, mask = PICTURES[picture], MASKS[mask]
    output = BASELINES[name](composite, mask)
    assert (output.dtype, output.shape) == (np.dtype(np.float32), composite.shape)
    assert output.min() >= 0
    assert output.max() <= 255
    assert (output[mask == 0] == composite[mask == 0]).all()


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_leaves_its_input_alone_and_gives_the_same_bits_again(name, pair):
    composite, mask = (each.copy() for each in pair)
    first = BASELINES[name](composite, mask)
    assert (composite == pair[0]).all()
    assert (mask == pair[1]).all()
    assert (BASELINES[name](composite, mask) == first).all()


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("picture", ["black", "white"])
def test_a_baseline_has_nothing_to_do_on_one_colour(name, picture):
    np.testing.assert_allclose(BASELINES[name](PICTURES[picture], BLOCK), PICTURES[picture], atol=1e-3)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_keeps_a_grey_picture_grey(name):
    output = BASELINES[name](PICTURES["grey"], BLOCK)
    assert np.ptp(output, axis=2).max() <= (1 if name in ("reinhard", "lalonde_efros") else 1e-3)  # whose levels are whole


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_knows_neither_rows_from_columns(name, pair):
    composite, mask = pair
    turned = BASELINES[name](np.ascontiguousarray(composite.transpose(1, 0, 2)), np.ascontiguousarray(mask.T))
    np.testing.assert_allclose(turned.transpose(1, 0, 2), BASELINES[name](composite, mask), atol=1e-3)


@pytest.mark.parametrize("name", BASELINES)
def test_how_a_picture_lies_in_memory_plays_no_part(name):
    picture = np.random.default_rng(2).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    mask = np.zeros((50, 60), np.float32)
    mask[5:45, 6:50] = 1
    planes = np.ascontiguousarray(picture.transpose(2, 1, 0)).transpose(2, 1, 0)
    np.testing.assert_array_equal(BASELINES[name](planes, np.asfortranarray(mask)), BASELINES[name](picture, mask))


@pytest.mark.parametrize("name", BASELINES)
def test_a_faint_mask_means_the_same_as_a_whole_one(name, pair):
    composite, mask = pair
    np.testing.assert_allclose(BASELINES[name](composite, mask * np.float32(0.3)), BASELINES[name](composite, mask), atol=1e-3)


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "identity"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_baseline_needs_a_foreground_and_a_background(name, value):
    with pytest.raises(InputError, match="the mask is all black or all white"):
        BASELINES[name](PICTURES["noise"], np.full(SHAPE, value, np.float32))


def test_identity_is_the_composite(pair):
    assert (BASELINES["identity"](*pair) == pair[0]).all()
