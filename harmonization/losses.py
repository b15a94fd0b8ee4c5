"""Training objectives.

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground. Scores are raw discriminator
outputs of any shape, higher = more real. Every loss is a scalar: the mean over the batch.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss, relu, softplus

SMALLEST_AREA_PX = 100


class AdversarialLoss(NamedTuple):
    """What each of the two networks minimises."""

    discriminator: Callable[[Tensor, Tensor], Tensor]  # (real_scores, fake_scores)
    generator: Callable[[Tensor], Tensor]  # (fake_scores)


def _halved_cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy with real = 1 and fake = 0, times 0.5: the factor slows the critic (Isola et al. 2017, section 3.3)."""
    return 0.5 * (softplus(-real).mean() + softplus(fake).mean())


def least_squares(*, real_label: float, fake_label: float) -> AdversarialLoss:
    """Least-squares objectives (Mao et al. 2017, arXiv:1611.04076, equation 2 with c = b), each with the paper's factor 1/2.

    The generator drives its scores towards ``real_label``, whichever of the two numbers that is.
    """

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * ((real - real_label).square().mean() + (fake - fake_label).square().mean())

    def generator(fake: Tensor) -> Tensor:
        return 0.5 * (fake - real_label).square().mean()

    return AdversarialLoss(discriminator, generator)


BCE = AdversarialLoss(  # the non-saturating form of Goodfellow et al. 2014, arXiv:1406.2661
    discriminator=_halved_cross_entropy,
    generator=lambda fake: softplus(-fake).mean(),
)

HINGE = AdversarialLoss(  # Lim & Ye 2017, arXiv:1705.02894
    discriminator=lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
    generator=lambda fake: -fake.mean(),
)

# Report 000's printed equation. Its D learns cross-entropy with real = 1, so minimising |D(O)|^2 over the probability
# D(O) drives the output towards "fake". The term comes from a formulation in which D scores *disharmony* (Huang et al. 2020).
SQUARED_SCORE = AdversarialLoss(
    discriminator=_halved_cross_entropy,
    generator=lambda fake: fake.sigmoid().square().mean(),
)

ADVERSARIAL_LOSSES: dict[str, AdversarialLoss] = {
    "bce": BCE,
    "hinge": HINGE,
    "least_squares": least_squares(real_label=1.0, fake_label=0.0),
    "squared_score": SQUARED_SCORE,
}

ReconstructionLoss = Callable[[Tensor, Tensor, Tensor], Tensor]  # (output, real, mask)


def l1(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Mean absolute error over the whole picture."""
    return l1_loss(output, real)


def l2(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001
    """Mean squared error over the whole picture."""
    return mse_loss(output, real)


def mask_weighted_mse(output: Tensor, real: Tensor, mask: Tensor) -> Tensor:
    """Squared error over the whole picture, divided by three times the foreground's area in pixels, at least 100.

    Small foregrounds weigh as much as large ones (Sofiiuk, Popenova, Konushin 2021, arXiv:2006.00809, equation 2).
    """
    error = (output - real).square().sum((1, 2, 3))
    area_px = mask.sum((1, 2, 3)).clamp(min=SMALLEST_AREA_PX)
    return (error / (output.shape[1] * area_px)).mean()


RECONSTRUCTION_LOSSES: dict[str, ReconstructionLoss] = {"l1": l1, "l2": l2, "mask_weighted_mse": mask_weighted_mse}
