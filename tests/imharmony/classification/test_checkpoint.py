"""A classifier's file rebuilds it or says what is wrong; its features have gradients for the pictures alone."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import mse_loss
from torch.testing import assert_close

from imharmony.classification.checkpoint import features_of, load_classifier, load_classifier_features, save_classifier
from imharmony.classification.network import PLACES, Classifier
from imharmony.errors import InputError
from imharmony.losses.features import feature_loss

METADATA = {"dataset": "objects", "data_hash": "0123", "commit": "abc", "seed": "0"}
CATEGORIES = ["dog", "person", "vase"]


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Classifier(categories=3, width=4)
        network.train()(torch.rand(4, 3, 32, 32))  # its batch norms have gathered statistics
        return network.eval()


@pytest.fixture
def saved(network, tmp_path):
    save_classifier(tmp_path / "model.safetensors", network, categories=CATEGORIES, width=4, metadata=METADATA)
    return tmp_path / "model.safetensors"


@pytest.fixture
def picture():
    return torch.rand(2, 3, 30, 44, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_a_loaded_classifier_gives_the_same_scores_and_tells_where_it_came_from(saved, network, picture):
    loaded, metadata = load_classifier(saved)
    assert torch.equal(loaded(picture), network(picture))
    assert metadata == METADATA | {"classifier": {"categories": CATEGORIES, "width": 4}}


def test_equal_classifiers_give_equal_bytes(saved, network, tmp_path):
    save_classifier(tmp_path / "again", network, categories=CATEGORIES, width=4, metadata=METADATA)
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("layers.0.weight"), r"missing tensors \['layers\.0\.weight'\] \(1\)"),
        (lambda tensors: tensors.update(extra=torch.zeros(1)), r"unknown tensors \['extra'\] \(1\)"),
        (lambda tensors: tensors.update({"layers.20.bias": torch.zeros(4)}), r"'layers\.20\.bias' is \(\(4,\)"),
    ],
)
def test_tensors_must_be_exactly_those_of_the_network(saved, change, message):
    tensors = load_file(saved)
    change(tensors)
    save_file(tensors, saved, {"harmonization": json.dumps(METADATA | {"classifier": {"categories": CATEGORIES, "width": 4}})})
    with pytest.raises(InputError, match=message):
        load_classifier(saved)


def test_a_file_of_another_kind_is_refused_without_being_run(saved, tmp_path):
    save_file(load_file(saved), saved, {"harmonization": json.dumps({"architecture": {}})})
    with pytest.raises(InputError, match="not a classifier of this version"):
        load_classifier(saved)
    torch.save({"a": torch.zeros(1)}, tmp_path / "pickle")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_classifier(tmp_path / "pickle")
    with pytest.raises(InputError, match="no such file; run the stage that trains it first"):
        load_classifier(tmp_path / "absent")


def test_features_are_the_networks_own_at_each_place(saved, network, picture):
    found = load_classifier_features(list(PLACES), saved)(picture)
    for name, place in PLACES.items():
        assert_close(found[name], network.layers[: place + 1](picture))
    assert_close(found["logits"], network(picture))


@pytest.mark.parametrize("place", ["relu3", "logits"])
def test_a_loss_on_features_moves_the_output_and_not_the_classifier(network, picture, place):
    output, real = picture.clone().requires_grad_(), picture.flip(3).requires_grad_()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    loss = feature_loss(features_of(network, [place]), weights={place: 1.0}, distance=mse_loss)
    loss(output, real, torch.ones(2, 1, 30, 44)).backward()
    assert output.grad.abs().sum() > 0
    assert real.grad is None
    assert all(weight.grad is None for weight in network.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_an_unknown_layer_is_named_beside_those_that_exist(saved):
    with pytest.raises(InputError, match=r"\['relu3_4'\]; expected some of \['relu1', 'relu2'"):
        load_classifier_features(["relu3_4"], saved)
