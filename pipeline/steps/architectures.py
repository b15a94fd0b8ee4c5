"""The networks that a variant's section describes, before they have weights, and which parts of it go together."""

from typing import Any

from torch import nn

from imharmony.errors import InputError
from imharmony.losses import AdversarialLoss, DisharmonyLoss
from imharmony.networks.bargain import Bargain
from imharmony.networks.disharmony_critic import DisharmonyCritic
from imharmony.networks.harmonizer import Harmonizer, build_discriminator
from pipeline.params.training import Discriminator, Training, Variant

NARROWEST = 4


def architecture_of(variant: Variant, training: Training) -> dict[str, Any]:
    """The arguments of ``build_harmonizer``: the variant's generator at the profile's size and width, of a file's weights at its own."""
    width = variant.generator.width if variant.start else _scaled(variant.generator.width, training)
    return variant.generator.model_dump() | {"width": width, "size_px": training.size_px}


def discriminator_of(chosen: Discriminator, training: Training) -> nn.Module:
    """A variant's discriminator at the profile's size and width."""
    return build_discriminator(name=chosen.name, width=_scaled(chosen.width, training), size_px=training.size_px, field_px=chosen.field_px)


def expect_fit(variant: Variant, network: nn.Module, loss: AdversarialLoss | DisharmonyLoss) -> None:
    """A critic that marks pixels and an objective over pixels go together; a penalty takes a critic that sees each picture alone."""
    if isinstance(network, DisharmonyCritic) != isinstance(loss, DisharmonyLoss):
        raise InputError("params.yaml: the discriminator and the adversarial loss called disharmony need each other; give both or neither")
    penalised = variant.adversarial is not None and variant.adversarial.gradient_penalty > 0
    if penalised and any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        raise InputError("params.yaml: a gradient_penalty needs a discriminator without batch norms; expected domain_verification, say")


def expect_codes(variant: Variant, harmonizer: Harmonizer) -> Bargain:
    """The harmonizer's network, whose codes the variant's ``domain_codes`` compare; an ``InputError`` where it has none."""
    if not isinstance(harmonizer.network, Bargain):
        came = f"params.yaml: domain_codes with generator {variant.generator.name!r}, which has no codes"
        raise InputError(f"{came}; expected one whose name begins with bargain")
    return harmonizer.network


def expect_regions(variant: Variant, harmonizer: Harmonizer) -> None:
    """An ``InputError`` where points are given to a network that sees pictures."""
    if variant.points is not None and not harmonizer.network.reads_points:
        came = f"params.yaml: points with generator {variant.generator.name!r}, which sees pictures"
        raise InputError(f"{came}; expected one whose name begins with regions")


def _scaled(width: int, training: Training) -> int:
    return max(NARROWEST, round(width * training.width_factor))
