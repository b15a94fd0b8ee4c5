"""How far an ensemble of regions' networks is trusted: two numbers that are fitted to validation photographs once it is trained."""

import numpy as np
import torch
from torch import Tensor

from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.region_ensemble import LEVELS, RegionEnsemble, agreement, restraint
from imharmony.networks.regions import moved
from imharmony.points.sets import Points
from imharmony.training.point_batches import colours_of
from imharmony.training.point_composites import PointComposites
from imharmony.training.point_pool import PointPool
from imharmony.training.rules import PointTraining

VISITS = 8  # composites that are made of each validation foreground, among them untouched and graded ones as in training
AT_ONCE = 16  # foregrounds
DOUBTS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # of the members' disagreement
FLOORS = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)  # levels of 255 squared
CHOICES = [(doubt, floor) for doubt in DOUBTS for floor in FLOORS]


def fit_restraint(network: RegionEnsemble, val: PackedSplit, rules: PointTraining, *, seed: int, device: torch.device) -> None:
    """Sets ``doubt`` and ``floor`` to those of ``DOUBTS`` and ``FLOORS`` with which fresh composites of ``val`` have the least error.

    The error of a composite is the root of its foreground's mean squared error: a square would leave the word to the largest
    changes, and what is done to pictures that need little would not count. Of equal ones the more restrained is taken.
    """
    pool = PointPool(val, network.counts, device=device)
    composites = PointComposites(val, pool, rules, seed=seed, device=device)
    errors = torch.zeros(len(CHOICES), dtype=torch.float64)
    network.eval()
    with torch.no_grad():
        for visit in range(VISITS):
            for start in range(0, len(composites), AT_ONCE):
                batch = composites.drawn(np.arange(start, min(start + AT_ONCE, len(composites))), visit=visit)
                errors += _errors(network, batch.points(), colours_of(batch.real))
    best = len(errors) - 1 - int(errors.flip(0).argmin())
    doubt, floor = CHOICES[best]
    network.doubt.fill_(doubt)
    network.floor.fill_(floor)


def _errors(network: RegionEnsemble, points: Points, real: Tensor) -> Tensor:
    """The sum over the foregrounds (B, N, 3) of the error under each choice, in levels."""
    said = network.said(points)
    size, spread = agreement(points.foreground, said)
    doubts, floors = size.new_tensor(CHOICES).T
    weights = restraint(size, spread, doubts[:, None], floors[:, None])  # (choices, B)
    changes = weights[..., None] * said.mean(0)
    outputs = moved(points.foreground, changes[:, :, None], dim=-1).clamp(0, 1)
    return (outputs - real).mul(LEVELS).square().mean((2, 3)).sqrt().double().sum(1).cpu()
