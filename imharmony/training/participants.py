"""Who plays in a training: the harmonizer, what it minimises, perhaps a critic, and their optimisers.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel

from imharmony.losses import AdversarialLoss, ReconstructionLoss
from imharmony.losses.adversarial import DisharmonyLoss
from imharmony.losses.triplet import DomainTriplets
from imharmony.networks.harmonizer import Harmonizer
from imharmony.training.averages import WeightAverage, averaged
from imharmony.training.parallel import fabric_on

if TYPE_CHECKING:
    from imharmony.training.clip_batches import ClipBatch

DOMAIN_CODES = "domain_codes"  # the name of their loss
TEMPORAL = "temporal"  # and of that between two frames


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


class TemporalTerm(NamedTuple):
    """A loss between two frames, (outputs, batch of clips) -> scalar, and its weight; with weight 0 it is told and teaches nothing."""

    loss: Callable[[Tensor, "ClipBatch"], Tensor]
    weight: float


@dataclass(frozen=True)
class Objective:
    """What the harmonizer minimises, a critic's part aside.

    With ``side_weights`` the reconstruction losses are taken of each side output of the network, the main one first. ``temporal``
    needs clips.
    """

    reconstructions: Mapping[str, Reconstruction]
    codes: CodeTerm | None = None
    side_weights: tuple[float, ...] = ()
    temporal: TemporalTerm | None = None

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each of its losses by name."""
        codes = {} if self.codes is None else {DOMAIN_CODES: self.codes.weight}
        temporal = {} if self.temporal is None else {TEMPORAL: self.temporal.weight}
        return {name: part.weight for name, part in self.reconstructions.items()} | codes | temporal


class Critic(NamedTuple):
    """A discriminator, what the two networks minimise, the weight of the generator's part, and what the critic is shown.

    ``penalty_weight`` is that of the gradient penalty. With ``composite_is_fake`` the critic learns from composites as from outputs.
    """

    network: nn.Module
    loss: AdversarialLoss | DisharmonyLoss
    weight: float
    view: str = "beside_composite"
    penalty_weight: float = 0.0
    composite_is_fake: bool = False


@dataclass(frozen=True)
class Players:
    """The networks and their optimisers, set up on one device. Without a critic there is no game.

    ``average`` follows the harmonizer's weights and batch statistics from step to step, if there is one. A batch is taken in
    ``accumulate`` parts. Gradients longer than ``clip_norm`` are shortened to it; 0: none are.
    """

    fabric: Fabric
    harmonizer: nn.Module
    optimizer: Optimizer
    objective: Objective
    critic: Critic | None = None
    critic_optimizer: Optimizer | None = None
    average: AveragedModel | None = None
    accumulate: int = 1
    clip_norm: float = 0.0

    @property
    def bare(self) -> Harmonizer:
        """The harmonizer without Fabric's wrapper."""
        return cast("Harmonizer", getattr(self.harmonizer, "module", self.harmonizer))

    def set_rate(self, rate: float) -> None:
        """The learning rate of every optimiser."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All that learn, by name."""
        critic = {} if self.critic is None else {"critic": self.critic.network}
        return {"harmonizer": self.harmonizer} | critic | ({} if self.average is None else {"average": self.average})

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """Theirs, by name."""
        return {"optimizer": self.optimizer} | ({} if self.critic_optimizer is None else {"critic_optimizer": self.critic_optimizer})


def set_up(
    harmonizer: Harmonizer,
    objective: Objective,
    critic: Critic | None,
    *,
    precision: Literal["fp32", "bf16"],
    betas: tuple[float, float],
    average_weights: WeightAverage = None,
    accumulate: int = 1,
    weight_decay: float = 0.0,
    clip_norm: float = 0.0,
    compiled: bool = False,
    channels_last: bool = False,
    device: torch.device,
) -> Players:
    """Moves the networks to the device and gives each an Adam; losses are computed in float32 whatever the precision.

    ``compiled`` makes torch compile the generator's forward, which leaves the names of its weights as they are; networks that
    are compared by their side outputs go another way and gain nothing.
    """
    fabric = fabric_on(device, precision=precision)
    if channels_last:
        for network in (harmonizer, critic and critic.network):
            if network is not None:
                network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    module, optimizer = fabric.setup(harmonizer, _optimizer(harmonizer, betas, weight_decay))
    average = averaged(harmonizer, average_weights)
    if compiled:
        harmonizer.network.compile()
    if critic is None:
        return Players(fabric, module, optimizer, objective, average=average, accumulate=accumulate, clip_norm=clip_norm)
    network, critic_optimizer = fabric.setup(critic.network, _optimizer(critic.network, betas, weight_decay))
    return Players(fabric, module, optimizer, objective, critic._replace(network=network), critic_optimizer, average, accumulate, clip_norm)


def _optimizer(network: nn.Module, betas: tuple[float, float], weight_decay: float) -> Optimizer:
    """Adam (Kingma & Ba 2015, arXiv:1412.6980), with weight decay AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101)."""
    if weight_decay > 0:
        return AdamW(network.parameters(), betas=betas, weight_decay=weight_decay, fused=True)
    return Adam(network.parameters(), betas=betas, fused=True)
