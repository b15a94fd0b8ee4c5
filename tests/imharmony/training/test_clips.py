"""Training on pairs of frames: it resumes to the same bits, the loss between frames counts by its weight, and it steadies."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.losses import l1
from imharmony.losses.temporal import temporal
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.training.batches import Batches
from imharmony.training.clip_batches import ClipBatches, PairedHarmonizer, between_frames
from imharmony.training.participants import Objective, Reconstruction, TemporalTerm, set_up
from imharmony.training.rules import ClipTraining
from imharmony.training.steps import reconstruction_step
from tests.imharmony.clips.films import SIZE, film
from tests.imharmony.training import test_loop
from tests.imharmony.training.test_loop import CPU, KilledError, killed_after, same_weights, train


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return {split: film(folder, split) for split in ("train", "val")}


@pytest.fixture
def on_clips(films, monkeypatch):
    monkeypatch.setattr(test_loop, "TRAIN", films["train"])
    monkeypatch.setattr(test_loop, "VAL", films["val"])

    def trained(folder, *, weight: float, **changes):
        objective = Objective({"l1": Reconstruction(l1, 100.0)}, temporal=TemporalTerm(between_frames, weight))
        return train(folder, objective=objective, clips=ClipTraining(pairs=2), augment=(), batch_size=3, **changes)

    return trained


def test_pairs_are_a_frame_and_the_one_before_it(films):
    split = films["train"]
    batches = ClipBatches(split, device=CPU)
    index = batches.pairs(2, seed=0, epoch=1)
    assert len(index) == 2 * split.clips
    assert (index % split.length > 0).all()
    assert len(set(index.tolist())) == len(index)
    assert index.tolist() != batches.pairs(2, seed=0, epoch=2).tolist()
    batch = batches.take(index)
    now, before = batch.halves(batch.composite)
    stored = Batches(split, device=CPU)
    assert torch.equal(now, stored.take(index).composite)
    assert torch.equal(before, stored.take(index - 1).composite)
    assert np.allclose(batch.backward[: len(index)], split.backward[index])


@pytest.mark.parametrize("adversarial", [None, "bce"])
def test_a_killed_training_resumes_to_the_same_bits(tmp_path, on_clips, adversarial):
    more = {"weight": 50.0, "adversarial": adversarial}
    straight, expected = on_clips(tmp_path / "straight", **more)
    with pytest.raises(KilledError):
        on_clips(tmp_path / "killed", on_epoch=killed_after(2), **more)
    resumed, history = on_clips(tmp_path / "killed", **more)
    assert history == expected
    assert same_weights(resumed, straight)


def test_without_weight_the_loss_is_told_and_teaches_nothing(tmp_path, on_clips):
    twin, history = on_clips(tmp_path / "twin", weight=0.0, adversarial=None, epochs=2)
    other, heavy = on_clips(tmp_path / "other", weight=500.0, adversarial=None, epochs=2)
    assert history[0]["temporal"] > 0
    assert history[0]["g_loss"] == pytest.approx(100 * history[0]["l1"])
    assert heavy[0]["g_loss"] == pytest.approx(100 * heavy[0]["l1"] + 500 * heavy[0]["temporal"])
    assert not same_weights(twin, other)


def test_with_weight_frames_come_to_differ_less(tmp_path, on_clips):
    ends = {weight: on_clips(tmp_path / str(weight), weight=weight, adversarial=None, epochs=12)[1][-1] for weight in (0.0, 2000.0)}
    assert ends[2000.0]["temporal"] < ends[0.0]["temporal"]


def test_the_first_weights_are_not_fallen_back_on(tmp_path, on_clips):
    _, history = on_clips(tmp_path, weight=1.0, adversarial=None, start="composite", epochs=1)
    assert [row["epoch"] for row in history] == [1]


def test_the_step_takes_the_loss_of_its_own_outputs(films, tmp_path, on_clips):
    harmonizer, _ = on_clips(tmp_path, weight=1.0, adversarial=None, epochs=1)
    harmonizer.infer()
    objective = Objective({"l1": Reconstruction(l1, 1.0)}, temporal=TemporalTerm(between_frames, 2.0))
    players = set_up(harmonizer, objective, None, precision="fp32", betas=(0.5, 0.999), device=CPU)
    players.set_rate(0.0)
    batch = ClipBatches(films["train"], device=CPU).take(np.array([1, 6]))
    losses = reconstruction_step(players, batch)
    with torch.no_grad():
        now, before = harmonizer(batch.composite, batch.mask).chunk(2)
    expected = temporal(now, before, real=batch.halves(batch.real), masks=batch.halves(batch.mask), backward=batch.backward[:2])
    assert losses["temporal"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert losses["g_loss"].item() == pytest.approx((losses["l1"] + 2 * losses["temporal"]).item(), rel=1e-5)


def test_parts_of_a_batch_and_stills_are_refused(tmp_path, on_clips):
    with pytest.raises(InputError, match="a batch of clips is to be taken in 2 parts; expected 1"):
        on_clips(tmp_path, weight=1.0, accumulate=2)
    objective = Objective({"l1": Reconstruction(l1, 1.0)}, temporal=TemporalTerm(between_frames, 1.0))
    with pytest.raises(TypeError, match="a temporal loss needs batches of clips"):
        train(tmp_path / "stills", objective=objective, adversarial=None)
    assert replace(ClipTraining(2), pairs=3).pairs == 3
    assert SIZE == 32


def test_both_frames_have_the_same_dropout_and_the_weights_are_those_of_the_harmonizer():
    harmonizer = build_harmonizer(name="unet", width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval").train()
    torch.manual_seed(0)
    composite, mask = torch.rand(2, 3, 32, 32) * 2 - 1, torch.ones(2, 1, 32, 32)
    both = torch.cat([composite, composite]), torch.cat([mask, mask])
    paired = PairedHarmonizer(harmonizer)
    now, before = paired(*both).chunk(2)
    assert torch.equal(now, before)
    assert not torch.equal(now, paired(*both)[:2])  # the next step draws anew
    alone, other = harmonizer(*both).chunk(2)
    assert not torch.equal(alone, other)
    assert [each.data_ptr() for each in paired.parameters()] == [each.data_ptr() for each in harmonizer.parameters()]
