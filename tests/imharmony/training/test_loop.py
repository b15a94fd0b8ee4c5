"""The loop: it learns, it resumes to the same bits, and it stops with one clear line."""

import json
import re
from pathlib import Path

import pytest
import torch

from imharmony.errors import InputError
from imharmony.losses import ADVERSARIAL_LOSSES, l1
from imharmony.networks.harmonizer import Harmonizer, build_discriminator, build_harmonizer
from imharmony.training.augmentation import CHANGES
from imharmony.training.batches import Batches
from imharmony.training.initialisation import initialise
from imharmony.training.loop import Recipe, fit, resolve_precision
from imharmony.training.participants import Critic, Objective, Reconstruction
from imharmony.training.rules import Resynthesis
from imharmony.training.schedules import constant, step
from imharmony.training.state import LoopState, best_row, history_table
from imharmony.training.validation import validate
from tests.composites import packed

CPU = torch.device("cpu")
TRAIN, VAL = packed(10, 32, seed=0), packed(4, 32, seed=1)


class KilledError(Exception):
    """What a test kills a training with."""


def train(folder: Path, *, name: str = "unet", adversarial: str | None = "bce", on_epoch=lambda _row: None, seed: int = 0, **changes):
    device = changes.pop("device", CPU)
    shape = {"start": changes.pop("start", "published"), "members": changes.pop("members", 1)}
    harmonizer = build_harmonizer(name=name, width=4, size_px=32, mask_input=True, paste=True, inference_mode="eval", **shape)
    critic = build_discriminator(name="patchgan", width=4, size_px=32, field_px=34)
    for network in (harmonizer, critic):
        initialise(network, name="normal", generator=torch.Generator().manual_seed(0))
    arguments = {
        "objective": Objective({"l1": Reconstruction(l1, 100.0)}),
        "critic": Critic(critic, ADVERSARIAL_LOSSES[adversarial], 1.0) if adversarial else None,
        "learning_rate": 2e-3,
        "betas": (0.5, 0.999),
        "schedule": constant(),
        "batch_size": 4,
        "epochs": 4,
        "precision": "fp32",
        "augment": CHANGES,
    } | changes
    losses = {name: arguments.pop(name) for name in ("objective", "critic")}
    recipe = Recipe(seed=seed, **arguments)
    history = fit(harmonizer=harmonizer, train=TRAIN, val=VAL, recipe=recipe, device=device, folder=folder, on_epoch=on_epoch, **losses)
    return harmonizer, history


def same_weights(first: Harmonizer, second: Harmonizer) -> bool:
    one, other = first.state_dict(), second.state_dict()
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def killed_after(epoch: int):
    def on_epoch(row) -> None:
        if row["epoch"] == epoch:
            raise KilledError

    return on_epoch


FRESH = Resynthesis(("reinhard_lab", "photometric"), share=0.5, graded=0.5, grades=("lut",))
KINDS = [{"adversarial": "bce"}, {"adversarial": None}, {"average_weights": "recent"}, {"average_weights": 0.9}]
KINDS += [{"accumulate": 2}, {"resynthesis": FRESH}, {"channels_last": True}]


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_a_killed_run_resumes_to_the_same_bits(tmp_path, changes):
    straight, expected = train(tmp_path / "straight", **changes)
    with pytest.raises(KilledError):
        train(tmp_path / "killed", on_epoch=killed_after(2), **changes)
    seen = []
    resumed, history = train(tmp_path / "killed", on_epoch=seen.append, **changes)
    assert history == expected == seen
    assert same_weights(resumed, straight)


def test_a_finished_run_gives_its_result_again_without_training(tmp_path):
    first, expected = train(tmp_path)
    again, history = train(tmp_path)
    assert history == expected
    assert same_weights(again, first)


def test_two_runs_are_equal_whatever_the_callers_random_state(tmp_path):
    torch.manual_seed(1)
    first, history = train(tmp_path / "a", epochs=2)
    torch.manual_seed(2)
    second, other = train(tmp_path / "b", epochs=2)
    assert history == other
    assert same_weights(first, second)


def test_the_caller_keeps_its_random_numbers_and_settings(tmp_path):
    threads, states = torch.get_num_threads(), []
    train(tmp_path, epochs=2, on_epoch=lambda _row: states.append(torch.get_rng_state()))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert torch.equal(states[1], states[0])
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == threads


def test_another_seed_is_another_training(tmp_path):
    _, first = train(tmp_path / "a", epochs=1)
    _, second = train(tmp_path / "b", epochs=1, seed=1)
    assert first[0]["g_loss"] != second[0]["g_loss"]


