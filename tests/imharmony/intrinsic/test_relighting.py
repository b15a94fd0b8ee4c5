"""Photographs under two lights: their gain is what the pictures differ by, and a network that follows it is not at fault."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.intrinsic.relighting import Photographs, RelitPairs, consistency_loss, draw_pairs, photographs_of
from imharmony.intrinsic.scenes import ShadingPairs
from imharmony.intrinsic.training import fit_shading
from imharmony.running.seeds import numpy_rng

CPU = torch.device("cpu")
SIZE = 32


class Luminance(nn.Module):
    """Says that all light is shading, times a factor."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, photographs):
        return 1 / (1 + self.factor * ((photographs + 1) / 2).double().pow(2.2).mean(1, keepdim=True))


class Even(nn.Module):
    """Says that light is the same everywhere."""

    def forward(self, photographs):
        return torch.full_like(photographs[:, :1], 0.5)


@pytest.fixture(scope="module")
def photographs() -> Photographs:
    rng = np.random.default_rng(0)
    images = np.repeat(rng.integers(40, 120, (4, SIZE, SIZE, 1)), 3, axis=3).astype(np.uint8)  # grey
    split = PackedSplit(pa.table({"image_id": [1, 1, 2, 3, 4, 4]}), images[:0], images[[0, 0, 1, 2, 3, 3]], images[:0, ..., 0])
    return photographs_of(split)


def drawn(photographs: Photographs, seed: int = 0) -> RelitPairs:
    return draw_pairs(photographs, numpy_rng(seed), batch_size=6, device=CPU)


def test_each_photograph_is_taken_once_with_its_light_about_the_mean(photographs):
    assert len(photographs) == 4
    assert photographs.light.shape == (4, SIZE, SIZE)
    np.testing.assert_allclose(photographs.light.mean(axis=(1, 2)), 0, atol=1e-5)
    assert photographs.light.std() > 0


def test_the_gain_is_what_the_pictures_differ_by(photographs):
    pairs = drawn(photographs)
    before, after = (((picture.double() + 1) / 2).pow(2.2) for picture in (pairs.first, pairs.second))
    ratio = (after / before).mean(1, keepdim=True).log()
    assert_close(ratio[pairs.is_told], pairs.log_gain.double()[pairs.is_told], atol=1e-4, rtol=0)
    assert 0.3 < pairs.is_told.float().mean() <= 1
    assert pairs.log_gain.std() > 0.1


def test_shading_that_changes_as_the_light_does_is_without_fault_on_grey_pictures(photographs):
    assert consistency_loss(Luminance(), drawn(photographs)).item() == pytest.approx(0, abs=1e-4)


def test_a_factor_of_all_shading_changes_nothing(photographs):
    pairs = drawn(photographs)
    assert_close(consistency_loss(Luminance(7.0), pairs), consistency_loss(Luminance(), pairs), atol=1e-4, rtol=0)


def test_even_light_is_at_fault_by_hand():
    gain = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 1, 4, 4)
    pair = RelitPairs(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), gain, torch.ones(1, 1, 4, 4, dtype=torch.bool))
    # The distance from the mean gain is 1/2 everywhere; one of the three steps across is 1, none down.
    assert consistency_loss(Even(), pair).item() == pytest.approx(0.5 + 1 / 3)
    untold = replace(pair, is_told=torch.zeros(1, 1, 4, 4, dtype=torch.bool))
    assert consistency_loss(Even(), untold).item() == 0


def test_shading_that_steps_where_colour_does_costs_and_where_it_does_not_costs_nothing():
    class Step(nn.Module):
        def forward(self, photographs):
            inverse = torch.full_like(photographs[:, :1], 0.5)
            inverse[..., 2:] = 0.2
            return inverse

    same = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    grey, coloured = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    coloured[:, 0, :, 2:] = 0.9
    costs = [consistency_loss(Step(), RelitPairs(p, p, torch.zeros(1, 1, 4, 4), same)).item() for p in (grey, coloured)]
    assert costs[0] == pytest.approx(0, abs=1e-6)
    assert costs[1] == pytest.approx(0.2 * np.log(4) / 3, rel=1e-3)  # one of three steps across, of log 4


def test_pairs_are_drawn_by_the_seed_alone(photographs):
    torch.manual_seed(1)
    first = drawn(photographs)
    torch.manual_seed(2)
    assert torch.equal(first.second, drawn(photographs).second)
    assert not torch.equal(first.second, drawn(photographs, seed=1).second)
    with pytest.raises(InputError, match="0 photographs in a batch"):
        draw_pairs(photographs, numpy_rng(0), batch_size=0, device=CPU)


def test_photographs_make_a_network_follow_the_light(photographs):
    rng = np.random.default_rng(3)
    pairs = ShadingPairs(rng.integers(0, 256, (4, SIZE, SIZE, 3)).astype(np.uint8), np.zeros((4, SIZE, SIZE), np.float32))
    found = {}
    for weight in (0.0, 5.0):
        options = {"photographs": photographs if weight else None, "consistency": weight, "channels": (8, 16)}
        network = fit_shading(pairs, steps=40, batch_size=4, learning_rate=5e-3, seed=0, device=CPU, **options)
        with torch.no_grad():
            found[weight] = consistency_loss(network, drawn(photographs, seed=9)).item()
    assert found[5.0] < 0.8 * found[0.0]


def test_photographs_and_their_weight_come_together(photographs):
    pairs = ShadingPairs(np.zeros((1, SIZE, SIZE, 3), np.uint8), np.zeros((1, SIZE, SIZE), np.float32))
    for options in ({"photographs": photographs}, {"consistency": 1.0}):
        with pytest.raises(ValueError, match="expected both or neither"):
            fit_shading(pairs, steps=1, batch_size=1, learning_rate=1e-3, seed=0, device=CPU, **options)


def test_it_is_differentiable_through_the_network():
    pictures = torch.rand(2, 1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    pair = RelitPairs(pictures[0], pictures[1], torch.zeros(1, 1, 16, 16), torch.ones(1, 1, 16, 16).bool())
    network = ShadingNetwork(channels=(8, 16))
    consistency_loss(network, pair).backward()
    assert network.head.weight.grad.abs().sum() > 0
