"""A matting network and a harmonizer taught together, against one critic (Ren, Liu & Song 2021, arXiv:2108.06087, equations 1 to 5).

The matting network cuts a person out of a photograph I. By its matte A the person is laid over the photograph's own plate, the composite
I_c, and over a plate of other colours, I_d, of which the harmonizer makes I_h. The critic learns to tell all three from I. Mattes and masks
are float (B, 1, S, S) in [0, 1], a harmonizer's and the critic's pictures (B, 3, S, S) in [-1, 1].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import pyarrow as pa
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, relu
from torch.optim import Adam

from imharmony.composing.rules import Direction
from imharmony.losses.adversarial import HINGE, WASSERSTEIN, summed_fakes
from imharmony.losses.matting import alpha_l1
from imharmony.matting.batches import Draw, MattingBatch
from imharmony.matting.portraits import composed
from imharmony.matting.training import Rates, falling, parameter_groups
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.matting import predict_alpha
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.networks.self_attention_critic import SelfAttentionCritic
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms, torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.storage.shards import Row
from imharmony.training.fitting import expect_work

Objective = Literal["paper", "balanced"]
FAKES = ("composite", "disharmonious", "harmonized")  # I_c, I_d, I_h
BETAS_OF_HARMONIZER = (0.5, 0.999)  # DoveNet's, whose configuration the report takes
BETAS_OF_CRITIC = (0.0, 0.9)  # Zhang et al. 2019, arXiv:1805.08318

# One row for each step of a training. What a critic says is null where there is none.
HISTORY = pa.schema(
    [
        ("step", pa.int64()),
        ("matting", pa.float64()),  # the two reconstruction losses
        ("harmonizer", pa.float64()),
        ("critic", pa.float64()),
        ("real_score", pa.float64()),  # the critic's mean of photographs: where nothing holds it, it drifts
        *((f"accuracy_{name}", pa.float64()) for name in FAKES),  # share of pictures that score below their own photograph
    ]
)


class Objectives(NamedTuple):
    """What the critic minimises of scores of photographs and of each kind of fake, and a network of those of its fake."""

    critic: Callable[[Tensor, Sequence[Tensor]], Tensor]
    network: Callable[[Tensor], Tensor]


def balanced_hinge(real: Tensor, fakes: Sequence[Tensor]) -> Tensor:
    """Ours: hinge losses, the kinds of fakes weighted equally and together as much as photographs, so that no bias gains anything."""
    return relu(1 - real).mean() + torch.stack([relu(1 + fake).mean() for fake in fakes]).mean()


# Of the report's Wasserstein differences the spectral norms bound the slopes, but nothing the level: with three kinds of fakes in full a
# critic gains by lowering all scores. That is `paper`; equation 4 has D(I) in the networks' losses too, which does not depend on them.
OBJECTIVES: dict[Objective, Objectives] = {
    "paper": Objectives(summed_fakes, WASSERSTEIN.generator),
    "balanced": Objectives(balanced_hinge, HINGE.generator),
}


@dataclass(frozen=True, kw_only=True)
class JointTeaching:
    """How both are taught; the two lambdas weigh what the critic says. Both 0: no critic, and each network learns alone."""

    steps: int
    batch_size: int
    objective: Objective
    lambda_matting: float
    lambda_harmonizer: float
    reconstruction_reaches_matting: bool
    matting_rates: Rates
    harmonizer_rate: float
    critic_rate: float
    critic_width: int
    seed: int


class JointSystem(nn.Module):
    """The two networks. A picture is cut out and laid over another background, and one of the two is harmonized."""

    def __init__(self, matting: MattingNetwork, harmonizer: Harmonizer, *, direction: Direction) -> None:
        super().__init__()
        self.matting = matting
        self.harmonizer = harmonizer
        self.direction = direction

    def harmonized(self, composite: Tensor, alpha: Tensor) -> Tensor:
        """The harmonizer's picture of a composite in [-1, 1]. With a changed background its mask is 1 - A: the background is mended."""
        return self.harmonizer(composite, 1 - alpha if self.direction == "background" else alpha)

    def infer(self) -> Self:
        """The mode in which it is used."""
        self.eval()
        self.harmonizer.infer()
        return self


class Made(NamedTuple):
    """A_r, I_c, I_d and I_h of a batch; pictures in [-1, 1]."""

    alpha: Tensor
    composite: Tensor
    disharmonious: Tensor
    harmonized: Tensor


def fit_joint(system: JointSystem, draw: Draw, *, teaching: JointTeaching, device: torch.device) -> list[Row]:
    """Teaches the system, which is on the CPU in its inference mode afterwards; returns rows of ``HISTORY``.

    The same arguments give the same bits on the same machine and device; with other lambdas the same pictures are seen in the same order.
    There is no state to go on from: a killed training starts anew.
    """
    if teaching.steps == 0:
        system.infer()
        return []
    expect_work(teaching.steps, teaching.batch_size, of="portraits")
    step_of = _Steps(system.to(device), teaching, device)
    with torch_seed(stable_hash(teaching.seed, "dropout", "joint"), device), deterministic_algorithms():
        rows = []
        for step in track(range(teaching.steps), total=teaching.steps, what="matting and harmonizer", unit="steps"):
            batch = draw(numpy_rng(teaching.seed, "joint", step), teaching.batch_size).to(device)
            rows.append({"step": step} | step_of(batch, step))
    system.cpu().infer()
    return rows


