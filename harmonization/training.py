"""The training loop."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from harmonization.batches import Batches, augmentation_rng, shuffled
from harmonization.data import PackedSplit
from harmonization.errors import InputError
from harmonization.networks.harmonizer import Harmonizer
from harmonization.progress import bar
from harmonization.randomness import deterministic_algorithms, torch_seed
from harmonization.schedules import Schedule
from harmonization.seeding import stable_hash
from harmonization.steps import Critic, Losses, Objective, Players, set_up, step_of
from harmonization.training_state import HistoryRow, LoopState, Stateful
from harmonization.validation import Validation, validate

Precision = Literal["auto", "fp32", "bf16"]
STATE_FILE = "state.pt"
STEPS_BETWEEN_CHECKS = 50  # reading a loss makes an accelerator wait


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a harmonizer is trained, its losses apart.

    With ``average_weights`` a mean of the recent steps' weights is what is scored, kept and used; training goes on from
    the weights themselves.
    """

    learning_rate: float
    betas: tuple[float, float]
    schedule: Schedule
    batch_size: int
    epochs: int
    precision: Precision
    augment: bool
    average_weights: bool = False
    seed: int


def fit(
    *,
    harmonizer: Harmonizer,
    train: PackedSplit,
    val: PackedSplit,
    objective: Objective,
    critic: Critic | None,
    recipe: Recipe,
    device: torch.device,
    folder: Path,
    on_epoch: Callable[[HistoryRow], None],
) -> list[HistoryRow]:
    """Trains and returns one row of losses and scores per epoch; the harmonizer then has the weights of the best one.

    Best is the lowest fMSE on ``val``. After each epoch everything is stored in ``folder``, and a later call with the
    same arguments goes on from there, to the same bits. ``on_epoch`` is called for each epoch, restored ones first.
    """
    number_format = resolve_precision(recipe.precision, device)
    recipe = replace(recipe, precision=number_format)
    players = set_up(
        harmonizer,
        objective,
        critic,
        precision=number_format,
        betas=recipe.betas,
        average_weights=recipe.average_weights,
        device=device,
    )
    parts = _changing_parts(harmonizer, critic, players)
    scored = harmonizer if players.average is None else cast("Harmonizer", players.average.module)
    batches, val_batches = Batches(train, device=device), Batches(val, device=device)
    epochs = recipe.epochs
    state = LoopState(folder / STATE_FILE, settings=_settings(recipe, objective, critic, batches, val_batches), epochs=epochs)
    state.restore(parts, device=device)
    for row in state.history:
        on_epoch(row)
    done = len(state.history)
    with deterministic_algorithms(), bar(total=epochs * len(batches), what="train", unit="images", initial=done * len(batches)) as progress:
        for epoch in range(done + 1, epochs + 1):
            rate = recipe.learning_rate * recipe.schedule((epoch - 1) / epochs)
            _set_rate(players, rate)
            harmonizer.train()
            with torch_seed(stable_hash(recipe.seed, "dropout", epoch), device):
                losses = _mean_losses(_steps(players, batches, recipe, epoch=epoch), batches, epoch=epoch, progress=progress)
            scores = validate(scored, val_batches, batch_size=recipe.batch_size)
            row = _row(epoch, rate, losses, objective, scores)
            state.add(row, scored)
            state.store(parts)
            progress.set_postfix_str(f"epoch {epoch}/{epochs}, val fMSE {scores.fmse:.1f}")
            on_epoch(row)
    harmonizer.load_state_dict(state.best)
    harmonizer.infer()
    return state.history


