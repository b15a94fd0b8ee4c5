"""The training loop."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from tqdm import tqdm

from imharmony.composing.joined_split import JoinedSplit, parts_of
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer
from imharmony.running.progress import bar
from imharmony.running.randomness import deterministic_algorithms, torch_seed
from imharmony.running.seeds import stable_hash
from imharmony.training.augmentation import Change
from imharmony.training.averages import WeightAverage
from imharmony.training.batches import Batches
from imharmony.training.parallel import expect_equal, mean_over_processes, share_buffers
from imharmony.training.participants import Critic, Objective, Players, set_up
from imharmony.training.rules import ClipTraining, PointTraining, Resynthesis
from imharmony.training.schedules import Schedule
from imharmony.training.state import HistoryRow, LoopState, Stateful
from imharmony.training.steps import Losses
from imharmony.training.validation import Validation, validate_each
from imharmony.training.ways import WAYS, Way

Precision = Literal["auto", "fp32", "bf16"]
Scores = tuple[Validation, dict[str, Validation]]  # the mean over data sets, and each one's
STATE_FILE = "state.pt"
OF_THEIR_OWN = {"schedule", "betas", "epochs", "resynthesis", "points", "clips"}  # of a recipe: what is said in another form
STEPS_BETWEEN_CHECKS = 50  # reading a loss makes an accelerator wait


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a harmonizer is trained, its losses apart. ``augment`` names what is drawn anew for each picture of a batch.

    With ``average_weights`` a mean of the steps' weights is what is scored, kept and used; training goes on from the weights
    themselves. A batch is taken in ``accumulate`` parts. After ``patience`` epochs without a better one training ends. With
    ``counts_start`` the first weights count too.
    """

    learning_rate: float
    betas: tuple[float, float]
    schedule: Schedule
    batch_size: int
    epochs: int
    precision: Precision
    augment: Collection[Change]
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    average_weights: WeightAverage = None
    accumulate: int = 1
    patience: int | None = None
    compiled: bool = False
    channels_last: bool = False
    resynthesis: Resynthesis | None = None
    points: PointTraining | None = None
    clips: ClipTraining | None = None
    counts_start: bool = False
    seed: int

    def rate(self, epochs_done: float) -> float:
        """The learning rate once so many epochs are done."""
        return self.learning_rate * self.schedule(epochs_done / self.epochs)

    @property
    def way(self) -> str:
        """What it learns from, of ``WAYS``."""
        return "clips" if self.clips else "points" if self.points else "pictures"


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

    Best is the lowest fMSE on ``val``; of several data sets the lowest mean over them, in which each counts the same. Of a harmonizer
    that begins at the composite, and with ``recipe.counts_start``, the first weights count too, as epoch 0 without losses: a training
    that only does harm ends with what it began with. After each epoch everything is stored in ``folder``, and a later call with the
    same arguments goes on from there, to the same bits. ``on_epoch`` is called for each row, restored ones first. Of processes side
    by side (``parallel``) all return the same; only the first stores and calls.
    """
    recipe = replace(recipe, precision=resolve_precision(recipe.precision, device))
    players = _players(harmonizer, objective, critic, recipe, device)
    fabric, parts = players.fabric, cast("dict[str, Stateful]", players.networks | players.optimizers)
    scored = harmonizer if players.average is None else cast("Harmonizer", players.average.module)
    data = WAYS[recipe.way](train, recipe, players, device=fabric.device)
    val_batches = {name: Batches(part, device=fabric.device) for name, part in parts_of(val).items()}
    settings = _settings(recipe, objective, critic, images=[len(data), len(val.composite)], processes=fabric.world_size) | _told(train)
    # A video's network was trained before: its first weights are another method's, not what to fall back on.
    settings["counts_start"] = counts_start = recipe.counts_start or (recipe.clips is None and harmonizer.network.begins_at_composite)
    state = LoopState(folder / STATE_FILE, settings=settings, epochs=recipe.epochs, patience=recipe.patience)
    state.restore(parts, device=fabric.device)
    expect_equal(fabric, len(state.history), what=f"{folder / STATE_FILE}, epochs done")
    tell = on_epoch if fabric.is_global_zero else _ignore
    with deterministic_algorithms():
        if not state.history and counts_start:  # not stored: of the same weights it comes out the same
            scores = fabric.broadcast(validate_each(scored, val_batches, batch_size=recipe.batch_size))
            state.add(_row(0, None, {}, objective, scores), scored)
    for row in state.history:
        tell(row)
    with deterministic_algorithms(), _bar(fabric, recipe, len(data), done=state.epochs_done) as progress:
        while not state.is_over:
            epoch = state.epochs_done + 1
            harmonizer.train()
            with torch_seed(_dropout_seed(recipe, epoch, fabric.global_rank), fabric.device):
                losses = _mean_losses(fabric, data.steps(players, epoch, progress), data, epoch=epoch)
            share_buffers(fabric, players.networks.values())
            scores = fabric.broadcast(validate_each(scored, val_batches, batch_size=recipe.batch_size))
            row = _row(epoch, recipe.rate(epoch - 1), losses, objective, scores)
            state.add(row, scored)
            if fabric.is_global_zero:
                state.store(parts)
            fabric.barrier()  # or another process could return, and be called again, before the epoch is on the disk
            progress.set_postfix_str(f"epoch {epoch}/{recipe.epochs}, val fMSE {scores[0].fmse:.1f}")
            tell(row)
    harmonizer.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]
    harmonizer.load_state_dict(state.best)
    harmonizer.infer()
    data.settle(harmonizer, val)
    return state.history


def resolve_precision(precision: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """``auto`` means bfloat16 autocast on a GPU that multiplies it faster than float32, else float32; on every processor float32."""
    if precision != "auto":
        return precision
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"


def _players(harmonizer: Harmonizer, objective: Objective, critic: Critic | None, recipe: Recipe, device: torch.device) -> Players:
    return set_up(
        harmonizer,
        objective,
        critic,
        precision=resolve_precision(recipe.precision, device),
        betas=recipe.betas,
        average_weights=recipe.average_weights,
        accumulate=recipe.accumulate,
        weight_decay=recipe.weight_decay,
        clip_norm=recipe.clip_norm,
        compiled=recipe.compiled,
        channels_last=recipe.channels_last,
        device=device,
    )


def _bar(fabric: Fabric, recipe: Recipe, images: int, *, done: int) -> tqdm:
    """Images per second, and the time left over all epochs."""
    if not fabric.is_global_zero:
        return tqdm(disable=True)
    return bar(total=recipe.epochs * images, what="train", unit="images", initial=done * images)


def _dropout_seed(recipe: Recipe, epoch: int, rank: int) -> int:
    return stable_hash(recipe.seed, "dropout", epoch, *([rank] if rank else []))


def _ignore(_row: HistoryRow) -> None:
    pass


def _settings(recipe: Recipe, objective: Objective, critic: Critic | None, *, images: list[int], processes: int) -> dict[str, Any]:
    plain = {name: value for name, value in vars(recipe).items() if name not in OF_THEIR_OWN}
    rates = [recipe.schedule(epoch / recipe.epochs) for epoch in range(recipe.epochs)]
    rules = {name: None if (own := getattr(recipe, name)) is None else asdict(own) for name in ("resynthesis", "points", "clips")}
    plain |= {
        "augment": sorted(recipe.augment),
        "betas": list(recipe.betas),
        "rates": rates,
        "losses": _weights(objective, critic),
        "images": images,
    }
    return plain | rules | {"processes": processes}


def _told(train: PackedSplit) -> dict[str, Any]:
    """The data sets that are learned from together: how many composites each has, and its weight if it has one."""
    if not isinstance(train, JoinedSplit):
        return {}
    return {"data_sets": {name: [len(part.composite), train.weights.get(name)] for name, part in train.parts.items()}}


def _weights(objective: Objective, critic: Critic | None) -> dict[str, Any]:
    adversarial = {} if critic is None else {"g_adversarial": critic.weight, "penalty": critic.penalty_weight}
    if critic is not None and critic.composite_is_fake:
        adversarial["composite_is_fake"] = True
    return objective.weights | adversarial | {"sides": list(objective.side_weights)}


def _mean_losses(fabric: Fabric, steps: Iterable[tuple[np.ndarray, Losses]], data: Way, *, epoch: int) -> dict[str, float]:
    """Means over the epoch's composites."""
    indices: list[np.ndarray] = []
    rows: list[Tensor] = []
    names: list[str] = []
    for index, losses in steps:
        names = list(losses)
        indices.append(index)
        rows.append(torch.stack(list(losses.values())))
        if len(rows) % STEPS_BETWEEN_CHECKS == 0:
            _require_finite(torch.stack(rows), indices, data, epoch)
    table = torch.stack(rows).double().cpu()
    _require_finite(table, indices, data, epoch)
    counts = torch.tensor([len(index) for index in indices], dtype=torch.float64)
    means = counts @ table / counts.sum()
    (means,) = mean_over_processes(fabric, [means], weight=int(counts.sum()))
    return dict(zip(names, means.tolist(), strict=True))


