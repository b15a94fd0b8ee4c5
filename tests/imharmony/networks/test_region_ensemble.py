"""An ensemble of regions' networks: its mean, and how far it is held back."""

from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from imharmony.checkpoint import load_harmonizer, save_harmonizer
from imharmony.errors import InputError
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble, agreement, regions, restraint
from imharmony.networks.regions import moved
from imharmony.points.sets import points_of
from imharmony.training.initialisation import initialise


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ensemble(says: list[list[float]]) -> RegionEnsemble:
    """Members that say the same of every picture."""
    made = regions(in_channels=4, width=4, size_px=64, members=len(says))
    initialise(made, name="xavier", generator=rng())
    with torch.no_grad():
        for member, numbers in zip(made.each, says, strict=True):
            member.last.bias.copy_(torch.tensor(numbers))
    return made.eval()


@pytest.fixture
def inputs() -> Tensor:
    pictures = torch.rand(2, 4, 64, 64, generator=rng(1)) * 1.2 - 0.6
    pictures[:, 3] = 0
    pictures[:, 3, 10:40, 20:50] = 1
    return pictures


LIGHTER, REDDER = [0.4, 0, 0, 0, 0, 0], [0, 0.5, 0, 0, 0, 0]


def test_unrestrained_it_is_the_members_mean(inputs):
    both = ensemble([LIGHTER, REDDER])
    maps = [ensemble([says]).maps(inputs) for says in (LIGHTER, REDDER)]
    torch.testing.assert_close(both.maps(inputs), (maps[0] + maps[1]) / 2)


def test_members_that_agree_are_one_of_them_and_their_order_does_not_count(inputs):
    torch.testing.assert_close(ensemble([LIGHTER] * 3).maps(inputs), ensemble([LIGHTER]).maps(inputs))
    torch.testing.assert_close(ensemble([LIGHTER, REDDER]).maps(inputs), ensemble([REDDER, LIGHTER]).maps(inputs))


def test_agreement_by_numpy(inputs):
    both = ensemble([LIGHTER, REDDER])
    points = points_of(inputs[:, :3], inputs[:, 3:], both.counts)
    said = both.said(points)
    size, spread = agreement(points.foreground, said)
    pictures = np.stack([moved(points.foreground, each[:, None], dim=2).detach().numpy().clip(0, 1) * 255 for each in said])
    mean = pictures.mean(0)
    np.testing.assert_allclose(size.detach(), ((mean - points.foreground.numpy() * 255) ** 2).mean((1, 2)), rtol=1e-4)
    np.testing.assert_allclose(spread.detach(), ((pictures - mean) ** 2).mean((0, 2, 3)), rtol=1e-4)
    assert agreement(points.foreground, both.said(points)[:1])[1].tolist() == [0, 0]


def test_what_a_change_is_multiplied_by():
    """s / (s + c u + s0), by hand; 1 without restraint, and where nothing changes no NaN."""
    size, spread = torch.tensor([100.0, 100.0, 0.0]), torch.tensor([0.0, 25.0, 0.0])
    found = restraint(size, spread, torch.tensor(3.0), torch.tensor(25.0))
    torch.testing.assert_close(found, torch.tensor([0.8, 0.5, 0.0]))
    assert restraint(size, spread, torch.tensor(0.0), torch.tensor(0.0)).tolist() == [1, 1, 1]


def test_doubt_and_floor_hold_the_change_back(inputs):
    both = ensemble([LIGHTER, REDDER])
    points = points_of(inputs[:, :3], inputs[:, 3:], both.counts)
    free, (size, spread) = both.changes(points), agreement(points.foreground, both.said(points))
    both.doubt.fill_(2.0)
    both.floor.fill_(30.0)
    torch.testing.assert_close(both.changes(points), free * (size / (size + 2 * spread + 30))[:, None])
    assert torch.equal(ensemble([[0.0] * 6] * 2).maps(inputs), torch.zeros(2, 6, 64, 64))


def test_in_training_each_row_is_one_members(inputs):
    both = ensemble([LIGHTER, REDDER])
    points = points_of(inputs[:, :3], inputs[:, 3:], both.counts)
    alone = [ensemble([says]).recoloured(points) for says in (LIGHTER, REDDER)]
    for turns in ([0, 1], [1, 0], [1, 1]):
        found = both.recoloured(points, torch.tensor(turns))
        torch.testing.assert_close(found, torch.stack([alone[turn][row] for row, turn in enumerate(turns)]))


def test_members_and_restraint_are_in_the_file(tmp_path):
    architecture = {"name": "regions", "width": 4, "size_px": 64, "mask_input": True, "paste": True, "inference_mode": "eval", "members": 2}
    harmonizer = build_harmonizer(**architecture)
    network = cast("RegionEnsemble", harmonizer.network)
    nn.init.normal_(network.each[1].last.weight, generator=rng(2))
    network.doubt.fill_(4.0)
    save_harmonizer(tmp_path / "model.safetensors", harmonizer, architecture, {"size_px": 64})
    loaded = cast("RegionEnsemble", load_harmonizer(tmp_path / "model.safetensors")[0].network)
    assert loaded.doubt == 4
    assert torch.equal(loaded.each[1].last.weight, network.each[1].last.weight)


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        ("regions", 0, "got 0 members; expected 1 to 16"),
        ("regions", 17, "got 17 members; expected 1 to 16"),
        ("unet", 2, r"generator 'unet' got 2 members; expected 1; only \['regions', 'regions_foreground_only'\] can have more"),
    ],
)
def test_members_are_counted(name, members, message):
    with pytest.raises(InputError, match=message):
        build_harmonizer(name=name, width=4, size_px=64, mask_input=True, paste=True, inference_mode="eval", members=members)