def resolve_precision(precision: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """``auto`` means bfloat16 autocast where the hardware multiplies it faster than float32, else float32."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    features = torch.cpu.get_capabilities()
    return "bf16" if features.get("avx512_bf16") or features.get("amx_bf16") else "fp32"


def _changing_parts(harmonizer: Harmonizer, critic: Critic | None, players: Players) -> dict[str, Stateful]:
    parts: dict[str, Stateful] = {"harmonizer": harmonizer, "optimizer": players.optimizer}
    if critic is not None and players.critic_optimizer is not None:
        parts |= {"critic": critic.network, "critic_optimizer": players.critic_optimizer}
    return parts if players.average is None else parts | {"average": players.average}


def _settings(recipe: Recipe, objective: Objective, critic: Critic | None, batches: Batches, val_batches: Batches) -> dict[str, Any]:
    plain = {name: value for name, value in vars(recipe).items() if name not in ("schedule", "betas", "epochs")}
    rates = [recipe.schedule(epoch / recipe.epochs) for epoch in range(recipe.epochs)]
    sizes = [len(batches), len(val_batches)]
    return plain | {"betas": list(recipe.betas), "rates": rates, "losses": _weights(objective, critic), "images": sizes}


def _weights(objective: Objective, critic: Critic | None) -> dict[str, Any]:
    adversarial = {} if critic is None else {"g_adversarial": critic.weight, "penalty": critic.penalty_weight}
    return objective.weights | adversarial | {"sides": list(objective.side_weights)}


def _set_rate(players: Players, rate: float) -> None:
    for optimizer in (players.optimizer, players.critic_optimizer):
        for group in optimizer.param_groups if optimizer else ():
            group["lr"] = rate


def _steps(players: Players, batches: Batches, recipe: Recipe, *, epoch: int) -> Iterator[tuple[np.ndarray, Losses]]:
    """Takes the epoch's steps, one for each item: the positions of its composites and its losses."""
    step, seed = step_of(players.critic), recipe.seed
    for number, index in enumerate(shuffled(len(batches), batch_size=recipe.batch_size, seed=seed, epoch=epoch)):
        crops = augmentation_rng(seed, epoch=epoch, step=number) if recipe.augment else None
        yield index, step(players, batches.take(index, crops))


def _mean_losses(steps: Iterable[tuple[np.ndarray, Losses]], batches: Batches, *, epoch: int, progress: tqdm) -> dict[str, float]:
    """Means over the epoch's composites."""
    indices: list[np.ndarray] = []
    rows: list[Tensor] = []
    names: list[str] = []
    for index, losses in steps:
        names = list(losses)
        indices.append(index)
        rows.append(torch.stack(list(losses.values())))
        if len(rows) % STEPS_BETWEEN_CHECKS == 0:
            _require_finite(torch.stack(rows), indices, batches, epoch)
        progress.update(len(index))
    table = torch.stack(rows).double().cpu()
    _require_finite(table, indices, batches, epoch)
    counts = torch.tensor([len(index) for index in indices], dtype=torch.float64)
    means = counts @ table / counts.sum()
    return dict(zip(names, means.tolist(), strict=True))


def _require_finite(table: Tensor, indices: list[np.ndarray], batches: Batches, epoch: int) -> None:
    broken = (~table.isfinite()).any(1).nonzero()
    if len(broken):
        step = int(broken[0])
        names = ", ".join(batches.sample_ids(indices[step]))
        advice = "lower the learning rate or use precision fp32"
        raise InputError(f"epoch {epoch}, step {step + 1}: a loss is not a finite number; {advice}; the batch was {names}")


def _row(epoch: int, rate: float, losses: Mapping[str, float], objective: Objective, scores: Validation) -> HistoryRow:
    if not math.isfinite(scores.fmse):
        raise InputError(f"epoch {epoch}: validation fMSE is {scores.fmse}; lower the learning rate, or add foregrounds to `val`")
    row: HistoryRow = {"epoch": epoch, "learning_rate": rate, "g_loss": losses["g_loss"]}
    row |= {"g_adversarial": losses.get("g_adversarial"), **{name: losses[name] for name in objective.weights}}
    return row | {"d_loss": losses.get("d_loss"), "val_fmse": scores.fmse, "val_psnr": scores.psnr_db}
