"""A batch of points: what a network of regions learns from in the place of pictures."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from imharmony.points.sets import Points

if TYPE_CHECKING:
    from imharmony.networks.regions import Regions


class PointBatch(NamedTuple):
    """The foreground's points as pictures float32 (B, 3, N, 1) in [-1, 1] that are foreground throughout, so that losses take them.

    The other regions are sRGB (B, N, 3) in [0, 1], as in ``Points``.
    """

    composite: Tensor
    real: Tensor
    mask: Tensor
    background: Tensor
    ring: Tensor
    inside: Tensor
    outside: Tensor
    known: Tensor

    def harmonized(self, network: "Regions") -> Tensor:
        """The foreground's points as the network would have them, cut to the range of pictures, as saving a file does."""
        foreground = self.composite[..., 0].mT.add(1).div(2)
        points = Points(foreground, self.background, self.ring, self.inside, self.outside, self.known)
        return as_pictures(network.recoloured(points).clamp(0, 1))


def point_batch(composite: Points, real: Tensor) -> PointBatch:
    """The batch of the composites' points and of the truth about their foregrounds (B, N, 3)."""
    pictures = [as_pictures(each) for each in (composite.foreground, real)]
    return PointBatch._make([*pictures, torch.ones_like(pictures[0][:, :1]), *composite[1:]])


def as_pictures(points: Tensor) -> Tensor:
    """sRGB (B, N, 3) in [0, 1] as (B, 3, N, 1) in [-1, 1]."""
    return points.mT[..., None] * 2 - 1
