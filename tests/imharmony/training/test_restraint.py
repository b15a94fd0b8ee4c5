"""How far an ensemble is trusted, by what it gets right on validation photographs."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from imharmony.networks.region_ensemble import RegionEnsemble, regions
from imharmony.points.sets import Points
from imharmony.training.restraint import DOUBTS, FLOORS, fit_restraint
from tests.composites import packed
from tests.imharmony.training.test_point_composites import PLAIN

CPU, VAL = torch.device("cpu"), packed(6, 32)
UNTOUCHED = replace(PLAIN, untouched=0.999999)


def saying(monkeypatch, says) -> RegionEnsemble:
    """An ensemble of two whose members' changes (2, B, 6) ``says`` computes of the points."""
    network = regions(in_channels=4, width=4, size_px=32, members=2)
    monkeypatch.setattr(network, "said", says)
    return network


def always(points: Points, *shifts: float) -> Tensor:
    """Members that shift L by so much, whatever they see."""
    changes = points.known.new_zeros(2, len(points.known), 6)
    changes[:, :, 3] = torch.tensor(shifts)[:, None]
    return changes


def fitted(network: RegionEnsemble, rules=UNTOUCHED) -> tuple[float, float]:
    fit_restraint(network, VAL, rules, seed=0, device=CPU)
    return network.doubt.item(), network.floor.item()


def test_who_changes_what_needs_nothing_is_held_back_as_far_as_can_be(monkeypatch):
    assert fitted(saying(monkeypatch, lambda points: always(points, 5.0, 9.0))) == (DOUBTS[-1], FLOORS[-1])


def test_who_is_right_is_trusted(monkeypatch):
    """Photographs darker by known stops, and members that know it: any restraint does harm."""
    network = regions(in_channels=4, width=4, size_px=32, members=2)
    truth = {}

    def drawn(self, index, *, visit, turns=None):  # noqa: ARG001
        batch = original(self, index, visit=visit)
        darker = (batch.real + 1) * 0.6 - 1
        truth["real"] = batch.real
        return batch._replace(composite=darker)

    from imharmony.colour.tensor_lab import lab_from_srgb
    from imharmony.training.point_batches import colours_of
    from imharmony.training.point_composites import PointComposites

    original = PointComposites.drawn
    monkeypatch.setattr(PointComposites, "drawn", drawn)

    def says(points: Points) -> Tensor:
        lab, real = lab_from_srgb(points.foreground), lab_from_srgb(colours_of(truth["real"]))
        gain = (real.std(1) / lab.std(1).clamp(min=1e-3)).clamp(0.2, 5)
        changes = torch.cat([gain - 1, real.mean(1) - gain * lab.mean(1)], 1)
        return torch.stack([changes, changes])

    monkeypatch.setattr(network, "said", says)
    doubt, floor = fitted(network)
    assert floor == 0.0
    assert doubt == DOUBTS[-1]  # they never disagree: of equal ones the more restrained


def test_it_is_the_same_each_time(monkeypatch):
    rules = replace(PLAIN, graded=0.5, left_as_it_was=0.5, untouched=0.2)
    found = {fitted(saying(monkeypatch, lambda points: always(points, 1.0, 3.0)), rules) for _ in range(2)}
    assert len(found) == 1


@pytest.mark.parametrize("choices", [DOUBTS, FLOORS])
def test_no_restraint_is_among_the_choices(choices):
    assert choices[0] == 0
    assert list(choices) == sorted(choices)
