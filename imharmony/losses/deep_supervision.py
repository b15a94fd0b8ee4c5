"""A loss on every side output of a decoder (Lee et al. 2015, arXiv:1409.5185; in UNet 3+ by Huang et al. 2020, arXiv:2004.08790).

Images are float (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W) in [0, 1], 1 = foreground.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from imharmony.losses.reconstruction import ReconstructionLoss


def deep_supervision(
    side_outputs: Sequence[Tensor], real: Tensor, mask: Tensor, *, loss: ReconstructionLoss, weights: Sequence[float]
) -> Tensor:
    """The weighted sum of a reconstruction loss over side outputs, each enlarged to the real photograph's size (bilinear)."""
    if len(side_outputs) != len(weights):
        raise ValueError(f"{len(side_outputs)} side outputs and {len(weights)} weights; expected a weight for each side output")
    terms = [weight * loss(_enlarged(side, real), real, mask) for side, weight in zip(side_outputs, weights, strict=True)]
    return torch.stack(terms).sum()


def _enlarged(side: Tensor, real: Tensor) -> Tensor:
    return interpolate(side, real.shape[-2:], mode="bilinear", align_corners=False)
