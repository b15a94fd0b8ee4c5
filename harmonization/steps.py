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
from harmonization.losses.adversarial import DisharmonyLoss
from harmonization.losses.deep_supervision import deep_supervision
from harmonization.losses.gradient_penalty import gradient_penalty
from harmonization.losses.triplet import DomainCodes, DomainTriplets
from harmonization.networks.harmonizer import Harmonizer

Losses = dict[str, Tensor]  # scalars, detached
DOMAIN_CODES = "domain_codes"  # the name of their loss
RECENCY = 8.0  # the average reaches back over about the last ninth of the steps taken so far
FABRIC_PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"fp32": "32-true", "bf16": "bf16-mixed"}

# What a critic is shown of a picture, by the name that ``networks.DISCRIMINATORS`` gives.
VIEWS: dict[str, Callable[[Batch, Tensor], tuple[Tensor, ...]]] = {
    "beside_composite": lambda batch, picture: (torch.cat([batch.composite, picture], 1),),
    "picture": lambda batch, picture: (picture,),  # noqa: ARG005
    "picture_and_mask": lambda batch, picture: (picture, batch.mask),
}


class Reconstruction(NamedTuple):
    """A loss against the real photograph and its weight."""

    loss: ReconstructionLoss
    weight: float


class CodeTerm(NamedTuple):
    """A loss on the domain codes of regions, the encoder that gives them (pictures, mask -> codes), and its weight.

    The encoder is a part of the harmonizer and learns with it.
    """

    loss: DomainTriplets
    encoder: Callable[[Tensor, Tensor], Tensor]
    weight: float


@dataclass(frozen=True)
class Objective:
    """What the harmonizer minimises, a critic's part aside.

    With ``side_weights`` the reconstruction losses are taken of each side output of the network, the main one first.
    """

    reconstructions: Mapping[str, Reconstruction]
    codes: CodeTerm | None = None
    side_weights: tuple[float, ...] = ()

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each of its losses by name."""
        codes = {} if self.codes is None else {DOMAIN_CODES: self.codes.weight}
        return {name: part.weight for name, part in self.reconstructions.items()} | codes


class Critic(NamedTuple):
    """A discriminator, what the two networks minimise, the weight of the generator's part, and what the critic is shown.

    ``penalty_weight`` is that of the gradient penalty.
    """

    network: nn.Module
    loss: AdversarialLoss | DisharmonyLoss
    weight: float
    view: str = "beside_composite"
    penalty_weight: float = 0.0


@dataclass(frozen=True)
class Players:
    """The networks and their optimisers, set up on one device. Without a critic there is no game.

    ``average`` follows the harmonizer's weights and batch statistics from step to step, if there is one.
    """

    fabric: Fabric
    harmonizer: nn.Module
    optimizer: Optimizer
    objective: Objective
    critic: Critic | None = None
    critic_optimizer: Optimizer | None = None
    average: AveragedModel | None = None


def set_up(
    harmonizer: Harmonizer,
    objective: Objective,
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
        return Players(fabric, module, optimizer, objective, average=average)
    network, critic_optimizer = fabric.setup(critic.network, Adam(critic.network.parameters(), betas=betas, fused=True))
    return Players(fabric, module, optimizer, objective, critic._replace(network=network), critic_optimizer, average)


def reconstruction_step(players: Players, batch: Batch) -> Losses:
    """One update of the harmonizer towards the real photographs."""
    return _update_harmonizer(players, _outputs(players, batch), batch, adversarial=None)


def gan_step(players: Players, batch: Batch) -> Losses:
    """One update of the critic, then one of the harmonizer against the updated critic, as in pix2pix.

    A critic with several heads, as DoveNet's, is judged by the sum over them.
    """
    critic, loss = players.critic, players.critic and players.critic.loss
    if critic is None or not isinstance(loss, AdversarialLoss):
        raise ValueError("gan_step needs players with a critic that scores pictures")
    outputs = _outputs(players, batch)
    real, fake = (_scores(critic, batch, picture) for picture in (batch.real, outputs[0].detach()))
    d_loss = torch.stack([loss.discriminator(*pair) for pair in zip(real, fake, strict=True)]).sum()
    if critic.penalty_weight:
        d_loss = d_loss + critic.penalty_weight * _penalty(critic, batch, outputs[0])

    def adversarial() -> Tensor:
        return torch.stack([loss.generator(scores) for scores in _scores(critic, batch, outputs[0])]).sum()

    return _play(players, d_loss, outputs, batch, adversarial)


def disharmony_step(players: Players, batch: Batch) -> Losses:
    """The same with a critic that marks the pixels which do not fit: it learns the mask of composites and of outputs."""
    critic, loss = players.critic, players.critic and players.critic.loss
    if critic is None or not isinstance(loss, DisharmonyLoss):
        raise ValueError("disharmony_step needs players with a critic that marks pixels")
    outputs = _outputs(players, batch)
    composite, output, real = (_scores(critic, batch, picture)[0] for picture in (batch.composite, outputs[0].detach(), batch.real))
    d_loss = loss.discriminator(composite, output, real, batch.mask)
    return _play(players, d_loss, outputs, batch, lambda: loss.generator(_scores(critic, batch, outputs[0])[0]))


def step_of(critic: Critic | None) -> Callable[[Players, Batch], Losses]:
    """The kind of update that a critic, or its absence, asks for."""
    if critic is None:
        return reconstruction_step
    return disharmony_step if isinstance(critic.loss, DisharmonyLoss) else gan_step


def _recent_mean(average: Tensor, latest: Tensor, averaged: Tensor | int) -> Tensor:
    """Polynomial-decay averaging (Shamir & Zhang 2013, arXiv:1212.1824): no decay rate to fit to the number of steps."""
    return average + (latest - average) * ((RECENCY + 1) / (averaged + 1 + RECENCY))


def _outputs(players: Players, batch: Batch) -> list[Tensor]:
    """The harmonizer's picture, followed by its other side outputs if they are compared."""
    if players.objective.side_weights:
        return players.harmonizer(batch.composite, batch.mask, sides=True)
    return [players.harmonizer(batch.composite, batch.mask)]


