"""Triplets of domain codes (BargainNet, Cong et al. 2021, arXiv:2009.09169).

A code is float (B, D): what an encoder says of the light and colour of one region. Every loss is a scalar: the mean over the batch.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import triplet_margin_loss


class DomainCodes(NamedTuple):
    """The codes that the two triplets compare."""

    real_foreground: Tensor
    output_foreground: Tensor
    composite_foreground: Tensor
    background: Tensor


DomainTriplets = Callable[[DomainCodes], Tensor]


def domain_triplets(*, margin: float, foreground_weight: float, background_weight: float, by_component: bool = False) -> DomainTriplets:
    """BargainNet's two triplets, weighted and added; each is ``margin`` where its two distances (Euclidean) are equal.

    The output's foreground shall be nearer than the composite's to the real foreground, and nearer to the background than to the
    composite's foreground. With ``by_component`` each of a code's D numbers is a code by itself, and the mean over them is taken.
    """

    def loss(codes: DomainCodes) -> Tensor:
        real, output, composite, background = (code[..., None] for code in codes) if by_component else codes
        to_real = triplet_margin_loss(real, output, composite, margin=margin)
        to_background = triplet_margin_loss(output, background, composite, margin=margin)
        return foreground_weight * to_real + background_weight * to_background

    return loss