class _Steps:
    """One step after the other: the critic's, then both networks'."""

    def __init__(self, system: JointSystem, teaching: JointTeaching, device: torch.device) -> None:
        self.system, self.teaching = system.train(), teaching
        self.objectives = OBJECTIVES[teaching.objective]
        self.critic: SelfAttentionCritic | None = None
        self.optimizers = [
            Adam(parameter_groups(system.matting, teaching.matting_rates), fused=True),
            Adam(system.harmonizer.parameters(), lr=teaching.harmonizer_rate, betas=BETAS_OF_HARMONIZER, fused=True),
        ]
        self.of_critic: Adam | None = None
        if teaching.lambda_matting or teaching.lambda_harmonizer:
            with torch_seed(stable_hash(teaching.seed, "build", "critic"), torch.device("cpu")):
                critic = SelfAttentionCritic(width=teaching.critic_width)
            self.critic = critic.to(device).train()
            self.of_critic = Adam(self.critic.parameters(), lr=teaching.critic_rate, betas=BETAS_OF_CRITIC, fused=True)
        self.falls = [falling(each, teaching.steps) for each in (*self.optimizers, self.of_critic) if each is not None]

    def __call__(self, batch: MattingBatch, step: int) -> Row:
        for fall in self.falls:
            fall(step)
        real = signed(batch.picture)
        made = made_of(self.system, batch, reaches=self.teaching.reconstruction_reaches_matting)
        said = self._critic_step(real, made)
        matting, harmonizer = alpha_l1(made.alpha, batch.alpha, batch.unknown), l1_loss(made.harmonized, real)
        of_matting, of_harmonizer = list(self.system.matting.parameters()), list(self.system.harmonizer.parameters())
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        # Equation 5, term by term: what the critic says of I_c teaches the matting network alone, of I_h the harmonizer alone.
        self._told(made.composite, self.teaching.lambda_matting, of_matting)
        self._told(made.harmonized, self.teaching.lambda_harmonizer, of_harmonizer)
        both = [*of_matting, *of_harmonizer] if self.teaching.reconstruction_reaches_matting else of_harmonizer
        harmonizer.backward(inputs=both, retain_graph=self.teaching.reconstruction_reaches_matting)
        matting.backward(inputs=of_matting)
        for optimizer in self.optimizers:
            optimizer.step()
        return said | {"matting": matting.item(), "harmonizer": harmonizer.item()}

    def _told(self, fake: Tensor, weight: float, parameters: list[nn.Parameter]) -> None:
        if self.critic is not None and weight:
            loss = weight * self.objectives.network(self.critic(fake))
            loss.backward(inputs=parameters, retain_graph=True)

    def _critic_step(self, real: Tensor, made: Made) -> Row:
        if self.critic is None or self.of_critic is None:
            return dict.fromkeys(("critic", "real_score", *(f"accuracy_{name}" for name in FAKES)))
        fakes = [getattr(made, name).detach() for name in FAKES]
        scores, *others = self.critic(torch.cat([real, *fakes])).chunk(1 + len(fakes))
        loss = self.objectives.critic(scores, others)
        self.of_critic.zero_grad()
        loss.backward()
        self.of_critic.step()
        told = {f"accuracy_{name}": accuracy(scores, fake) for name, fake in zip(FAKES, others, strict=True)}
        return told | {"critic": loss.item(), "real_score": scores.mean().item()}


def made_of(system: JointSystem, batch: MattingBatch, *, reaches: bool) -> Made:
    """What a system makes of a batch; ``reaches``: whether gradients of I_h pass on to the matting network, which equation 5 has not.

    Equation 1 with a changed background; with a changed foreground the same with the other colours in front.
    """
    alpha = predict_alpha(system.matting, batch.picture, batch.trimap, clipped=False)
    composite = laid(batch.picture, batch.background, alpha)
    disharmonious = laid(batch.front, batch.behind, alpha)
    given, seen = (disharmonious, alpha) if reaches else (disharmonious.detach(), alpha.detach())
    return Made(alpha, composite, disharmonious, system.harmonized(given, seen))


def laid(front: Tensor, behind: Tensor, alpha: Tensor) -> Tensor:
    """A F + (1 - A) B of colours in [0, 1], in [-1, 1]."""
    return signed(composed(alpha, front, behind))


def signed(picture: Tensor) -> Tensor:
    """A picture in [0, 1] in [-1, 1]."""
    return 2 * picture - 1


def accuracy(real: Tensor, fake: Tensor) -> float:
    """Share of pictures whose mean score is below their own photograph's: no bias of the critic changes it; half by chance."""
    return (fake.flatten(1).mean(1) < real.flatten(1).mean(1)).float().mean().item()