def test_training_helps_on_pictures_that_were_not_trained_on(tmp_path):
    _, history = train(tmp_path, epochs=30, adversarial=None, learning_rate=4e-3)
    assert history[-1]["val_fmse"] < 0.5 * history[0]["val_fmse"]
    assert history[-1]["l1"] < 0.5 * history[0]["l1"]


def test_the_harmonizer_ends_with_the_weights_of_the_best_epoch(tmp_path):
    # A rate that explodes after the first half makes the last epoch a bad one.
    harmonizer, history = train(tmp_path, schedule=step(at=[0.5], factor=300.0), adversarial=None)
    best = best_row(history)
    assert best["epoch"] < 4
    assert validate(harmonizer, Batches(VAL, device=CPU), batch_size=4).fmse == best["val_fmse"]


def test_averaged_weights_are_what_is_scored_and_kept(tmp_path):
    plain, history = train(tmp_path / "plain", adversarial=None)
    averaged, scored = train(tmp_path / "averaged", adversarial=None, average_weights="recent")
    assert [row["l1"] for row in scored] == [row["l1"] for row in history]
    assert not same_weights(plain, averaged)
    assert validate(averaged, Batches(VAL, device=CPU), batch_size=4).fmse == best_row(scored)["val_fmse"]


def test_training_ends_when_patience_does(tmp_path):
    """A rate that explodes after the first epoch makes no later one better."""
    exploding = {"schedule": step(at=[0.125], factor=300.0), "adversarial": None, "epochs": 8}
    _, full = train(tmp_path / "full", **exploding)
    best = best_row(full)["epoch"]
    harmonizer, history = train(tmp_path / "patient", patience=2, **exploding)
    assert history == full[: best + 2]
    assert validate(harmonizer, Batches(VAL, device=CPU), batch_size=4).fmse == best_row(full)["val_fmse"]


@pytest.mark.parametrize("killed", [1, 2, 3])
def test_patience_counts_on_after_a_kill(tmp_path, killed):
    exploding = {"schedule": step(at=[0.125], factor=300.0), "adversarial": None, "epochs": 8, "patience": 2}
    straight, expected = train(tmp_path / "straight", **exploding)
    assert len(expected) == 3
    with pytest.raises(KilledError):
        train(tmp_path / "killed", on_epoch=killed_after(killed), **exploding)
    resumed, history = train(tmp_path / "killed", **exploding)
    assert history == expected
    assert same_weights(resumed, straight)


def test_equal_scores_use_up_patience(tmp_path):
    state = LoopState(tmp_path / "state.pt", settings={}, epochs=9, patience=2)
    over = []
    for epoch, fmse in enumerate([5.0, 4.0, 4.0, 4.0], start=1):
        state.add({"epoch": epoch, "val_fmse": fmse}, torch.nn.Identity())
        over.append(state.is_over)
    assert over == [False, False, False, True]


def test_fresh_composites_change_what_is_learned_and_not_what_is_scored(tmp_path):
    plain, history = train(tmp_path / "plain", epochs=1, adversarial=None)
    fresh, other = train(tmp_path / "fresh", epochs=1, adversarial=None, resynthesis=FRESH)
    assert history[0]["l1"] != other[0]["l1"]
    assert not same_weights(plain, fresh)
    assert validate(fresh, Batches(VAL, device=CPU), batch_size=4).fmse == other[0]["val_fmse"]


def test_another_order_in_memory_changes_little_and_nothing_that_is_kept(tmp_path):
    """Dropout is drawn in memory's order, so losses agree only roughly."""
    plain, history = train(tmp_path / "plain", epochs=1)
    last, other = train(tmp_path / "last", epochs=1, channels_last=True)
    assert other[0]["l1"] == pytest.approx(history[0]["l1"], rel=0.05)
    assert list(last.state_dict()) == list(plain.state_dict())
    assert all(tensor.is_contiguous() for tensor in last.state_dict().values())


def test_compiling_renames_nothing_and_scores_what_whoever_loads_it_will_have(tmp_path, monkeypatch):
    """Dynamo's capture alone, without the minutes that generated code takes to build, computes the same bits."""
    calls, compiling = [], torch.nn.Module.compile

    def captured(module: torch.nn.Module) -> None:
        def backend(graph: torch.fx.GraphModule, _inputs):
            calls.append(graph)
            return graph

        compiling(module, backend=backend)

    monkeypatch.setattr(torch.nn.Module, "compile", captured)
    plain, history = train(tmp_path / "plain", epochs=2)
    compiled, other = train(tmp_path / "compiled", epochs=2, compiled=True)
    in_training = len(calls)
    assert in_training > 0
    assert validate(compiled, Batches(VAL, device=CPU), batch_size=4).fmse == best_row(other)["val_fmse"]
    assert len(calls) == in_training
    assert other == history
    assert same_weights(compiled, plain)


