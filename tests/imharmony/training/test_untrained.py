"""The untrained network as epoch 0, where it returns the composite: it wins where training only does harm."""

import numpy as np
import pytest
import torch

from imharmony.errors import InputError
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.training.batches import Batches
from imharmony.training.schedules import step
from imharmony.training.state import LoopState, best_row, epochs_of, history_table
from imharmony.training.validation import validate
from tests.imharmony.training.test_loop import CPU, VAL, KilledError, killed_after, same_weights, train
from tests.imharmony.training.test_ways import ON_POINTS

HARMFUL = {"start": "composite", "adversarial": None, "learning_rate": 0.5, "epochs": 3}
GAINING = {"start": "composite", "adversarial": "bce", "epochs": 3}
KINDS = [HARMFUL, GAINING, GAINING | {"average_weights": "recent"}, GAINING | {"name": "idih", "average_weights": 0.9}]


def composites_fmse() -> float:
    """Of the untouched composites, with numpy."""
    weights = VAL.mask / 255
    errors = [np.square(VAL.composite[place].astype(float) - VAL.real[place]).mean(2) for place in range(len(VAL.mask))]
    return float(np.mean([(error * weight).sum() / weight.sum() for error, weight in zip(errors, weights, strict=True)]))


def test_a_training_that_only_does_harm_ends_with_the_composite(tmp_path):
    harmonizer, history = train(tmp_path, **HARMFUL)
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    assert min(row["val_fmse"] for row in history[1:]) > history[0]["val_fmse"] == pytest.approx(composites_fmse(), rel=1e-5)
    assert best_row(history)["epoch"] == 0
    batch = next(Batches(VAL, device=CPU).in_order(4))
    with torch.no_grad():
        assert torch.equal(harmonizer.raw(batch.composite, batch.mask), batch.composite)


def test_a_training_that_helps_keeps_the_best_trained_epoch(tmp_path):
    harmonizer, history = train(tmp_path, start="composite", adversarial=None, epochs=3, learning_rate=1e-3)
    assert best_row(history)["epoch"] > 0
    assert validate(harmonizer, Batches(VAL, device=CPU), batch_size=4).fmse == best_row(history)["val_fmse"] < history[0]["val_fmse"]


def test_epoch_0_has_scores_alone_and_every_other_row_is_whole(tmp_path):
    _, history = train(tmp_path, **GAINING)
    assert [list(row) for row in history] == [list(history[-1])] * 4
    assert [name for name, value in history[0].items() if value is not None] == ["epoch", "val_fmse", "val_psnr"]
    assert all(None not in row.values() for row in history[1:])
    table = history_table(history)
    assert (table["epoch"].to_pylist(), table["g_loss"].null_count, table["d_loss"].null_count) == ([0, 1, 2, 3], 1, 1)
    assert (epochs_of(history), epochs_of(history[:1]), epochs_of([])) == (3, 0, 0)


@pytest.mark.parametrize("killed", [0, 1, 2, 3])
@pytest.mark.parametrize("changes", KINDS, ids=["harmful", "gaining", "recent", "ema"])
def test_a_killed_run_resumes_to_the_same_bits(tmp_path, changes, killed):
    straight, expected = train(tmp_path / "straight", **changes)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", on_epoch=killed_after(killed), **changes)
    seen = []
    resumed, history = train(tmp_path / "killed", on_epoch=seen.append, **changes)
    assert history == expected == seen
    assert same_weights(resumed, straight)


def test_on_points_the_untrained_network_counts_too(tmp_path):
    harmful = ON_POINTS | {"learning_rate": 50.0, "clip_norm": 0.0, "average_weights": None, "epochs": 2}
    harmonizer, history = train(tmp_path, **harmful)
    assert (history[0]["epoch"], best_row(history)["epoch"]) == (0, 0)
    assert history[0]["val_fmse"] == pytest.approx(composites_fmse(), rel=1e-5)
    assert all(member.last.weight.abs().max() == 0 for member in harmonizer.network.members)


def test_a_published_start_has_no_epoch_0(tmp_path):
    _, history = train(tmp_path, epochs=1)
    assert [row["epoch"] for row in history] == [1]


def test_the_first_of_equally_good_rows_is_the_untrained_one():
    assert best_row([{"epoch": epoch, "val_fmse": 5.0} for epoch in (0, 1, 2)])["epoch"] == 0


def test_patience_looks_at_trained_epochs_alone(tmp_path):
    """Learning that goes on above the composite's error is not cut short; without it the count is as ever."""
    state, over = LoopState(tmp_path / "state.pt", settings={}, epochs=9, patience=2), []
    for epoch, fmse in enumerate([4.0, 9.0, 8.0, 7.0, 7.5, 7.0]):
        state.add({"epoch": epoch, "val_fmse": fmse}, torch.nn.Identity())
        over.append(state.is_over)
    assert over == [False] * 5 + [True]
    assert state.best_row["epoch"] == 0


def test_epochs_are_counted_without_the_untrained_one(tmp_path):
    state = LoopState(tmp_path / "state.pt", settings={}, epochs=1)
    state.add({"epoch": 0, "val_fmse": 4.0}, torch.nn.Identity())
    assert not state.is_over
    state.add({"epoch": 1, "val_fmse": 4.0}, torch.nn.Identity())
    assert (state.is_over, state.epochs_done) == (True, 1)


def test_a_folder_of_the_other_start_is_refused(tmp_path):
    """Its weights would fit."""
    train(tmp_path, epochs=1)
    with pytest.raises(InputError, match="belongs to a training with other settings"):
        train(tmp_path, epochs=1, start="composite")


def test_a_rate_of_the_schedule_is_that_of_trained_epochs(tmp_path):
    _, history = train(tmp_path, start="composite", adversarial=None, epochs=2, schedule=step(at=[0.5], factor=0.1))
    assert [row["learning_rate"] for row in history] == [None, pytest.approx(2e-3), pytest.approx(2e-4)]


def test_a_network_says_where_it_begins():
    sizes = {"width": 4, "size_px": 32, "mask_input": True, "paste": True, "inference_mode": "eval"}
    assert not build_harmonizer(name="unet", **sizes).network.begins_at_composite
    assert build_harmonizer(name="unet", **sizes, start="composite").network.begins_at_composite
    assert build_harmonizer(name="regions", **sizes).network.begins_at_composite
