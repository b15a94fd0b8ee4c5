"""Histogram matching of points of many pictures at once, as ``imharmony.transfer.histogram`` does it for one."""

import torch
from torch import Tensor

LEVELS = 256


def histogram(points: Tensor, own: Tensor, reference: Tensor, _draws: Tensor) -> Tensor:
    """The reference's cumulative histograms of R, G and B; points, sRGB in [0, 1], are taken at their nearest level."""
    table = matched_levels(_shares(own), _shares(reference))
    return table.gather(1, _levels(points)).div(LEVELS - 1).unflatten(1, (-1, 3)).to(points.dtype)


def matched_levels(own: Tensor, reference: Tensor) -> Tensor:
    """For shares (B, 768) of the levels up to each, channel after channel, the level that has that share in the reference, rounded."""
    own, reference = (shares.unflatten(1, (3, LEVELS)) for shares in (own, reference))
    wanted = own.clamp(min=1e-9)  # a level below the first goes to the reference's first
    above = torch.searchsorted(reference.contiguous(), wanted.contiguous()).clamp(max=LEVELS - 1)
    levels = torch.arange(LEVELS, device=own.device).expand_as(reference)
    is_had = torch.cat([reference[..., :1] > 0, reference[..., 1:] > reference[..., :-1]], 2)
    last = torch.where(is_had, levels, -1).cummax(2).values  # the largest level so far that the reference has
    before = last.gather(2, (above - 1).clamp(min=0))
    below = torch.where((above == 0) | (before < 0), above, before)
    low, high = reference.gather(2, below), reference.gather(2, above)
    part = torch.where(above > below, (wanted - low) / (high - low).clamp(min=1e-12), 0.0)
    return (below + part.clamp(0, 1) * (above - below) + 1e-9).add(0.5).floor().flatten(1)


def _levels(points: Tensor) -> Tensor:
    """Positions (B, N * 3) in the three tables of a picture."""
    levels = points.clamp(0, 1).mul(LEVELS - 1).round().long()
    return (levels + LEVELS * torch.arange(3, device=points.device)).flatten(1)


def _shares(points: Tensor) -> Tensor:
    """The share of a picture's points up to each level of each channel, float64 (B, 768)."""
    levels = _levels(points) + 3 * LEVELS * torch.arange(len(points), device=points.device)[:, None]
    counts = torch.bincount(levels.flatten(), minlength=3 * LEVELS * len(points)).unflatten(0, (len(points), 3, LEVELS))
    return counts.cumsum(2).double().div(points.shape[1]).flatten(1)
