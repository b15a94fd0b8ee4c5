"""Fresh composites on points: foregrounds of real photographs in other colours, and photographs that are graded as a whole.

What is drawn depends on the seed, the sample's name and its visit alone. References are foregrounds of other photographs of the
split, of any category, as plausible as those of stored composites (``transfer.moments.strangeness``).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.points.sets import Points
from imharmony.points.transfers import DRAWS, POINT_TRANSFERS
from imharmony.running.seeds import numpy_rng
from imharmony.training.point_batches import PointBatch, point_batch
from imharmony.training.point_pool import PointPool
from imharmony.training.rules import GRADE_STRENGTH, PointTraining
from imharmony.transfer.moments import strangeness

CANDIDATES = 32  # references that are looked at
DECISIONS = 6  # of a sample
FOR_A_CHANGE = DRAWS + 1 + CANDIDATES
TOTAL = DECISIONS + 2 * FOR_A_CHANGE


class Plan(NamedTuple):
    """What is done to each photograph of a batch: ``grades`` and ``transfers`` are positions in the rules, -1 where there is none."""

    grades: np.ndarray
    transfers: np.ndarray
    is_left: np.ndarray  # the composite's foreground is the ungraded one
    hides_edges: np.ndarray


class PointComposites:
    """Composites that are drawn of a split's foregrounds."""

    def __init__(self, split: PackedSplit, pool: PointPool, rules: PointTraining, *, seed: int, device: torch.device) -> None:
        for key, names in (("transfers", rules.transfers), ("grades", rules.grades)):
            if not names or set(names) - set(POINT_TRANSFERS):
                raise InputError(f"points.{key} is {list(names)}; expected some of {sorted(POINT_TRANSFERS)}")
        self._pool, self._rules, self._seed, self._device = pool, rules, seed, device
        self._names: list[str] = split.rows["sample_id"].take(pool.rows).to_pylist()

    def __len__(self) -> int:
        """The number of foregrounds."""
        return len(self._names)

    def drawn(self, index: np.ndarray, *, visit: int, turns: np.ndarray | None = None) -> PointBatch:
        """Fresh composites of the foregrounds at these positions; another ``visit`` draws anew. ``turns``: whose they are."""
        chance = np.stack([numpy_rng(self._seed, "points", visit, self._names[row]).random(TOTAL) for row in index.tolist()])
        decided, for_grade, for_transfer = np.split(chance, [DECISIONS, DECISIONS + FOR_A_CHANGE], axis=1)
        plan, rules = planned(decided, self._rules), self._rules
        photograph, inside_alpha, outside_alpha = self._pool.taken(index, offset=visit)
        *regions, known = photograph
        truth = self._changed(regions, index, rules.grades, plan.grades, for_grade, strength=GRADE_STRENGTH)
        pasted, real = ([each[0], each[3], each[4]] for each in (regions, truth))
        changed = self._changed(real, index, rules.transfers, plan.transfers, for_transfer)
        is_left = self._tensor(plan.is_left)[:, None, None]
        foreground, inside, outside = (torch.where(is_left, own, other) for own, other in zip(pasted, changed, strict=True))
        inside = _levels(real[1].lerp(inside, inside_alpha))
        outside = _levels(real[2].lerp(outside, outside_alpha))
        known[:, 3] *= self._tensor(~plan.hides_edges)
        return point_batch(
            Points(foreground, truth[1], truth[2], inside, outside, known),
            real[0],
            self._tensor(np.zeros(len(index), np.int64) if turns is None else turns),
        )

    def _changed(
        self,
        regions: Sequence[Tensor],
        index: np.ndarray,
        names: Sequence[str],
        chosen: np.ndarray,
        chance: np.ndarray,
        *,
        strength: tuple[float, float] = (1.0, 1.0),
    ) -> Sequence[Tensor]:
        """The regions, the foreground first, each picture's after its own transfer, which is measured on the foreground.

        Of what a transfer towards a reference changes a share is taken, drawn from ``strength``.
        """
        colours, result = (torch.cat(list(regions), 1) for _ in range(2))
        draws, share, candidates = np.split(chance, [DRAWS, DRAWS + 1], axis=1)
        for place, name in enumerate(names):
            rows = np.flatnonzero(chosen == place)
            if len(rows) == 0:
                continue
            at, transfer = self._tensor(rows), POINT_TRANSFERS[name]
            points, own = colours[at], regions[0][at]
            reference = self._references(index[rows], candidates[rows]) if transfer.needs_reference else own
            recoloured = transfer.apply(points, own, reference, self._tensor(draws[rows]).float())
            if transfer.needs_reference:
                weight = strength[0] + self._tensor(share[rows]).float() * (strength[1] - strength[0])
                recoloured = points.lerp(recoloured, weight[..., None])
            result[at] = _levels(recoloured)
        return result.split([region.shape[1] for region in regions], 1)

    def _references(self, index: np.ndarray, chance: np.ndarray) -> Tensor:
        """The foregrounds' points (B, N, 3) of other photographs: of those looked at the first plausible one, or else the nearest."""
        pool, looked_at = self._pool, (chance * len(self)).astype(np.int64)
        pairs = zip(pool.looks[index], pool.looks[looked_at], strict=True)
        strange = np.stack([strangeness(own, others, channels=(True, True, True)) for own, others in pairs])
        strange[pool.photographs[looked_at] == pool.photographs[index][:, None]] = np.inf
        best = np.where((strange <= 1).any(1), (strange <= 1).argmax(1), strange.argmin(1))
        return pool.foregrounds(looked_at[np.arange(len(index)), best])

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self._device)


def planned(decided: np.ndarray, rules: PointTraining) -> Plan:
    """What six numbers in [0, 1) of each picture (B, 6) decide."""
    is_graded = decided[:, 0] < rules.graded
    is_left = is_graded & (decided[:, 1] < rules.left_as_it_was)
    is_changed = ~is_left & (decided[:, 2] >= rules.untouched)
    transfers, grades = (
        (decided[:, 3 + place] * len(names)).astype(np.int64) for place, names in enumerate((rules.transfers, rules.grades))
    )
    return Plan(np.where(is_graded, grades, -1), np.where(is_changed, transfers, -1), is_left, decided[:, 5] < rules.hidden_edges)


def _levels(points: Tensor) -> Tensor:
    """Rounded as an 8-bit picture is."""
    return points.clamp(0, 1).mul(255).round().div(255)
