"""How weights start."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from imharmony.errors import InputError
from imharmony.networks.blocks import ZeroLinear
from imharmony.training.initialisation import initialise


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(64, 128, 4), nn.BatchNorm2d(128), nn.ConvTranspose2d(128, 64, 4))


def initialised(name: str, seed: int = 0) -> nn.Module:
    made = network()
    initialise(made, name=name, generator=torch.Generator().manual_seed(seed))
    return made


def test_normal_weights_have_a_standard_deviation_of_two_hundredths():
    weight = initialised("normal")[0].weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=2e-4)


def test_xavier_weights_fill_their_interval():
    weight = initialised("xavier")[0].weight
    limit = (6 / ((64 + 128) * 16)) ** 0.5  # Glorot & Bengio, equation 16
    assert limit * 0.999 < weight.abs().max().item() <= limit
    assert weight.var().item() == pytest.approx(limit**2 / 3, rel=0.01)


def test_small_xavier_weights_are_normal_with_a_fiftieth_of_xaviers_deviation():
    weight = initialised("small_xavier")[0].weight
    assert weight.std().item() == pytest.approx(0.02 * (2 / ((64 + 128) * 16)) ** 0.5, rel=0.01)
    assert (weight.abs() > 3 * weight.std()).float().mean().item() == pytest.approx(0.0027, abs=5e-4)  # a normal's tails


@pytest.mark.parametrize("name", ["normal", "small_xavier", "xavier"])
def test_biases_start_at_zero_and_norms_as_identities(name):
    made = initialised(name)
    assert made[0].bias.abs().sum() == 0
    assert made[2].bias.abs().sum() == 0
    assert torch.equal(made[1].weight, torch.ones(128))


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(5)
    first = initialised("normal", 3)
    torch.manual_seed(6)
    second, other = initialised("normal", 3), initialised("normal", 4)
    assert torch.equal(first[0].weight, second[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match=r"init is 'he'; expected one of \['normal', 'small_xavier', 'xavier'\]"):
        initialised("he")


def test_a_weight_under_a_spectral_norm_is_drawn_too():
    layers = nn.Sequential(spectral_norm(nn.Conv2d(64, 128, 4)))
    initialise(layers, name="normal", generator=torch.Generator().manual_seed(0))
    assert torch.equal(layers[0].parametrizations.weight.original, initialised("normal")[0].weight)


def test_linear_layers_are_drawn_and_those_that_start_at_zero_are_zero_again():
    layers = nn.Sequential(nn.Linear(64, 128), ZeroLinear(128, 4))
    nn.init.ones_(layers[1].weight)
    initialise(layers, name="xavier", generator=torch.Generator().manual_seed(0))
    limit = (6 / (64 + 128)) ** 0.5
    assert limit * 0.99 < layers[0].weight.abs().max().item() <= limit
    assert layers[0].bias.abs().sum() == layers[1].weight.abs().sum() == 0
