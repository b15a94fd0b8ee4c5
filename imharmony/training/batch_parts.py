"""A batch in parts, for networks whose memory does not hold all of it at once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from imharmony.running.randomness import torch_seed
from imharmony.training.batches import Batch
from imharmony.training.participants import Players
from imharmony.training.point_batches import PointBatch

if TYPE_CHECKING:
    from imharmony.networks.region_ensemble import RegionEnsemble


@dataclass
class Part:
    """Some rows of a batch, their share in its means, and the harmonizer's pictures of them.

    The pictures of a batch in one part are computed once for both updates. Those of several parts are computed for each, from
    the same ``seed`` of dropout, so that only one part's activations are held at a time.
    """

    players: Players
    batch: Batch | PointBatch
    share: float = 1.0
    seed: int | None = None
    _kept: list[Tensor] = field(default_factory=list)

    def outputs(self) -> list[Tensor]:
        """The harmonizer's picture, followed by its other side outputs if they are compared."""
        if self.seed is not None:
            with torch_seed(self.seed, self.batch.mask.device):
                return self._computed()
        self._kept = self._kept or self._computed()
        return self._kept

    def fake(self) -> Tensor:
        """The picture as the critic learns from it, without a gradient."""
        if self.seed is None:
            return self.outputs()[0].detach()
        with torch.no_grad(), self.players.bare.forgetting():
            return self.outputs()[0]

    def _computed(self) -> list[Tensor]:
        batch, harmonizer = self.batch, self.players.harmonizer
        if isinstance(batch, PointBatch):
            return [batch.harmonized(cast("RegionEnsemble", self.players.bare.network))]
        if self.players.objective.side_weights:
            return harmonizer(batch.composite, batch.mask, sides=True)
        return [harmonizer(batch.composite, batch.mask)]


def parts_of(players: Players, batch: Batch | PointBatch) -> list[Part]:
    """The batch in ``players.accumulate`` parts of nearly equal size, none of them empty."""
    count = len(batch.mask)
    parts = min(players.accumulate, count)
    if parts == 1:
        return [Part(players, batch)]
    seeds = torch.randint(2**62, (parts,)).tolist()
    pieces = (type(batch)(*rows) for rows in zip(*(tensor.tensor_split(parts) for tensor in batch), strict=True))
    return [Part(players, piece, len(piece.mask) / count, seed) for piece, seed in zip(pieces, seeds, strict=True)]
