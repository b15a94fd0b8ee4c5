"""A batch of points: what a network of regions learns from in the place of pictures."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from imharmony.points.sets import Points

if TYPE_CHECKING:
    from imharmony.networks.region_ensemble import RegionEnsemble


class PointBatch(NamedTuple):
    """The foreground's points as pictures float32 (B, 3, N, 1) in [-1, 1] that are foreground throughout, so that losses take them.

    The other regions are sRGB (B, N, 3) in [0, 1], as in ``Points``. ``turns`` (B,) says which member of an ensemble learns from it.
    """

    composite: Tensor
    real: Tensor
    mask: Tensor
    background: Tensor
    ring: Tensor
    inside: Tensor
    outside: Tensor
    known: Tensor
    turns: Tensor

    def points(self) -> Points:
        """The composite's points."""
        return Points(colours_of(self.composite), self.background, self.ring, self.inside, self.outside, self.known)

    def harmonized(self, network: "RegionEnsemble") -> Tensor:
        """The foreground's points, each row as the member whose turn it is would have them, cut to the range of pictures as a file is."""
        return as_pictures(network.recoloured(self.points(), self.turns).clamp(0, 1))


def point_batch(composite: Points, real: Tensor, turns: Tensor) -> PointBatch:
    """The batch of the composites' points and of the truth about their foregrounds (B, N, 3); ``turns`` (B,)."""
    pictures = [as_pictures(each) for each in (composite.foreground, real)]
    return PointBatch._make([*pictures, torch.ones_like(pictures[0][:, :1]), *composite[1:], turns])


def as_pictures(points: Tensor) -> Tensor:
    """sRGB (B, N, 3) in [0, 1] as (B, 3, N, 1) in [-1, 1]."""
    return points.mT[..., None] * 2 - 1


def colours_of(pictures: Tensor) -> Tensor:
    """The inverse: (B, 3, N, 1) in [-1, 1] as sRGB (B, N, 3) in [0, 1]."""
    return pictures[..., 0].mT.add(1).div(2)
