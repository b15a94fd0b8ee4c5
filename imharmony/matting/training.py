"""Teaching a matting network alone: on drawn objects first, which stand for Adobe's set, then on portraits, as report 004 does.

Pictures are float (B, 3, S, S) in [0, 1], mattes and trimaps (B, 1, S, S) in [0, 1]. Trimaps are drawn anew at every step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import torch
from torch import Tensor
from torch.optim import Adam

from imharmony.losses.matting import alpha_l1, matting_loss, portrait_loss
from imharmony.matting.batches import Draw, MattingBatch
from imharmony.networks.matting import predict_alpha
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms, torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.storage.shards import Row
from imharmony.training.fitting import expect_work
from imharmony.training.schedules import linear

Groups = Literal["equal", "as_in_code", "as_printed"]
SLOWER = 0.01  # of the learning rate, for the slower one of two groups

# One row for each step of a training.
HISTORY = pa.schema([("lesson", pa.string()), ("step", pa.int64()), ("loss", pa.float64())])


@dataclass(frozen=True, kw_only=True)
class Rates:
    """``learning_rate`` is that of the faster group.

    Report 004 prints the larger rate for the backbone; in IndexNet's code (arXiv:1908.00672) the head has it.
    """

    learning_rate: float
    groups: Groups


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """One of a network's two trainings; ``composition`` is the share of the composition loss, of IndexNet's pretraining a half."""

    name: str
    steps: int
    batch_size: int
    rates: Rates
    composition: float
    seed: int


def fit_matting(network: MattingNetwork, draw: Draw, *, lesson: Lesson, device: torch.device) -> list[Row]:
    """Teaches the network, which is on the CPU in its evaluation mode afterwards; returns rows of ``HISTORY``.

    The same arguments give the same bits on the same machine and device. No steps leave it as it is. There is no state to go on from:
    a killed training starts anew.
    """
    if lesson.steps == 0:
        network.cpu().eval()
        return []
    expect_work(lesson.steps, lesson.batch_size, of="portraits")
    network.to(device).train()
    optimizer = Adam(parameter_groups(network, lesson.rates), fused=True)
    fall, rows = falling(optimizer, lesson.steps), []
    with torch_seed(stable_hash(lesson.seed, "dropout", lesson.name), device), deterministic_algorithms():
        for step in track(range(lesson.steps), total=lesson.steps, what=f"matting: {lesson.name}", unit="steps"):
            fall(step)
            batch = draw(numpy_rng(lesson.seed, lesson.name, step), lesson.batch_size).to(device)
            loss = loss_of(network, batch, composition=lesson.composition)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rows.append({"lesson": lesson.name, "step": step, "loss": loss.item()})
    network.cpu().eval()
    return rows


def loss_of(network: MattingNetwork, batch: MattingBatch, *, composition: float) -> Tensor:
    """A batch's loss: MODNet's three for a network without a trimap; else of the merged matte, on unknown pixels alone.

    Without a share of composition it is report 004's, the absolute error of alpha.
    """
    if isinstance(network, PortraitMatting):
        signed = 2 * batch.picture - 1
        return portrait_loss(network(signed), batch.alpha, signed, batch.unknown)
    merged = predict_alpha(network, batch.picture, batch.trimap, clipped=False)
    if not composition:
        return alpha_l1(merged, batch.alpha, batch.unknown)
    colours = batch.foreground, batch.background, batch.picture
    return matting_loss(merged, batch.alpha, *colours, batch.unknown, weight=1 - composition)


def parameter_groups(network: MattingNetwork, rates: Rates) -> list[dict[str, Any]]:
    """What an optimizer takes: all parameters at one rate, or the head's and the backbone's, one of them ``SLOWER``."""
    if rates.groups == "equal":
        return [{"params": list(network.parameters()), "lr": rates.learning_rate}]
    fast, slow = network.head_parameters(), network.backbone_parameters()
    if rates.groups == "as_printed":
        fast, slow = slow, fast
    return [{"params": fast, "lr": rates.learning_rate}, {"params": slow, "lr": rates.learning_rate * SLOWER}]


def falling(optimizer: torch.optim.Optimizer, steps: int) -> Callable[[int], None]:
    """What sets each group's rate before a step: from its own it falls to 0 on a line.

    Deviation: IndexNet's falls to a tenth after two thirds of its epochs, and again near their end.
    """
    begun, line = [group["lr"] for group in optimizer.param_groups], linear()

    def fall(step: int) -> None:
        for group, rate in zip(optimizer.param_groups, begun, strict=True):
            group["lr"] = rate * line(step / steps)

    return fall
