"""One update of the networks, of each kind: ``(players, batch) -> losses``.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.

A batch taken in parts gives the gradients and losses of the whole one, up to the order of sums, since every loss is a mean over
the batch. What a network does across a batch it does across each part: a batch norm takes a part's statistics, a spectral norm
goes on converging with each part, dropout and the gradient penalty draw anew for it.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import Optimizer

from imharmony.losses import AdversarialLoss
from imharmony.losses.adversarial import DisharmonyLoss
from imharmony.losses.deep_supervision import deep_supervision
from imharmony.losses.gradient_penalty import gradient_penalty
from imharmony.losses.triplet import DomainCodes
from imharmony.training.batch_parts import Part, parts_of
from imharmony.training.batches import Batch
from imharmony.training.parallel import average_gradients
from imharmony.training.participants import DOMAIN_CODES, TEMPORAL, CodeTerm, Critic, Objective, Players, Reconstruction
from imharmony.training.point_batches import PointBatch
from imharmony.training.views import VIEWS

if TYPE_CHECKING:
    from imharmony.training.clip_batches import ClipBatch

Losses = dict[str, Tensor]  # scalars, detached


def reconstruction_step(players: Players, batch: Batch | PointBatch) -> Losses:
    """One update of the harmonizer towards the real photographs."""
    return _update_harmonizer(players, parts_of(players, batch), adversarial=None)


def gan_step(players: Players, batch: Batch) -> Losses:
    """One update of the critic, then one of the harmonizer against the updated critic, as in pix2pix.

    A critic with several heads, as DoveNet's, is judged by the sum over them. Where composites are fakes beside the outputs, as
    report 000 allows, the mean over both kinds is the loss of the fake: together they weigh as much as the real, as before.
    """
    critic, loss = players.critic, players.critic and players.critic.loss
    if critic is None or not isinstance(loss, AdversarialLoss):
        raise ValueError("gan_step needs players with a critic that scores pictures")

    def judging(batch: Batch, fake: Tensor) -> Tensor:
        fakes = (fake, batch.composite) if critic.composite_is_fake else (fake,)
        real, *found = (_scores(critic, batch, picture) for picture in (batch.real, *fakes))
        pairs = zip(real, (torch.cat(head) for head in zip(*found, strict=True)), strict=True)  # every loss is a mean over scores
        d_loss = torch.stack([loss.discriminator(*pair) for pair in pairs]).sum()
        return d_loss + critic.penalty_weight * _penalty(critic, batch, fake) if critic.penalty_weight else d_loss

    def adversarial(batch: Batch, output: Tensor) -> Tensor:
        return torch.stack([loss.generator(scores) for scores in _scores(critic, batch, output)]).sum()

    return _play(players, batch, judging, adversarial)


def disharmony_step(players: Players, batch: Batch) -> Losses:
    """The same with a critic that marks the pixels which do not fit: it learns the mask of composites and of outputs."""
    critic, loss = players.critic, players.critic and players.critic.loss
    if critic is None or not isinstance(loss, DisharmonyLoss):
        raise ValueError("disharmony_step needs players with a critic that marks pixels")

    def judging(batch: Batch, fake: Tensor) -> Tensor:
        composite, output, real = (_scores(critic, batch, picture)[0] for picture in (batch.composite, fake, batch.real))
        return loss.discriminator(composite, output, real, batch.mask)

    return _play(players, batch, judging, lambda batch, output: loss.generator(_scores(critic, batch, output)[0]))


def step_of(critic: Critic | None) -> Callable[[Players, Batch], Losses]:
    """The kind of update that a critic, or its absence, asks for."""
    if critic is None:
        return reconstruction_step
    return disharmony_step if isinstance(critic.loss, DisharmonyLoss) else gan_step


def _scores(critic: Critic, batch: Batch, picture: Tensor) -> tuple[Tensor, ...]:
    """What each head of the critic says of a picture."""
    scores = critic.network(*VIEWS[critic.view](batch, picture))
    return (scores,) if isinstance(scores, Tensor) else tuple(scores)


def _penalty(critic: Critic, batch: Batch, output: Tensor) -> Tensor:
    bare = critic._replace(network=getattr(critic.network, "module", critic.network))  # Fabric's wrapper forbids gradients of inputs

    def score(picture: Tensor) -> Tensor:
        return torch.stack([scores.float().mean((1, 2, 3)[: scores.ndim - 1]) for scores in _scores(bare, batch, picture)]).mean(0)

    return gradient_penalty(score, batch.real, output, rng=torch.default_generator)  # the loop seeds it for each epoch


def _play(
    players: Players, batch: Batch, judging: Callable[[Batch, Tensor], Tensor], adversarial: Callable[[Batch, Tensor], Tensor]
) -> Losses:
    """Updates the critic by its loss, then the harmonizer by what the updated critic says."""
    critic, critic_optimizer = players.critic, players.critic_optimizer
    if critic is None or critic_optimizer is None:
        raise ValueError("a game needs players with a critic and its optimizer")
    parts = parts_of(players, batch)
    judged = _descend(players, critic_optimizer, parts, lambda part: {"d_loss": judging(cast("Batch", part.batch), part.fake())})
    critic.network.requires_grad_(False)
    losses = _update_harmonizer(players, parts, adversarial=adversarial)
    critic.network.requires_grad_(True)
    return losses | judged


def _update_harmonizer(players: Players, parts: Sequence[Part], *, adversarial: Callable[[Batch, Tensor], Tensor] | None) -> Losses:
    objective, weights = players.objective, players.objective.weights
    if adversarial is not None and players.critic is not None:
        weights["g_adversarial"] = players.critic.weight

    def losses_of(part: Part) -> Losses:
        outputs, batch = part.outputs(), part.batch
        judged = {} if adversarial is None else {"g_adversarial": adversarial(cast("Batch", batch), outputs[0])}
        losses = {name: _reconstruction(objective, term, outputs, batch) for name, term in objective.reconstructions.items()}
        if objective.codes is not None:
            losses[DOMAIN_CODES] = _domain_codes(objective.codes, outputs[0], batch)
        if objective.temporal is not None:
            losses[TEMPORAL] = objective.temporal.loss(outputs[0], cast("ClipBatch", batch))
        losses |= judged
        return {"g_loss": torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()} | losses

    losses = _descend(players, players.optimizer, parts, losses_of)
    if players.average is not None:
        players.average.update_parameters(players.harmonizer)
    return losses


def _reconstruction(objective: Objective, part: Reconstruction, outputs: list[Tensor], batch: Batch | PointBatch) -> Tensor:
    if not objective.side_weights:
        return part.loss(outputs[0], batch.real, batch.mask)
    return deep_supervision(outputs, batch.real, batch.mask, loss=part.loss, weights=objective.side_weights)


def _domain_codes(term: CodeTerm, output: Tensor, batch: Batch | PointBatch) -> Tensor:
    """BargainNet's comparison; the background is the composite's, which is the photograph's own."""
    real, harmonized, composite = (term.encoder(picture, batch.mask) for picture in (batch.real, output, batch.composite))
    return term.loss(DomainCodes(real, harmonized, composite, term.encoder(batch.composite, 1 - batch.mask)))


def _descend(players: Players, optimizer: Optimizer, parts: Sequence[Part], losses_of: Callable[[Part], Losses]) -> Losses:
    """One step down the first of the losses, summed over the parts by their shares; returns all of them."""
    optimizer.zero_grad()
    sums: Losses = {}
    for part in parts:
        losses = losses_of(part)
        players.fabric.backward(next(iter(losses.values())) * part.share)
        sums = {name: loss.detach() * part.share + sums.get(name, 0.0) for name, loss in losses.items()}
    average_gradients(players.fabric, optimizer, rows=sum(len(part.batch.mask) for part in parts))
    if players.clip_norm > 0:
        clip_grad_norm_([each for group in optimizer.param_groups for each in group["params"]], players.clip_norm)
    optimizer.step()
    return sums
