"""Forms of a network of regions that a benchmark tries: before they learn they are the network, and each does what its name says."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from benchmarks.region_forms import Curved, Quartered, half_compressed
from imharmony.composing.packed_split import PackedSplit
from imharmony.networks.region_ensemble import RegionEnsemble, regions

SIDE = 64


@pytest.fixture
def network() -> RegionEnsemble:
    """One that has learned something, if only by chance."""
    torch.manual_seed(0)
    made = regions(in_channels=4, width=8, size_px=SIDE)
    torch.nn.init.normal_(made.each[0].last.weight, std=0.05)
    return made.eval()


def _inputs(side: int) -> Tensor:
    """A picture whose left half is dark, under a square mask of ``side`` in the middle."""
    picture = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) - 0.5
    picture[..., : SIDE // 2] -= 0.4
    mask = torch.zeros(1, 1, SIDE, SIDE)
    start = (SIDE - side) // 2
    mask[..., start : start + side, start : start + side] = 1
    return torch.cat([picture, mask], 1)


def test_curves_that_have_not_learned_change_nothing(network: RegionEnsemble) -> None:
    inputs = _inputs(32)
    assert torch.equal(Curved(network).eval()(inputs), inputs[:, :3])


def test_a_curve_without_bends_is_a_gain_and_a_shift(network: RegionEnsemble) -> None:
    curved = Curved(network).eval()
    learned, state = network.each[0].state_dict(), curved.each[0].state_dict()
    for name, values in learned.items():
        state[name] = torch.cat([values, state[name][len(values) :]]) if name.startswith("last.") else values
    curved.each[0].load_state_dict(state)
    inputs = _inputs(32)
    assert (network(inputs) - inputs[:, :3]).abs().max() > 0.01
    torch.testing.assert_close(curved(inputs), network(inputs), atol=1e-5, rtol=0)


def test_small_foregrounds_are_not_quartered(network: RegionEnsemble) -> None:
    inputs = _inputs(16)
    assert torch.equal(Quartered(network)(inputs), network(inputs))


def test_each_quarter_of_a_large_foreground_has_an_answer_of_its_own(network: RegionEnsemble) -> None:
    inputs = _inputs(48)
    maps = Quartered(network).maps(inputs)
    left, right = maps[0, :, SIDE // 2, 10], maps[0, :, SIDE // 2, 53]
    assert (left - right).abs().max() > 1e-3
    between = maps[0, :, SIDE // 2].T
    assert ((between - left) * (right - between) >= -1e-6).all()  # it goes from one over into the other


def test_half_of_the_photographs_are_compressed_and_no_composite() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (40, 16, 16, 3), dtype=np.uint8)
    split = PackedSplit(pa.table({"image_id": np.arange(40) // 2}), pictures, pictures.copy(), np.zeros((40, 16, 16), np.uint8))
    found = half_compressed(split)
    changed = (found.real != split.real).any((1, 2, 3))
    assert 8 < changed.sum() < 32
    assert np.array_equal(changed[::2], changed[1::2])  # the photograph decides
    assert found.composite is split.composite
