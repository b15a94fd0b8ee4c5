"""The classifier: what its places are, how far they see, and that pictures of any size will do."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import linear
from torch.testing import assert_close

from imharmony.classification.network import LOGITS, PLACES, Classifier

FIELDS_PX = {"relu1": 3, "relu2": 8, "relu3": 18, "relu4": 38, "relu5": 78}


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier(categories=7, width=4).eval()


def up_to(network: Classifier, place: str) -> nn.Sequential:
    return network.layers[: PLACES[place] + 1]


def test_places_are_behind_the_relus_and_the_head(network):
    relus = [place for place, layer in enumerate(network.layers) if isinstance(layer, nn.ReLU)]
    assert list(PLACES.values()) == [*relus, len(network.layers) - 1]
    assert isinstance(network.layers[PLACES[LOGITS]], nn.Linear)


def test_parameters_are_those_of_the_kernels_the_norms_and_the_head():
    channels = [3, 16, 32, 64, 128, 128]
    kernels = sum(9 * inputs * outputs for inputs, outputs in pairwise(channels))
    expected = kernels + 2 * sum(channels[1:]) + 128 * 7 + 7
    assert sum(weight.numel() for weight in Classifier(categories=7, width=16).parameters()) == expected


@pytest.mark.parametrize(("place", "field_px"), FIELDS_PX.items())
def test_a_value_sees_a_square_of_exactly_its_field(network, place, field_px):
    layers = up_to(network, place)
    for parameter in layers.parameters():
        nn.init.constant_(parameter, 0.01)
    picture = torch.rand(1, 3, 160, 160).requires_grad_()
    maps = layers(picture)
    maps[0, 0, maps.shape[2] // 2, maps.shape[3] // 2].backward()
    for sides in ((0, 1, 3), (0, 1, 2)):
        seen = picture.grad.abs().sum(sides).nonzero().flatten()
        assert seen[-1] - seen[0] + 1 == len(seen) == field_px


@pytest.mark.parametrize(("place", "size"), [("relu1", (48, 80)), ("relu2", (24, 40)), ("relu3", (12, 20)), ("relu5", (3, 5))])
def test_each_block_halves(network, place, size):
    assert up_to(network, place)(torch.zeros(2, 3, 48, 80)).shape[2:] == size


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (33, 50)])
def test_a_picture_of_any_size_gets_a_score_for_each_category(network, size):
    assert network(torch.zeros(2, 3, *size)).shape == (2, 7)


def test_scores_are_the_head_of_the_last_maps_mean(network):
    picture = torch.rand(2, 3, 40, 56) * 2 - 1
    mean = torch.stack([maps.flatten(1).mean(1) for maps in up_to(network, "relu5")(picture)])
    assert_close(network(picture), linear(mean, network.layers[-1].weight, network.layers[-1].bias))


def test_a_picture_is_seen_the_same_alone_and_among_others(network):
    pictures = torch.rand(3, 3, 32, 32)
    assert_close(network(pictures)[1:2], network(pictures[1:2]))
