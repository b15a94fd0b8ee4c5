"""Which samples an epoch has, where a training is of several data sets with a share for each."""

from collections.abc import Sequence

import numpy as np

from imharmony.composing.joined_split import JoinedSplit
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.running.seeds import rendezvous_order


class Shares:
    """The samples of an epoch: each of them once, or of each data set its share.

    ``rows`` are the samples' rows in the split; None: each row is one. An epoch has as many samples as there are. A data set whose
    share is larger than itself is gone through several times, and what is left over, or a share that is smaller than it, is another
    choice of its samples in each epoch.
    """

    def __init__(self, split: PackedSplit, *, rows: np.ndarray | None = None, seed: int) -> None:
        self._seed, self._count = seed, len(split.composite) if rows is None else len(rows)
        self._groups: list[np.ndarray] = []
        self._quotas: list[int] = []
        if not isinstance(split, JoinedSplit) or not split.weights:
            return
        owners = split.owners if rows is None else split.owners[rows]
        self._groups = [np.flatnonzero(owners == number) for number in range(len(split.parts))]
        self._quotas = quotas(list(split.weights.values()), self._count)
        for name, group, quota in zip(split.parts, self._groups, self._quotas, strict=True):
            if len(group) == 0 or quota == 0:
                came = f"data set {name!r} has {len(group)} samples to learn from and a share of {quota} of the {self._count} of an epoch"
                raise InputError(f"{came}; expected one or more of both; raise its weight under `dataset`, or take it out")

    def of_epoch(self, epoch: int | str) -> np.ndarray:
        """The positions of an epoch's samples, data set by data set: each once, or each data set's share."""
        if not self._groups:
            return np.arange(self._count)
        chosen: list[np.ndarray] = []
        for number, (group, quota) in enumerate(zip(self._groups, self._quotas, strict=True)):
            times, rest = divmod(quota, len(group))
            order = rendezvous_order(np.arange(len(group)), self._seed, "share", number, epoch)
            chosen += [group] * times + [group[order[:rest]]]
        return np.concatenate(chosen)


def quotas(weights: Sequence[float], total: int) -> list[int]:
    """``total`` in whole numbers by ``weights``; what rounding down leaves goes to the largest remainders, the first of equal ones."""
    exact = np.array(weights) / sum(weights) * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole.tolist()
