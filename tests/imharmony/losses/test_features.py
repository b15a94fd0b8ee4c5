"""Feature losses over a small network of random weights: what is tested is the wiring, not what such features are worth."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.losses.features import FeatureExtractor, feature_loss
from imharmony.losses.style import style_distance

PLACES = {"relu1": 1, "relu2": 4, "scores": 7}
MASK = torch.ones(2, 1, 8, 8)


@pytest.fixture
def layers():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        convolutions = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3), nn.ReLU(inplace=True)]
        return nn.Sequential(*convolutions, nn.Flatten(), nn.Dropout(), nn.Linear(20, 3))


@pytest.fixture
def pictures():
    rng = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 8, 8, generator=rng) * 2 - 1, torch.rand(2, 3, 8, 8, generator=rng) * 2 - 1


def extractor_of(layers: nn.Sequential, *names: str) -> FeatureExtractor:
    return FeatureExtractor(layers, PLACES, names=names, mean=(120.0, 110.0, 100.0), std=(50.0, 60.0, 70.0))


def test_the_network_sees_red_green_and_blue_by_its_own_mean_and_spread():
    extractor = FeatureExtractor(nn.Sequential(nn.Identity()), {"input": 0}, names=["input"], mean=(120, 110, 100), std=(50, 60, 70))
    levels = torch.tensor([255.0, 110.0, 30.0]).view(1, 3, 1, 1)
    assert_close(extractor(levels / 127.5 - 1)["input"].flatten(), torch.tensor([135 / 50, 0, -1]), atol=1e-5, rtol=0)


def test_features_are_those_behind_each_named_layer(layers, pictures):
    image = pictures[0]
    found = extractor_of(layers, "relu2", "relu1")(image)
    mean, std = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in ([120.0, 110.0, 100.0], [50.0, 60.0, 70.0]))
    first = layers[:2](((image + 1) * 127.5 - mean) / std)
    assert_close(found["relu1"], first)
    assert_close(found["relu2"], layers[2:5](first.clone()))


def test_layers_behind_the_last_named_one_are_dropped(layers):
    assert len(extractor_of(layers, "relu1").layers) == 2


def test_nothing_random_happens_even_when_training_is_asked_for(layers, pictures):
    extractor = extractor_of(layers, "scores")
    nn.ModuleList([extractor]).train()
    assert torch.equal(extractor(pictures[0])["scores"], extractor(pictures[0])["scores"])


def test_an_unknown_layer_is_named_beside_those_that_exist(layers):
    with pytest.raises(InputError, match=r"\['conv9'\]; expected some of \['relu1', 'relu2', 'scores'\]"):
        extractor_of(layers, "relu1", "conv9")


@pytest.mark.parametrize(("distance", "power"), [(l1_loss, 1), (mse_loss, 2)])
def test_the_loss_agrees_with_numpy(distance, power, layers, pictures):
    extractor = extractor_of(layers, "relu1", "relu2")
    output, real = (extractor(picture) for picture in pictures)
    weights = {"relu1": 0.25, "relu2": 2.0}
    expected = sum(weight * np.mean(np.abs(output[name].numpy() - real[name].numpy()) ** power) for name, weight in weights.items())
    assert feature_loss(extractor, weights=weights, distance=distance)(*pictures, MASK).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("distance", [l1_loss, mse_loss, style_distance])
def test_equal_pictures_have_no_loss(distance, layers, pictures):
    loss = feature_loss(extractor_of(layers, "relu1"), weights={"relu1": 1.0}, distance=distance)
    assert loss(pictures[0], pictures[0], MASK).item() == 0
    assert loss(*pictures, MASK).item() > 0


def test_gradients_reach_the_output_alone(layers, pictures):
    output, real = (picture.requires_grad_() for picture in pictures)
    extractor = extractor_of(layers, "relu2")
    feature_loss(extractor, weights={"relu2": 1.0}, distance=mse_loss)(output, real, MASK).backward()
    assert output.grad.abs().sum() > 0
    assert real.grad is None
    assert all(weight.grad is None for weight in extractor.parameters())
