"""The critic learns the relation of foreground to background, and nothing else that tells."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from imharmony.errors import InputError
from imharmony.realism.auc import auc
from imharmony.realism.critic import RealismCritic, load_critic, realness, save_critic
from imharmony.realism.critic_training import fit_critic, worth_of
from imharmony.realism.grading import Grades, draw_grades, fours, graded
from imharmony.running.seeds import numpy_rng
from tests.imharmony.realism.pictures import box, noisy, tinted

CPU = torch.device("cpu")


def photographs(count: int, *, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    pictures = np.stack([noisy(seed) for seed in range(first, first + count)])
    return pictures, np.repeat((255 * box())[None].astype(np.uint8), count, axis=0)


def fitted(*, steps: int = 60, seed: int = 0) -> RealismCritic:
    return fit_critic(*photographs(48), width=4, steps=steps, batch_size=8, learning_rate=5e-3, seed=seed, device=CPU)


@pytest.fixture(scope="module")
def critic() -> RealismCritic:
    return fitted()


def test_a_grade_without_a_change_gives_whole_levels_back_and_gain_and_shift_are_as_written():
    pictures = torch.randint(0, 256, (2, 3, 4, 4), generator=torch.Generator().manual_seed(0)) / 255
    one, none = torch.ones(2, 1, 1, 1), torch.zeros(2, 1, 1, 1)
    assert_allclose(graded(pictures, Grades(one, one, one, one, none)), pictures, atol=1e-6)
    flat = torch.full((2, 3, 1, 1), 0.4)
    found = graded(flat, Grades(2 * one, one, one, one, 0.1 * one))
    assert_allclose(found, round(255 * (0.5 + 2 * (0.4 - 0.5) + 0.1)) / 255, atol=1e-6)


def test_every_foreground_and_every_background_is_as_often_in_a_real_picture_as_in_a_composite():
    pictures, masks = photographs(6)
    given = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    real, composite = fours(given, torch.from_numpy(masks)[:, None] / 255, numpy_rng(0, "a"))
    inside = torch.from_numpy(box() > 0.5)
    for region in (inside, ~inside):
        parts = [sorted(each[:, region].numpy().tobytes() for each in found) for found in (real, composite)]
        assert parts[0] == parts[1]
    assert (real[:6] != real[6:]).any()


def test_grades_are_uniform_and_drawn_from_the_generator_alone():
    found = draw_grades(4000, numpy_rng(0, "a"))
    shift = found.shift.numpy().ravel() / 0.12
    assert_allclose(np.quantile(shift, [0.25, 0.5, 0.75]), [-0.5, 0, 0.5], atol=0.05)
    assert np.abs(shift).max() <= 1
    assert_array_equal(found.gain, draw_grades(4000, numpy_rng(0, "a")).gain)


def test_the_critic_tells_other_grades_of_a_foreground_and_not_grades(critic):
    worth = worth_of(critic, *photographs(32, first=100), seed=0)
    assert worth.auc > 0.75
    assert 0.2 < worth.control < 0.65  # 1 would take every grade for a fake
    assert worth.photographs == 32


def test_a_foreground_that_was_tinted_is_less_real_and_a_picture_tinted_as_a_whole_is_not(critic):
    pictures = [noisy(seed, low=90, high=160) for seed in range(200, 224)]
    real, pasted, whole = (
        np.array([realness(critic, change(picture), box()) for picture in pictures])
        for change in (lambda each: each, lambda each: tinted(each, box()), lambda each: tinted(each, np.ones((32, 32))))
    )
    assert auc(real, pasted) > 0.8
    assert 0.3 < auc(real, whole) < 0.7


def test_one_logit_for_each_picture_and_of_a_flat_one_the_mask_says_nothing():
    network = RealismCritic(width=2).eval()
    pictures, masks = torch.rand(2, 3, 32, 32) * 2 - 1, torch.from_numpy(box()).float()[None, None].repeat(2, 1, 1, 1)
    with torch.inference_mode():
        found = network(pictures, masks)
        assert found.shape == (2,)
        flat = torch.full((1, 3, 32, 32), 0.2)
        first, second = (network(flat, masks[:1] * level) for level in (1.0, 0.5))
    assert_allclose(first, second, atol=1e-2)


def test_the_same_arguments_give_the_same_bits_and_another_seed_others():
    first, again, other = (fitted(steps=2, seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.0.weight"], other["head.0.weight"])


def test_the_file_alone_gives_the_critic_back(tmp_path, critic):
    save_critic(tmp_path / "model.safetensors", critic, size_px=32, metadata={"code": "c"})
    found, size_px, metadata = load_critic(tmp_path / "model.safetensors")
    assert (size_px, metadata["code"]) == (32, "c")
    assert realness(found, noisy(3), box()) == realness(critic, noisy(3), box())


def test_bad_input_is_one_line(tmp_path, critic):
    with pytest.raises(InputError, match="the mask is empty: realism compares"):
        realness(critic, noisy(0), 0 * box())
    with pytest.raises(InputError, match="1 photographs to learn realism from; expected two or more"):
        fit_critic(*photographs(1), width=2, steps=1, batch_size=2, learning_rate=1e-3, seed=0, device=CPU)
    save_critic(tmp_path / "a", critic, size_px=32, metadata={})
    data = (tmp_path / "a").read_bytes().replace(b"realism_critic", b"realism_critix")
    (tmp_path / "b").write_bytes(data)
    with pytest.raises(InputError, match="not a critic of realism"):
        load_critic(tmp_path / "b")