def _scores(critic: Critic, batch: Batch, picture: Tensor) -> tuple[Tensor, ...]:
    """What each head of the critic says of a picture."""
    scores = critic.network(*VIEWS[critic.view](batch, picture))
    return (scores,) if isinstance(scores, Tensor) else tuple(scores)


def _penalty(critic: Critic, batch: Batch, output: Tensor) -> Tensor:
    bare = critic._replace(network=getattr(critic.network, "module", critic.network))  # Fabric's wrapper forbids gradients of inputs

    def score(picture: Tensor) -> Tensor:
        return torch.stack([scores.float().mean((1, 2, 3)[: scores.ndim - 1]) for scores in _scores(bare, batch, picture)]).mean(0)

    return gradient_penalty(score, batch.real, output, rng=torch.default_generator)  # the loop seeds it for each epoch


def _play(players: Players, d_loss: Tensor, outputs: list[Tensor], batch: Batch, adversarial: Callable[[], Tensor]) -> Losses:
    """Updates the critic by its loss, then the harmonizer by what the updated critic says."""
    critic, critic_optimizer = players.critic, players.critic_optimizer
    if critic is None or critic_optimizer is None:
        raise ValueError("a game needs players with a critic and its optimizer")
    _descend(players.fabric, d_loss, critic_optimizer)
    critic.network.requires_grad_(False)
    losses = _update_harmonizer(players, outputs, batch, adversarial=adversarial())
    critic.network.requires_grad_(True)
    return {**losses, "d_loss": d_loss.detach()}


def _update_harmonizer(players: Players, outputs: list[Tensor], batch: Batch, *, adversarial: Tensor | None) -> Losses:
    objective, weights = players.objective, players.objective.weights
    losses = {name: _reconstruction(objective, part, outputs, batch) for name, part in objective.reconstructions.items()}
    if objective.codes is not None:
        losses[DOMAIN_CODES] = _domain_codes(objective.codes, outputs[0], batch)
    if adversarial is not None and players.critic is not None:
        losses["g_adversarial"], weights["g_adversarial"] = adversarial, players.critic.weight
    total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
    _descend(players.fabric, total, players.optimizer)
    if players.average is not None:
        players.average.update_parameters(players.harmonizer)
    return {"g_loss": total.detach()} | {name: loss.detach() for name, loss in losses.items()}


def _reconstruction(objective: Objective, part: Reconstruction, outputs: list[Tensor], batch: Batch) -> Tensor:
    if not objective.side_weights:
        return part.loss(outputs[0], batch.real, batch.mask)
    return deep_supervision(outputs, batch.real, batch.mask, loss=part.loss, weights=objective.side_weights)


def _domain_codes(term: CodeTerm, output: Tensor, batch: Batch) -> Tensor:
    """BargainNet's comparison; the background is the composite's, which is the photograph's own."""
    real, harmonized, composite = (term.encoder(picture, batch.mask) for picture in (batch.real, output, batch.composite))
    return term.loss(DomainCodes(real, harmonized, composite, term.encoder(batch.composite, 1 - batch.mask)))


def _descend(fabric: Fabric, loss: Tensor, optimizer: Optimizer) -> None:
    optimizer.zero_grad()
    fabric.backward(loss)
    optimizer.step()
