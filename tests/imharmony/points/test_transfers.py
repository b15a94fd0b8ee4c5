"""Transfers on points: those of the library, picture by picture, and what they leave alone."""

import numpy as np
import pytest
import torch

from imharmony.points.transfers import DRAWS, POINT_TRANSFERS
from imharmony.transfer import TRANSFERS
from imharmony.transfer.kinds import ByReference
from imharmony.transfer.looks import LOOKS
from imharmony.transfer.lut import STRENGTH
from imharmony.transfer.photometric import RANGES

PICTURES = 4
BY_REFERENCE = [name for name, transfer in POINT_TRANSFERS.items() if transfer.needs_reference]


def pixels(seed: int, count: int = 300) -> np.ndarray:
    """uint8 (PICTURES, count, 3) around a colour of each picture's own, correlated as photographs are."""
    rng = np.random.default_rng(seed)
    grey = rng.normal(0, 30, (PICTURES, count, 1))
    colour = rng.uniform(70, 180, (PICTURES, 1, 3)) + grey + rng.normal(0, 12, (PICTURES, count, 3))
    return np.rint(colour.clip(0, 255)).astype(np.uint8)


def tensor(levels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(levels).float() / 255


def rounded(points: torch.Tensor) -> np.ndarray:
    return points.clamp(0, 1).mul(255).round().numpy().astype(int)


def draws(seed: int = 0) -> torch.Tensor:
    return torch.rand(PICTURES, DRAWS, generator=torch.Generator().manual_seed(seed))


def parameters(name: str, drawn: list[float]) -> dict:
    if name == "lut":
        return {"look": LOOKS[int(drawn[0] * len(LOOKS))], "strength": STRENGTH[0] + drawn[1] * (STRENGTH[1] - STRENGTH[0])}
    return {key: low + each * (high - low) for (key, (low, high)), each in zip(RANGES.items(), drawn, strict=True)}


@pytest.mark.parametrize("name", POINT_TRANSFERS)
def test_each_gives_the_librarys_colours_to_within_a_level(name):
    own, reference, drawn = pixels(0), pixels(1), draws()
    given = rounded(POINT_TRANSFERS[name].apply(tensor(own), tensor(own), tensor(reference), drawn))
    transfer = TRANSFERS[name]
    for place in range(PICTURES):
        if isinstance(transfer, ByReference):
            expected = transfer.apply(own[place], transfer.measure(own[place]), transfer.measure(reference[place]))
        else:
            expected = transfer.apply(own[place], parameters(name, drawn[place].tolist()))
        error = np.abs(given[place] - expected.astype(int))
        assert error.max() <= 1
        assert (error > 0).mean() < 0.04  # halves that the integers round the other way


@pytest.mark.parametrize("name", BY_REFERENCE)
def test_towards_its_own_look_a_region_stays(name):
    own = pixels(2)
    assert np.abs(rounded(POINT_TRANSFERS[name].apply(tensor(own), tensor(own), tensor(own), draws())) - own).max() <= 1


@pytest.mark.parametrize("name", POINT_TRANSFERS)
def test_neither_the_order_of_the_points_nor_the_other_pictures_matter(name):
    apply, own, reference, drawn = POINT_TRANSFERS[name].apply, tensor(pixels(3)), tensor(pixels(4)), draws()
    together = apply(own, own, reference, drawn)
    order = torch.randperm(own.shape[1], generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(apply(own, own[:, order], reference[:, order], drawn), together, atol=1e-4, rtol=0)
    alone = apply(own[1:2], own[1:2], reference[1:2], drawn[1:2])
    torch.testing.assert_close(alone[0], together[1], atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", BY_REFERENCE)
def test_of_a_flat_region_and_of_black_come_finite_colours(name):
    flat = torch.zeros(2, 5, 3)
    flat[1] = 0.4
    given = POINT_TRANSFERS[name].apply(flat, flat, tensor(pixels(5))[:2], draws()[:2])
    assert given.isfinite().all()
    torch.testing.assert_close(given, given[:, :1].expand_as(given), atol=1e-5, rtol=0)
