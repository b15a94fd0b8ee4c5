"""A network learns to take edits back, from examples that are what they say, to the same bits."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import linear_of, luminance_shading
from imharmony.intrinsic.edit_training import EditExamples, draw_edits, edit_examples, fit_edits, judge_edits
from imharmony.intrinsic.edits import AlbedoEdit, ShadingEdit
from imharmony.intrinsic.learned import learned_edits
from imharmony.running.seeds import numpy_rng

CPU = torch.device("cpu")
SIZE = 24


@pytest.fixture(scope="module")
def split() -> PackedSplit:
    """Ten photographs of a bright spot before a dark ground, two composites each."""
    rng = np.random.default_rng(0)
    real = rng.integers(20, 90, (20, SIZE, SIZE, 3)).astype(np.uint8)
    real[:, 6:18, 6:18] += 100
    real[1::2] = real[::2]
    mask = np.zeros((20, SIZE, SIZE), np.uint8)
    mask[:, 6:18, 6:18] = 255
    names = [f"{k // 2}_1_{k % 2}" for k in range(20)]
    columns = {"sample_id": names, "image_id": [k // 2 for k in range(20)], "annotation_id": [1] * 20}
    rows = pa.table(columns | {"category": ["person"] * 20, "direction": ["foreground"] * 20})
    return PackedSplit(rows, real, real, mask)


@pytest.fixture(scope="module")
def examples(split) -> EditExamples:
    return edit_examples(split, shading_of=luminance_shading, count=60, seed=0)


def fitted(examples: EditExamples, *, steps: int, seed: int = 0) -> torch.nn.Module:
    return fit_edits(examples, steps=steps, batch_size=8, learning_rate=1e-3, seed=seed, device=CPU)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in network.state_dict().values()])


def test_examples_are_the_photographs_with_another_foreground_and_nothing_else(split, examples):
    assert len(examples) == 60
    light = examples.albedo.astype(np.float64) * np.exp(examples.log_shading.astype(np.float64))[..., None]
    real = linear_of(examples.real)
    outside = examples.masks == 0
    np.testing.assert_allclose(light[outside], real[outside], atol=0.01)
    changed = np.abs(light - real).mean(axis=(1, 2, 3)) > 1e-3
    assert 0.5 < changed.mean() < 1  # some are left as they are
    assert (examples.real[0] == split.real[0]).all()
    assert (examples.real[1] == split.real[2]).all()  # foreground by foreground, not composite by composite


def test_none_to_three_of_the_five_edits_are_drawn():
    counts = set()
    for k in range(200):
        edit, light_edit = draw_edits(numpy_rng(k))
        parts = ((edit.white_balance, 1), (edit.curve, 1), (edit.saturation, 1), (edit.exposure, 1), (light_edit.contrast, 1))
        counts.add(sum(bool((np.asarray(value) != nothing).any()) for value, nothing in parts))
        assert (np.asarray(edit.curve) > 0.4).all()
        assert (np.asarray(edit.curve) < 2.5).all()
    assert counts == {0, 1, 2, 3}


def test_what_is_left_is_counted_by_hand(examples):
    k = 5
    one = EditExamples(*(getattr(examples, name)[k : k + 1] for name in ("albedo", "log_shading", "masks", "real")))
    light = one.albedo[0].astype(np.float64) * np.exp(one.log_shading[0].astype(np.float64))[..., None]
    levels = np.rint(255 * np.where(light > 0.0031308, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055, 12.92 * light).clip(0, 1))
    error = np.square(levels - one.real[0])[one.masks[0] == 255].mean()
    judged = judge_edits(one, lambda _: (AlbedoEdit(), ShadingEdit()))
    assert judged.examples == 1
    assert judged.untouched == pytest.approx(error, rel=1e-6)
    assert judged.learned == pytest.approx(judged.untouched, rel=1e-6)


def test_training_takes_more_of_the_edits_back_than_doing_nothing_and_than_moments(examples):
    judged = judge_edits(examples, learned_edits(fitted(examples, steps=400), size_px=SIZE))
    assert judged.learned < 0.7 * judged.untouched
    assert judged.learned < judged.fitted


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(split, examples):
    again = edit_examples(split, shading_of=luminance_shading, count=60, seed=0)
    assert (again.albedo == examples.albedo).all()
    torch.manual_seed(1)
    first = weights(fitted(examples, steps=2))
    torch.manual_seed(2)
    assert torch.equal(first, weights(fitted(again, steps=2)))
    assert not torch.equal(first, weights(fitted(examples, steps=2, seed=1)))


def test_without_steps_or_foregrounds_one_line_says_so(split, examples):
    with pytest.raises(InputError, match="0 steps of 8 examples: expected at least 1 of each"):
        fitted(examples, steps=0)
    empty = PackedSplit(split.rows, split.composite, split.real, np.zeros_like(split.mask))
    with pytest.raises(InputError, match="no foreground of 16 pixels to learn edits from"):
        edit_examples(empty, shading_of=luminance_shading, count=1, seed=0)