def _require_finite(table: Tensor, indices: list[np.ndarray], data: Way, epoch: int) -> None:
    broken = (~table.isfinite()).any(1).nonzero()
    if len(broken):
        step = int(broken[0])
        names = ", ".join(data.sample_ids(indices[step]))
        advice = "lower the learning rate or use precision fp32"
        raise InputError(f"epoch {epoch}, step {step + 1}: a loss is not a finite number; {advice}; the batch was {names}")


def _row(epoch: int, rate: float | None, losses: Mapping[str, float], objective: Objective, told: Scores) -> HistoryRow:
    scores, each = told
    if not math.isfinite(scores.fmse):
        raise InputError(f"epoch {epoch}: validation fMSE is {scores.fmse}; lower the learning rate, or add foregrounds to `val`")
    row: HistoryRow = {"epoch": epoch, "learning_rate": rate, "g_loss": losses.get("g_loss")}
    row |= {"g_adversarial": losses.get("g_adversarial"), **{name: losses.get(name) for name in objective.weights}}
    row |= {"d_loss": losses.get("d_loss"), "val_fmse": scores.fmse, "val_psnr": scores.psnr_db}
    for name, own in each.items() if len(each) > 1 else ():
        row |= {f"val_fmse_{name}": own.fmse, f"val_psnr_{name}": own.psnr_db}
    return row
