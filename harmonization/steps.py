"""One update of the networks, of each kind.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel

from harmonization.batches import Batch
from harmonization.losses import AdversarialLoss, ReconstructionLoss
from harmonization.networks.harmonizer import Harmonizer

Losses = dict[str, Tensor]  # scalars, detached
RECENCY = 8.0  # the average reaches back over about the last ninth of the steps taken so far
FABRIC_PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"fp32": "32-true", "bf16": "bf16-mixed"}


class Reconstruction(NamedTuple):
    """A loss against the real photograph and its weight."""

    loss: ReconstructionLoss
    weight: float


class Critic(NamedTuple):
    """A discriminator, what the two networks minimise, and the weight of the generator's part."""

    network: nn.Module
    loss: AdversarialLoss
    weight: float


@dataclass(frozen=True)
class Players:
    """The networks and their optimisers, set up on one device. Without a critic there is no game.

    ``average`` follows the harmonizer's weights and batch statistics from step to step, if there is one.
    """

    fabric: Fabric
    harmonizer: nn.Module
    optimizer: Optimizer
    reconstructions: Mapping[str, Reconstruction]
    critic: Critic | None = None
    critic_optimizer: Optimizer | None = None
    average: AveragedModel | None = None


def set_up(
    harmonizer: Harmonizer,
    reconstructions: Mapping[str, Reconstruction],
    critic: Critic | None,
    *,
    precision: Literal["fp32", "bf16"],
    betas: tuple[float, float],
    average_weights: bool = False,
    device: torch.device,
) -> Players:
    """Moves the networks to the device and gives each an Adam; losses are computed in float32 whatever the precision."""
    devices = [device.index or 0] if device.type == "cuda" else 1
    fabric = Fabric(accelerator=device.type, devices=devices, precision=FABRIC_PRECISIONS[precision])
    module, optimizer = fabric.setup(harmonizer, Adam(harmonizer.parameters(), betas=betas, fused=True))
    average = AveragedModel(harmonizer, avg_fn=_recent_mean, use_buffers=True) if average_weights else None
    if critic is None:
        return Players(fabric, module, optimizer, reconstructions, average=average)
    network, critic_optimizer = fabric.setup(critic.network, Adam(critic.network.parameters(), betas=betas, fused=True))
    return Players(fabric, module, optimizer, reconstructions, critic._replace(network=network), critic_optimizer, average)


def reconstruction_step(players: Players, batch: Batch) -> Losses:
    """One update of the harmonizer towards the real photographs."""
    output = players.harmonizer(batch.composite, batch.mask)
    return _update_harmonizer(players, output, batch, adversarial=None)


def gan_step(players: Players, batch: Batch) -> Losses:
    """One update of the critic, then one of the harmonizer against the updated critic, as in pix2pix.

    The critic sees the composite beside the picture that it judges.
    """
    critic, critic_optimizer = players.critic, players.critic_optimizer
    if critic is None or critic_optimizer is None:
        raise ValueError("gan_step needs players with a critic")
    output = players.harmonizer(batch.composite, batch.mask)
    d_loss = critic.loss.discriminator(_scores(critic, batch, batch.real), _scores(critic, batch, output.detach()))
    _descend(players.fabric, d_loss, critic_optimizer)
    critic.network.requires_grad_(False)
    losses = _update_harmonizer(players, output, batch, adversarial=critic.loss.generator(_scores(critic, batch, output)))
    critic.network.requires_grad_(True)
    return {**losses, "d_loss": d_loss.detach()}


STEPS: dict[bool, Callable[[Players, Batch], Losses]] = {True: gan_step, False: reconstruction_step}  # by: has a critic


def _recent_mean(average: Tensor, latest: Tensor, averaged: Tensor | int) -> Tensor:
    """Polynomial-decay averaging (Shamir & Zhang 2013, arXiv:1212.1824): no decay rate to fit to the number of steps."""
    return average + (latest - average) * ((RECENCY + 1) / (averaged + 1 + RECENCY))


def _scores(critic: Critic, batch: Batch, picture: Tensor) -> Tensor:
    return critic.network(torch.cat([batch.composite, picture], 1))


def _update_harmonizer(players: Players, output: Tensor, batch: Batch, *, adversarial: Tensor | None) -> Losses:
    losses = {name: part.loss(output, batch.real, batch.mask) for name, part in players.reconstructions.items()}
    weights = {name: part.weight for name, part in players.reconstructions.items()}
    if adversarial is not None and players.critic is not None:
        losses["g_adversarial"], weights["g_adversarial"] = adversarial, players.critic.weight
    total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
    _descend(players.fabric, total, players.optimizer)
    if players.average is not None:
        players.average.update_parameters(players.harmonizer)
    return {"g_loss": total.detach()} | {name: loss.detach() for name, loss in losses.items()}


def _descend(fabric: Fabric, loss: Tensor, optimizer: Optimizer) -> None:
    optimizer.zero_grad()
    fabric.backward(loss)
    optimizer.step()
