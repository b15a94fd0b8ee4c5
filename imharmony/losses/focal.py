"""Focal losses: cross entropies in which what is decided well already hardly counts (Lin et al. 2017, arXiv:1708.02002).

Few pixels of a picture were changed, and most of the others are easy. Logits are float (B, C, H, W), raw. Every loss is a scalar: the
mean over pixels and batch, and of ``focal`` over channels too; the paper divides by the number of its objects instead.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

LEAST_MISS = torch.finfo(torch.float32).eps  # below it no gradient comes through the factor, whose slope is infinite at 0 for 0 < gamma < 1


def focal(logits: Tensor, targets: Tensor, *, gamma: float, alpha: float) -> Tensor:
    """Each channel for itself, a pixel being its class or not; targets are (B, C, H, W) in [0, 1].

    The binary cross entropy times the miss |target - sigmoid| to the power of ``gamma``, and weighed by ``alpha`` for a target of 1,
    1 - ``alpha`` for 0. On hard targets this is the paper's loss. For soft ones the miss is that of Li et al. (2020, arXiv:2006.04388),
    so that a sigmoid that equals its target is the least, which a mixture of the paper's two cases would not make it; the weight mixes.
    Half the binary cross entropy at ``gamma`` 0 and ``alpha`` .5.
    """
    logits, targets = logits.float(), targets.float()
    error = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    weight = alpha * targets + (1 - alpha) * (1 - targets)
    return (weight * _factor((targets - logits.sigmoid()).abs(), gamma) * error).mean()


def categorical_focal(logits: Tensor, labels: Tensor, *, gamma: float, alpha: float) -> Tensor:
    """A softmax over the channels, of which each pixel has one; labels are int64 (B, H, W), the channel's number.

    The cross entropy times one minus the right channel's probability to the power of ``gamma``. ``alpha`` weighs all classes alike, as
    Dolhasz et al. 2020 (arXiv:1912.06433) have it with .25 and a ``gamma`` of 4: it scales the loss and decides nothing between classes.
    """
    error = cross_entropy(logits.float(), labels, reduction="none")
    return alpha * (_factor(-torch.expm1(-error), gamma) * error).mean()


def _factor(miss: Tensor, gamma: float) -> Tensor:
    return miss.clamp(min=LEAST_MISS) ** gamma
