"""Several networks of regions as one: the mean of what they say, shortened where they do not agree.

With s the mean squared change of the foreground's points and u the mean squared distance of the members' pictures from their mean,
both in levels of 255 squared, the mean change is multiplied by s / (s + ``doubt`` u + ``floor``): small changes and doubted ones are
held back. Training fits the two numbers to validation photographs (``training.restraint``); before it they are 0, which restrains
nothing. Members that are trained side by side differ enough for their spread to tell an error (Lakshminarayanan et al. 2017,
arXiv:1612.01474).
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from imharmony.colour.tensor_lab import lab_from_srgb, srgb_from_lab
from imharmony.errors import InputError
from imharmony.networks.blocks import Generator, full_precision
from imharmony.networks.regions import Regions, mapped, measured, moved
from imharmony.points.positions import counts_for
from imharmony.points.sets import Points, points_of
from imharmony.storage.descriptions import MOST_MEMBERS, Start

LEVELS = 255.0


class RegionEnsemble(Generator):
    """What one ``Regions`` is, of one member or more. Without a foreground or a background nothing changes."""

    reads_points = True
    begins_at_composite = True
    doubt: Tensor
    floor: Tensor

    def __init__(self, members: Sequence[Regions]) -> None:
        super().__init__()
        self.depth = 0
        self.counts = members[0].counts
        self.members = nn.ModuleList(members)
        self.register_buffer("doubt", torch.zeros(()))
        self.register_buffer("floor", torch.zeros(()))

    @property
    def each(self) -> list[Regions]:
        """The members."""
        return cast("list[Regions]", list(self.members))

    def forward(self, inputs: Tensor) -> Tensor:
        """The composite with its colours moved, float32 also under autocast; nothing bounds it to [-1, 1]."""
        return mapped(inputs[:, :3], self.maps(inputs))

    def maps(self, inputs: Tensor) -> Tensor:
        """(B, 6, H, W) in float32, the same at each pixel: in CIELAB what is added of the colour itself, and beside it."""
        points = points_of(inputs[:, :3], inputs[:, 3:], self.counts)
        return self.changes(points)[:, :, None, None].expand(-1, -1, *inputs.shape[2:])

    def mapped(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Pictures (B, 3, H', W') of any size with their colours moved."""
        return mapped(pictures, maps)

    def trust(self, inputs: Tensor) -> Tensor:
        """What the members' mean change is multiplied by for each picture, (B,), in [0, 1]: little where they do not agree."""
        return self.restrained(points_of(inputs[:, :3], inputs[:, 3:], self.counts))[1]

    def changes(self, points: Points) -> Tensor:
        """The mean of the members' changes (B, 6), restrained."""
        return self.restrained(points)[0]

    def restrained(self, points: Points) -> tuple[Tensor, Tensor]:
        """The changes (B, 6), and what they were multiplied by, (B,)."""
        with full_precision(points.known):
            said = self.said(points)
            kept = restraint(*agreement(points.foreground, said), self.doubt, self.floor)
            return said.mean(0) * kept[:, None], kept

    def said(self, points: Points) -> Tensor:
        """What each member says, (M, B, 6)."""
        with full_precision(points.known):
            seen = measured(points, sees_background=self.each[0].sees_background)
            return torch.stack([member.answer(seen) for member in self.each])

    def recoloured(self, points: Points, turns: Tensor | None = None) -> Tensor:
        """The foreground's points harmonized, sRGB (B, N, 3), not clipped; with ``turns`` (B,) each row by that member alone."""
        if turns is None:
            changes = self.changes(points)
        else:
            changes = points.known.new_zeros(len(points.known), 6)
            for place, member in enumerate(self.each):
                rows = (turns == place).nonzero()[:, 0]
                if len(rows):
                    own = Points._make(part[rows] for part in points)
                    changes = changes.index_add(0, rows, member.changes(own))
        return moved(points.foreground, changes[:, None], dim=2)


def agreement(foreground: Tensor, said: Tensor) -> tuple[Tensor, Tensor]:
    """(B,) each, in levels squared: how much the members' mean picture changes the points (B, N, 3), and how far the members lie apart.

    ``said`` (M, B, 6) is what the members say.
    """
    # All members at once: ``moved`` would convert the same points for each of them.
    lab = lab_from_srgb(foreground)
    more, offset = said[:, :, None].chunk(2, 3)
    pictures = (foreground + (srgb_from_lab(lab + more * lab + offset) - srgb_from_lab(lab))).clamp(0, 1) * LEVELS
    mean = pictures.mean(0)
    return (mean - foreground * LEVELS).square().mean((1, 2)), (pictures - mean).square().mean((0, 2, 3))


def restraint(size: Tensor, spread: Tensor, doubt: Tensor, floor: Tensor) -> Tensor:
    """What a change is multiplied by, in [0, 1]; 1 where both numbers are 0, or nothing changes."""
    held_back = doubt * spread + floor
    return torch.where(held_back > 0, size / (size + held_back).clamp(min=torch.finfo(size.dtype).tiny), 1.0)


def regions(*, in_channels: int, width: int, size_px: int, start: Start = "composite", members: int = 1) -> RegionEnsemble:  # noqa: ARG001
    """The network for pictures of this size; it has no other start."""
    return _ensemble(members, in_channels=in_channels, width=width, size_px=size_px, sees_background=True)


def regions_foreground_only(*, in_channels: int, width: int, size_px: int, start: Start = "composite", members: int = 1) -> RegionEnsemble:  # noqa: ARG001
    """The control that sees the foreground alone; it has no other start."""
    return _ensemble(members, in_channels=in_channels, width=width, size_px=size_px, sees_background=False)


def _ensemble(members: int, *, in_channels: int, width: int, size_px: int, sees_background: bool) -> RegionEnsemble:
    if not 1 <= members <= MOST_MEMBERS:
        raise InputError(f"a generator of regions got {members} members; expected 1 to {MOST_MEMBERS}")
    counts = counts_for(size_px)
    return RegionEnsemble(
        [Regions(in_channels=in_channels, width=width, counts=counts, sees_background=sees_background) for _ in range(members)]
    )
