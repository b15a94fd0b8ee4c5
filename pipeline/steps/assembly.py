"""A variant of ``params.yaml`` as the parts that training takes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from imharmony.checkpoint import load_start
from imharmony.errors import InputError
from imharmony.losses import (
    ADVERSARIAL_LOSSES,
    DOMAIN_TRIPLETS,
    RECONSTRUCTION_LOSSES,
    ReconstructionLoss,
)
from imharmony.networks import DISCRIMINATORS
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import stable_hash
from imharmony.training.averages import WeightAverage
from imharmony.training.initialisation import initialise
from imharmony.training.loop import Recipe
from imharmony.training.participants import CodeTerm, Critic, Objective, Reconstruction
from imharmony.training.schedules import SCHEDULES
from pipeline.params.training import FEATURE, ExponentialAverage, Training, Variant
from pipeline.steps.architectures import architecture_of, discriminator_of, expect_codes, expect_fit, expect_regions
from pipeline.steps.backbones import feature_loss_in

Part = TypeVar("Part")


def harmonizer_of(variant: Variant, training: Training, *, seed: int) -> Harmonizer:
    """The variant's harmonizer with its first weights, which do not depend on the critic's."""
    architecture = architecture_of(variant, training)
    harmonizer = build_harmonizer(**architecture)
    expect_regions(variant, harmonizer)
    if variant.start is None:
        _initialise(harmonizer, variant, "harmonizer", seed)
    else:
        load_start(Path(variant.start), harmonizer, architecture)
    return harmonizer


def critic_of(variant: Variant, training: Training, *, seed: int) -> Critic | None:
    """The variant's discriminator and adversarial loss, if it has them."""
    if variant.discriminator is None or variant.adversarial is None:
        return None
    chosen, adversarial = variant.discriminator, variant.adversarial
    loss = _choice(ADVERSARIAL_LOSSES, adversarial.name, key="adversarial.name")
    with torch_seed(stable_hash(seed, "build", "critic"), torch.device("cpu")):  # spectral norms begin with random vectors
        network = discriminator_of(chosen, training)
    _initialise(network, variant, "critic", seed)
    view = DISCRIMINATORS[chosen.name].sees
    expect_fit(variant, network, loss)
    return Critic(network, loss, adversarial.weight, view, adversarial.gradient_penalty, adversarial.composite_is_fake)


def objective_of(variant: Variant, harmonizer: Harmonizer, *, device: torch.device, backbone: Path | None = None) -> Objective:
    """What the variant's harmonizer minimises beside a critic's part; ``backbone`` is the folder that ``write_backbone`` filled."""
    losses = {name: _loss(variant, name, device, backbone) for name in variant.losses}
    parts = {name: Reconstruction(loss, variant.losses[name]) for name, loss in losses.items()}
    codes = None
    if variant.domain_codes is not None:
        network, chosen = expect_codes(variant, harmonizer), variant.domain_codes
        codes = CodeTerm(_choice(DOMAIN_TRIPLETS, chosen.name, key="domain_codes.name"), network.codes, chosen.weight)
    return Objective(parts, codes, variant.side_weights)


def recipe_of(variant: Variant, training: Training, *, seed: int) -> Recipe:
    """How the variant is trained: as its paper does, but for what the profile says itself."""
    regime = training.regime_of(variant)
    schedule = _choice(SCHEDULES, variant.schedule.name, key="schedule.name")
    return Recipe(
        learning_rate=variant.optimizer.learning_rate,
        betas=variant.optimizer.betas,
        schedule=schedule(at=variant.schedule.at, factor=variant.schedule.factor),
        batch_size=regime.batch_size,
        epochs=regime.epochs,
        precision=training.precision,
        augment=regime.augment,
        average_weights=_average(variant),
        accumulate=training.accumulate,
        patience=training.patience,
        compiled=training.compile,
        channels_last=training.channels_last,
        resynthesis=variant.resynthesis,
        points=None
        if variant.points is None
        else replace(variant.points, steps=max(1, round(variant.points.steps * training.steps_factor))),
        weight_decay=variant.optimizer.weight_decay,
        clip_norm=variant.optimizer.clip_norm,
        counts_start=variant.start is not None,
        seed=seed,
    )


def _average(variant: Variant) -> WeightAverage:
    chosen = variant.average_weights
    return chosen.ema if isinstance(chosen, ExponentialAverage) else (chosen or None)


def _loss(variant: Variant, name: str, device: torch.device, backbone: Path | None) -> ReconstructionLoss:
    if name != FEATURE or variant.features is None:
        return _choice(RECONSTRUCTION_LOSSES, name, key="losses")
    if backbone is None:
        raise ValueError("a variant with features needs the folder of its backbone")
    return feature_loss_in(backbone, variant.features, device=device)


def _initialise(network: nn.Module, variant: Variant, purpose: str, seed: int) -> None:
    generator = torch.Generator().manual_seed(stable_hash(seed, "initialise", purpose))
    initialise(network, name=variant.init, generator=generator)


def _choice(table: Mapping[str, Part], name: str, *, key: str) -> Part:
    if name not in table:
        raise InputError(f"params.yaml: a variant's {key} is {name!r}; expected one of {sorted(table)}")
    return table[name]
