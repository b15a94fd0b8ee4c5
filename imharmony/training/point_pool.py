"""The points of a split's foregrounds, gathered once."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.tensor_lab import lab_from_srgb
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.points.positions import Counts, positions_of
from imharmony.points.sets import Points
from imharmony.running.progress import track
from imharmony.running.ranks import ranks

SPARE = 2  # times the points that a step takes


class Photograph(NamedTuple):
    """Points of photographs, and how opaque the mask is where the pairs lie, (B, N, 1) in [0, 1]."""

    points: Points
    inside_alpha: Tensor
    outside_alpha: Tensor


class PointPool:
    """uint8 points of every foreground that has a background: ``rows`` are theirs in the split, ``looks`` float64 (F, 6)."""

    def __init__(self, split: PackedSplit, counts: Counts, *, device: torch.device) -> None:
        rows, sets = _gathered(split, Counts(*(SPARE * count for count in counts)))
        if len(rows) == 0:
            raise InputError(
                "the split has no foreground with a background around it; expected one or more; widen the selection in params.yaml"
            )
        self.rows = np.array(rows)
        self.photographs = split.rows["image_id"].to_numpy()[self.rows]
        *regions, self._known = (torch.from_numpy(np.stack(column)).to(device) for column in zip(*sets, strict=True))
        self._regions, self._counts = regions, [*counts, counts.pairs, counts.pairs, counts.pairs]
        lab = lab_from_srgb(regions[0].float() / 255)
        self.looks = torch.cat([lab.mean(1), lab.std(1, correction=0)], 1).double().cpu().numpy()

    def taken(self, index: np.ndarray, *, offset: int) -> Photograph:
        """The photographs at these positions; the points begin where ``offset`` says, one further with each, and any run is spread."""
        at = torch.from_numpy(index).to(self._known.device)
        parts = [_run(region[at], count, offset).float() / 255 for region, count in zip(self._regions, self._counts, strict=True)]
        return Photograph(Points._make([*parts[:5], self._known[at].float()]), *parts[5:])

    def foregrounds(self, index: np.ndarray) -> Tensor:
        """The foregrounds' points (B, N, 3) in [0, 1]."""
        return self._regions[0][torch.from_numpy(index).to(self._known.device), : self._counts[0]].float() / 255


def _gathered(split: PackedSplit, counts: Counts) -> tuple[list[int], list[tuple[np.ndarray, ...]]]:
    """The first row of each foreground, and its colours, the pairs' opacities and what is known."""
    foregrounds = zip(split.rows["image_id"].to_pylist(), split.rows["annotation_id"].to_pylist(), strict=True)
    first = list({foreground: row for row, foreground in reversed(list(enumerate(foregrounds)))}.values())[::-1]
    rows, sets = [], []
    for row in track(first, total=len(first), what="points of the foregrounds", unit="foregrounds") if ranks().is_first else first:
        mask = np.ascontiguousarray(split.mask[row])
        *regions, known = positions_of(mask, counts)
        if not (known[0] and known[1]):
            continue
        colours, opacity = split.real[row].reshape(-1, 3), mask.reshape(-1, 1)
        rows.append(row)
        sets.append((*(colours[region] for region in regions), *(opacity[side] for side in regions[3:]), known))
    return rows, sets


def _run(points: Tensor, count: int, offset: int) -> Tensor:
    """``count`` of the points in their order, from one of the first on."""
    start = offset % (points.shape[1] - count + 1)
    return points[:, start : start + count]
