"""What critics and generators minimise against each other.

Scores are raw discriminator outputs of any shape, higher = more real. Disharmony maps are (B, 1, H, W) of the mask's size, 0 =
harmonious. Every loss is a scalar: the mean over patches and batch.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import mse_loss, relu, softplus


class AdversarialLoss(NamedTuple):
    """What each of the two networks minimises."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (real_scores, fake_scores)
    generator: Callable[[Tensor], Tensor]  # (fake_scores)


class DisharmonyLoss(NamedTuple):
    """What each of the two networks minimises when the critic marks the pixels that do not fit."""

    discriminator: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # (composite_map, output_map, real_map, mask)
    generator: Callable[[Tensor], Tensor]  # (output_map)


CriticOfManyFakes = Callable[[Tensor, Sequence[Tensor]], Tensor]  # (real_scores, the scores of each kind of fake)


def _cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy with real = 1 and fake = 0, both terms in full."""
    return softplus(-real).mean() + softplus(fake).mean()


def _halved_cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """The same times 0.5: the factor slows the critic (Isola et al. 2017, section 3.3)."""
    return 0.5 * _cross_entropy(real, fake)


def _non_saturating(fake: Tensor) -> Tensor:
    """Cross-entropy of fake scores with the label of the real (Goodfellow et al. 2014, arXiv:1406.2661)."""
    return softplus(-fake).mean()


def least_squares(*, real_label: float, fake_label: float) -> AdversarialLoss:
    """Least-squares objectives (Mao et al. 2017, arXiv:1611.04076, equation 2 with c = b), each with the paper's factor 1/2.

    The generator drives its scores towards ``real_label``, whichever of the two numbers that is.
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * ((real - real_label).square().mean() + (fake - fake_label).square().mean())

    def generator(fake: Tensor) -> Tensor:
        return 0.5 * (fake - real_label).square().mean()

    return AdversarialLoss(discriminator, generator)


def summed_fakes(real: Tensor, fakes: Sequence[Tensor]) -> Tensor:
    """HaMaGAN's critic as printed (Ren, Liu, Song 2021, arXiv:2108.06087, equation 3): each kind of fake in full.

    With three kinds a critic that adds b to all its scores changes this by 2b, so its bias sinks without end.
    """
    return torch.stack([fake.mean() for fake in fakes]).sum() - real.mean()


def averaged_fakes(real: Tensor, fakes: Sequence[Tensor]) -> Tensor:
    """HaMaGAN's critic with the kinds of fakes weighted equally and together as much as the real: no bias gains anything."""
    return torch.stack([fake.mean() for fake in fakes]).mean() - real.mean()


def disharmony_discriminator(composite: Tensor, output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Huang et al. 2020 (doi:10.1109/TIP.2019.2925550): |D(I) - M|^2 + |D(O) - M|^2 + |D(X)|^2, each the mean over pixels."""
    return mse_loss(composite, mask) + mse_loss(output, mask) + real.square().mean()


def disharmony_generator(output: Tensor) -> Tensor:
    """Huang et al. 2020: |D(O)|^2, the mean over pixels. Right for this critic alone: its 0 is what "real" is to the others."""
    return output.square().mean()


BCE = AdversarialLoss(_halved_cross_entropy, _non_saturating)

BCE_SUM = AdversarialLoss(_cross_entropy, _non_saturating)  # report 001's code

HINGE = AdversarialLoss(  # Lim & Ye 2017, arXiv:1705.02894
    discriminator=lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
    generator=lambda fake: -fake.mean(),
)

# Without `gradient_penalty` (or spectral norms) nothing bounds these scores. HaMaGAN's two generators minimise the same plus D(I)
# (equation 4), which does not depend on them.
WASSERSTEIN = AdversarialLoss(  # Arjovsky, Chintala, Bottou 2017, arXiv:1701.07875
    discriminator=lambda real, fake: fake.mean() - real.mean(),
    generator=lambda fake: -fake.mean(),
)

# Report 000's printed equation. Its D learns cross-entropy with real = 1, so minimising |D(O)|^2 over the probability
# D(O) drives the output towards "fake". The term comes from a formulation in which D scores *disharmony* (see DISHARMONY).
SQUARED_SCORE = AdversarialLoss(
    discriminator=_halved_cross_entropy,
    generator=lambda fake: fake.sigmoid().square().mean(),
)

DISHARMONY = DisharmonyLoss(disharmony_discriminator, disharmony_generator)