def test_the_bar_counts_images_over_all_epochs(tmp_path, capfd):
    with pytest.raises(KilledError):
        train(tmp_path, on_epoch=killed_after(2))
    assert "| 20/40 [" in capfd.readouterr().err
    train(tmp_path)
    resumed = capfd.readouterr().err
    assert " 50%|" in resumed  # it begins where the killed run stood
    assert re.search(r"\| 40/40 \[00:\d\d<00:00, +[\d.]+ images/s, epoch 4/4, val fMSE", resumed)


def test_the_first_of_equally_good_epochs_is_the_best():
    rows = [{"epoch": epoch, "val_fmse": fmse} for epoch, fmse in ((1, 3.0), (2, 2.0), (3, 2.0))]
    assert best_row(rows)["epoch"] == 2


def test_history_names_every_loss_and_leaves_out_time(tmp_path):
    _, history = train(tmp_path, epochs=2, adversarial=None, schedule=step(at=[0.5], factor=0.1))
    expected = ["epoch", "learning_rate", "g_loss", "g_adversarial", "l1", "d_loss", "val_fmse", "val_psnr"]
    assert [list(row) for row in history] == [expected] * 2
    assert [row["learning_rate"] for row in history] == pytest.approx([2e-3, 2e-4])
    table = history_table(history)
    assert table.column("epoch").to_pylist() == [1, 2]
    assert table.column("d_loss").null_count == 2


def test_a_loss_that_is_not_a_number_stops_with_the_names_of_its_batch(tmp_path):
    broken = {"l1": Reconstruction(lambda output, real, mask: l1(output, real, mask) / 0 * 0, 1.0)}
    with pytest.raises(InputError, match=r"epoch 1, step 1: a loss is not a finite number; .* the batch was \d_\d_0, "):
        train(tmp_path, objective=Objective(broken))


def test_weights_that_diverge_stop_the_run(tmp_path):
    with pytest.raises(InputError, match=r"not a finite number|validation fMSE is nan"):
        train(tmp_path, learning_rate=1e38, adversarial=None)


def test_a_folder_of_another_training_is_refused(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(InputError, match="belongs to a training with other settings"):
        train(tmp_path, epochs=2)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: flipped(data, len(data) // 2),
        lambda data: flipped(data, 3),
        lambda data: flipped(data, -1 % len(data)),
        lambda data: data[: len(data) // 2],
        lambda data: data + b"x",
        lambda _data: b"",
        lambda _data: b"not a state",
    ],
    ids=["flipped", "head", "end", "cut", "longer", "empty", "other"],
)
def test_a_damaged_state_is_said_and_not_believed(harm, tmp_path, caplog):
    untouched, history = train(tmp_path / "untouched", epochs=2)
    with pytest.raises(KilledError):
        train(tmp_path / "harmed", epochs=2, on_epoch=killed_after(1))
    state = tmp_path / "harmed" / "state.pt"
    state.write_bytes(harm(state.read_bytes()))
    again, history_again = train(tmp_path / "harmed", epochs=2)
    assert history_again == history
    assert same_weights(again, untouched)
    assert [record.getMessage() for record in caplog.records if "trained from the start" in record.getMessage()] != []


def test_a_state_is_never_half_written(tmp_path, monkeypatch):
    with pytest.raises(KilledError):
        train(tmp_path, on_epoch=killed_after(1))
    before = (tmp_path / "state.pt").read_bytes()

    def half_written(path, data) -> None:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise KilledError

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(KilledError):
        train(tmp_path)
    assert (tmp_path / "state.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_only_a_gpu_that_gains_from_it_uses_bfloat16(monkeypatch):
    for has_it, expected in ((False, "fp32"), (True, "bf16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda has_it=has_it, **_options: has_it)
        assert resolve_precision("auto", torch.device("cuda")) == expected
    assert (resolve_precision("auto", CPU), resolve_precision("bf16", CPU)) == ("fp32", "bf16")


def test_history_is_plain_numbers(tmp_path):
    _, history = train(tmp_path, epochs=1)
    assert json.loads(json.dumps(history)) == history
