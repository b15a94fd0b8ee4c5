"""A variant of ``params.yaml`` as the parts that training takes."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import nn

from harmonization.errors import InputError
from harmonization.losses import ADVERSARIAL_LOSSES, RECONSTRUCTION_LOSSES
from harmonization.networks.harmonizer import Harmonizer, build_discriminator, build_harmonizer
from harmonization.networks.initialisation import initialise
from harmonization.schedules import SCHEDULES
from harmonization.seeding import stable_hash
from harmonization.steps import Critic, Reconstruction
from harmonization.training import Recipe
from pipeline.params import Training, Variant

NARROWEST = 4
Part = TypeVar("Part")


def architecture_of(variant: Variant, training: Training) -> dict[str, Any]:
    """The arguments of ``build_harmonizer``: the variant's generator at the profile's size and width."""
    return variant.generator.model_dump() | {"width": _scaled(variant.generator.width, training), "size_px": training.size_px}


def harmonizer_of(variant: Variant, training: Training, *, seed: int) -> Harmonizer:
    """The variant's harmonizer with its first weights, which do not depend on the critic's."""
    harmonizer = build_harmonizer(**architecture_of(variant, training))
    _initialise(harmonizer, variant, "harmonizer", seed)
    return harmonizer


def critic_of(variant: Variant, training: Training, *, seed: int) -> Critic | None:
    """The variant's discriminator and adversarial loss, if it has them."""
    if variant.discriminator is None or variant.adversarial is None:
        return None
    chosen = variant.discriminator
    network = build_discriminator(name=chosen.name, width=_scaled(chosen.width, training), field_px=chosen.field_px)
    _initialise(network, variant, "critic", seed)
    loss = _choice(ADVERSARIAL_LOSSES, variant.adversarial.name, key="adversarial.name")
    return Critic(network, loss, variant.adversarial.weight)


def reconstructions_of(variant: Variant) -> dict[str, Reconstruction]:
    """The variant's losses against the real photograph, with their weights."""
    losses = {name: _choice(RECONSTRUCTION_LOSSES, name, key="losses") for name in variant.losses}
    return {name: Reconstruction(loss, variant.losses[name]) for name, loss in losses.items()}


def recipe_of(variant: Variant, training: Training, *, seed: int) -> Recipe:
    """How the variant is trained, over the profile's epochs and batches."""
    schedule = _choice(SCHEDULES, variant.schedule.name, key="schedule.name")
    return Recipe(
        learning_rate=variant.optimizer.learning_rate,
        betas=variant.optimizer.betas,
        schedule=schedule(at=variant.schedule.at, factor=variant.schedule.factor),
        batch_size=training.batch_size,
        epochs=max(1, round(training.epochs * variant.epochs_factor)),
        precision=training.precision,
        augment=training.augment,
        average_weights=variant.average_weights,
        seed=seed,
    )


def _scaled(width: int, training: Training) -> int:
    return max(NARROWEST, round(width * training.width_factor))


def _initialise(network: nn.Module, variant: Variant, purpose: str, seed: int) -> None:
    generator = torch.Generator().manual_seed(stable_hash(seed, "initialise", purpose))
    initialise(network, name=variant.init, generator=generator)


def _choice(table: Mapping[str, Part], name: str, *, key: str) -> Part:
    if name not in table:
        raise InputError(f"params.yaml: a variant's {key} is {name!r}; expected one of {sorted(table)}")
    return table[name]
