"""Which transfer and which reference make a composite: chosen by the sample's name among what the data set offers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from harmonization.seeding import rendezvous_choice, stable_hash
from harmonization.transfer import TRANSFERS
from harmonization.transfer.moments import Moments


def sample_id_of(image_id: int, annotation_id: int, k: int) -> str:
    """The name of the ``k``-th composite of a foreground."""
    return f"{image_id}_{annotation_id}_{k}"


def transfer_of(sample_id: str, *, seed: int, transfers: Sequence[str]) -> str:
    """One of the data set's transfers; each is equally likely."""
    return transfers[stable_hash(seed, sample_id, "transfer") % len(transfers)]


@dataclass(frozen=True)
class References:
    """Instances of one split and category, by rising id, with what one transfer measured of each."""

    annotations: np.ndarray  # int64 (N,)
    images: np.ndarray  # int64 (N,)
    mean: np.ndarray  # float64 (N, 3)
    std: np.ndarray

    def position(self, annotation_id: int) -> int:
        """Where an instance stands."""
        return int(np.searchsorted(self.annotations, annotation_id))

    def moments(self, position: int) -> Moments:
        """What the transfer measured there."""
        return Moments(tuple(self.mean[position].tolist()), tuple(self.std[position].tolist()))

    def choice(self, annotation_id: int, *, transfer: str, sample_id: str, seed: int) -> int | None:
        """The position of an instance of another photograph whose colours this one takes; None if there is no other photograph.

        Of those whose colours are plausible for it each is equally likely; if none is, the one that comes nearest is taken.
        """
        own = self.position(annotation_id)
        elsewhere = np.flatnonzero(self.images != self.images[own])
        if len(elsewhere) == 0:
            return None
        strangeness = TRANSFERS[transfer].strangeness(self.moments(own), self.mean[elsewhere], self.std[elsewhere])
        plausible = elsewhere[strangeness <= 1]
        if len(plausible) == 0:
            return int(elsewhere[np.argmin(strangeness)])
        return int(plausible[rendezvous_choice(self.annotations[plausible], seed, sample_id, "reference")])


def references_of(measured: pa.Table) -> dict[tuple[str, str, str], References]:
    """The references of a table of ``composite_shards.MEASURED`` by (transfer, split, category), whatever the order of its rows."""
    table = measured.sort_by("annotation_id")
    members: dict[tuple[str, str, str], list[int]] = {}
    for position, key in enumerate(zip(*(table[name].to_pylist() for name in ("transfer", "split", "category")), strict=True)):
        members.setdefault(key, []).append(position)
    ids, images = table["annotation_id"].to_numpy(), table["image_id"].to_numpy()
    mean, std = (np.array(table[name].to_pylist()).reshape(-1, 3) for name in ("mean", "std"))
    return {key: References(ids[where], images[where], mean[where], std[where]) for key, where in members.items()}
