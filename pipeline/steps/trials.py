"""Every variant that is drawn, tried for a moment: what its training or its scoring would refuse is said before anything runs."""

from typing import NamedTuple

import torch
from torch import Tensor

from imharmony.errors import InputError
from imharmony.losses import ADVERSARIAL_LOSSES
from imharmony.networks import DISCRIMINATORS
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.storage.descriptions import WIDEST
from imharmony.training.views import VIEWS
from pipeline.params.file import PARAMS_FILE, Params
from pipeline.params.training import Training, Variant
from pipeline.steps.architectures import architecture_of, discriminator_of, expect_codes, expect_fit

NARROW = 1e-9  # so that each network is as narrow as networks get: what it takes does not depend on its width


class _Shown(NamedTuple):
    composite: Tensor
    mask: Tensor


def try_variants(params: Params) -> None:
    """Raises an ``InputError`` that names the first variant whose networks do not fit each other or the active profile's sizes."""
    for name, variant in params.drawn.items():
        try:
            _expect_widths(variant, params.active.training)
            _try(variant, params.active.training, params.active.evaluation.size_px)
        except InputError as error:
            raise InputError(f"{PARAMS_FILE}: catalogue.{name}: {str(error).removeprefix(f'{PARAMS_FILE}: ')}") from error


def _expect_widths(variant: Variant, training: Training) -> None:
    for part, width in (("generator", variant.generator.width), ("discriminator", variant.discriminator and variant.discriminator.width)):
        if width and width * training.width_factor > WIDEST:
            came = f"{part}.width {width} times training.width_factor {training.width_factor:g}"
            raise InputError(f"{came}: expected at most {WIDEST}; take a smaller one")


def _try(variant: Variant, training: Training, scored_px: int) -> None:
    narrow = training.model_copy(update={"width_factor": NARROW})
    harmonizer = build_harmonizer(**architecture_of(variant, narrow))
    if variant.domain_codes is not None:
        expect_codes(variant, harmonizer)
    with torch.no_grad():
        # Batch norms refuse a map of one pixel in a batch of one, so the batch is as small as in training.
        shown = _shown(training.size_px, pictures=min(2, training.regime_of(variant).batch_size))
        _try_training(variant, harmonizer, shown)
        _try_critic(variant, narrow, shown)
        try:
            harmonizer.infer().raw(*_shown(scored_px, pictures=1))
        except InputError as error:
            raise InputError(f"evaluation.size_px {scored_px} after training.size_px {training.size_px}: {error}") from error


def _try_training(variant: Variant, harmonizer: Harmonizer, shown: _Shown) -> None:
    outputs = harmonizer.train()(*shown, sides=True)
    if variant.side_weights and len(variant.side_weights) != len(outputs):
        came = f"side_weights has {len(variant.side_weights)}, generator {variant.generator.name!r} has {len(outputs)} outputs"
        raise InputError(f"{came}; expected one for each, or []")


def _try_critic(variant: Variant, training: Training, shown: _Shown) -> None:
    if variant.discriminator is None or variant.adversarial is None:
        return
    network = discriminator_of(variant.discriminator, training)
    expect_fit(variant, network, ADVERSARIAL_LOSSES[variant.adversarial.name])
    network(*VIEWS[DISCRIMINATORS[variant.discriminator.name].sees](shown, shown.composite))


def _shown(size_px: int, *, pictures: int) -> _Shown:
    mask = torch.zeros(pictures, 1, size_px, size_px)
    mask[..., size_px // 4 : size_px // 2, size_px // 4 : size_px // 2] = 1
    return _Shown(torch.zeros(pictures, 3, size_px, size_px), mask)
