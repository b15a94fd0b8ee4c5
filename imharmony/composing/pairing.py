"""Which transfer and which reference make a composite: chosen by the sample's name among what the data set offers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from imharmony.running.seeds import rendezvous_choice, rendezvous_order, stable_hash
from imharmony.transfer.moments import Channels, strangeness


def transfer_of(sample_id: str, *, seed: int, transfers: Sequence[str]) -> str:
    """One of the data set's transfers; each is equally likely."""
    return transfers[stable_hash(seed, sample_id, "transfer") % len(transfers)]


@dataclass(frozen=True)
class References:
    """Instances of one split and category, by rising id, with their looks and where the rest that was measured of them lies."""

    annotations: np.ndarray  # int64 (N,)
    images: np.ndarray  # int64 (N,)
    looks: np.ndarray  # float64 (N, 6)
    shards: np.ndarray  # int32 (N,)
    rows: np.ndarray  # int32 (N,)

    def position(self, annotation_id: int) -> int:
        """Where an instance stands."""
        return int(np.searchsorted(self.annotations, annotation_id))

    def preferred(self, annotation_id: int, *, channels: Channels, sample_id: str, seed: int, implausible: bool = False) -> Iterator[int]:
        """Positions of instances of other photographs, in the order in which this sample would take their colours.

        Those whose colours are plausible for it, in an order of its own; if none is, the one that comes nearest. With ``implausible``
        all of them, whatever their colours.
        """
        own = self.position(annotation_id)
        elsewhere = np.flatnonzero(self.images != self.images[own])
        if len(elsewhere) == 0:
            return
        strange = np.zeros(len(elsewhere)) if implausible else strangeness(self.looks[own], self.looks[elsewhere], channels=channels)
        plausible = elsewhere[strange <= 1]
        if len(plausible) == 0:
            yield int(elsewhere[np.argmin(strange)])
            return
        yield int(plausible[rendezvous_choice(self.annotations[plausible], seed, sample_id, "reference")])
        yield from plausible[rendezvous_order(self.annotations[plausible], seed, sample_id, "reference")[1:]].tolist()


def references_of(measured: pa.Table) -> dict[tuple[str, str], References]:
    """The references of a table of ``composite_shards.MEASURED`` by (split, category), whatever the order of its rows."""
    table = measured.sort_by("annotation_id")
    members: dict[tuple[str, str], list[int]] = {}
    for position, key in enumerate(zip(table["split"].to_pylist(), table["category"].to_pylist(), strict=True)):
        members.setdefault(key, []).append(position)
    ids, images, shards, rows = (table[name].to_numpy() for name in ("annotation_id", "image_id", "shard", "row"))
    looks = table["look"].combine_chunks().flatten().to_numpy().reshape(-1, 6)
    return {key: References(ids[at], images[at], looks[at], shards[at], rows[at]) for key, at in members.items()}
