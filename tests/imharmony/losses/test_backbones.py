"""Backbones come from the right file or not at all. The files here hold constants; one test reads the user's real SqueezeNet."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.data import astronaut
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, l1_loss
from torch.testing import assert_close
from torchvision.models import squeezenet1_1, vgg19

from imharmony.errors import InputError
from imharmony.losses.backbones import SQUEEZENET_PLACES, VGG19_FILE, VGG19_PLACES, SevenBySeven, load_squeezenet, load_vgg19
from imharmony.losses.features import feature_loss
from imharmony.storage import hub_files

SQUEEZENET = os.environ.get("HARMONIZATION_SQUEEZENET")


@pytest.fixture
def vgg19_file(tmp_path, monkeypatch):
    """A file with VGG-19's names and shapes whose every number is 0.25, stored once."""
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in vgg19(weights=None, init_weights=False).state_dict().items()}
    torch.save({name: torch.tensor(0.25).expand(shape) for name, shape in shapes.items()}, tmp_path / VGG19_FILE)
    monkeypatch.setattr(hub_files, "sha256_of", lambda _: "dcbb9e9d" + 56 * "0")
    return tmp_path / VGG19_FILE


@pytest.fixture
def squeezenet_arrays():
    rng = np.random.default_rng(0)
    state = squeezenet1_1(weights=None).features.state_dict()
    return {f"features.{name}": 0.1 * rng.standard_normal(tensor.shape, dtype=np.float32) for name, tensor in state.items()}


def test_vgg19_places_are_where_counting_torchvisions_layers_finds_them():
    with torch.device("meta"):
        network = vgg19(weights=None, init_weights=False)
    counted, block, layer = {}, 1, 0
    for place, module in enumerate(network.features):
        if isinstance(module, nn.ReLU):
            layer += 1
            counted[f"relu{block}_{layer}"] = place
        elif isinstance(module, nn.MaxPool2d):
            block, layer = block + 1, 0
    assert counted == {name: place for name, place in VGG19_PLACES.items() if name != "logits"}
    assert VGG19_PLACES["relu3_4"] + 1 == 18
    assert VGG19_PLACES["logits"] == len(network.features) + len([network.avgpool, torch.flatten]) + len(network.classifier) - 1


def test_squeezenet_places_are_the_relu_and_the_fires():
    features = squeezenet1_1(weights=None).features
    fires = [place for place, module in enumerate(features) if type(module).__name__ == "Fire"]
    assert list(SQUEEZENET_PLACES.values()) == [1, *fires]
    assert list(SQUEEZENET_PLACES) == ["relu1", *(f"fire{number}" for number in range(2, 10))]


def test_vgg19_is_read_from_the_given_file_and_normalises_as_imagenet_does(vgg19_file):
    features = load_vgg19(["relu1_1", "relu3_4"], vgg19_file)(torch.zeros(1, 3, 8, 8))
    grey = sum((0.5 - mean) / std for mean, std in [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)])
    assert features["relu1_1"][0, :, 4, 4].tolist() == pytest.approx([0.25 + 0.25 * 9 * grey] * 64, rel=1e-4)
    assert features["relu3_4"].shape == (1, 256, 2, 2)


def test_vgg19s_logits_are_its_thousand_classes(vgg19_file):
    extractor = load_vgg19(["relu5_4", "logits"], vgg19_file).to("meta")  # shapes alone: its matrices are large
    shapes = {name: tuple(tensor.shape) for name, tensor in extractor(torch.zeros(2, 3, 64, 96, device="meta")).items()}
    assert shapes == {"relu5_4": (2, 512, 4, 6), "logits": (2, 1000)}


def test_an_absent_vgg19_is_named_with_its_hash_and_its_place(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_: pytest.fail("tried to download"))
    with pytest.raises(
        InputError, match=r"vgg19-dcbb9e9d\.pth \(SHA-256 beginning with dcbb9e9d\): put .* checkpoints/ of torch's hub folder"
    ):
        load_vgg19(["relu3_4"])
    with pytest.raises(InputError, match=r"put mine\.pth into .*given"):
        load_vgg19(["relu3_4"], tmp_path / "given" / "mine.pth")


def test_a_vgg19_file_with_another_hash_is_refused(tmp_path):
    (tmp_path / VGG19_FILE).write_bytes(b"not these weights")
    with pytest.raises(InputError, match=r"beginning with [0-9a-f]{8}; expected dcbb9e9d, .* replace it"):
        load_vgg19(["relu3_4"], tmp_path / VGG19_FILE)


@pytest.mark.parametrize("size", [(2, 3), (7, 7), (16, 9)])
def test_pooling_to_seven_by_seven_is_torchs_own(size):
    features = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    assert_close(SevenBySeven()(features), adaptive_avg_pool2d(features, 7))


def test_squeezenet_sees_blue_green_red_less_the_mean(tmp_path, squeezenet_arrays):
    np.savez(tmp_path / "weights.npz", **squeezenet_arrays)
    image = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1
    reference = squeezenet1_1(weights=None).features
    reference.load_state_dict({name.removeprefix("features."): torch.from_numpy(array) for name, array in squeezenet_arrays.items()})
    caffe = (image.flip(1) + 1) * 127.5 - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    found = load_squeezenet(["fire2", "fire9"], tmp_path / "weights.npz")(image)
    assert_close(found["fire2"], reference[:4](caffe), rtol=1e-3, atol=1e-2)
    assert_close(found["fire9"], reference(caffe), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("change", ["missing", "more", "shape"])
def test_squeezenet_weights_must_be_exactly_those_of_the_features(change, tmp_path, squeezenet_arrays):
    if change == "missing":
        del squeezenet_arrays["features.12.expand3x3.bias"]
    elif change == "more":
        squeezenet_arrays["classifier.1.weight"] = np.zeros((1000, 512, 1, 1), np.float32)
    else:
        squeezenet_arrays["features.0.weight"] = np.zeros((64, 3, 7, 7), np.float32)
    np.savez(tmp_path / "weights.npz", **squeezenet_arrays)
    with pytest.raises(InputError, match=r"differ at .*; expected the features of v1\.1 alone"):
        load_squeezenet(["fire2"], tmp_path / "weights.npz")


def test_a_squeezenet_file_that_is_absent_or_no_archive_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"weights\.npz is not in .*: put it there"):
        load_squeezenet(["fire2"], tmp_path / "weights.npz")
    for content in (b"", b"not an archive"):
        (tmp_path / "weights.npz").write_bytes(content)
        with pytest.raises(InputError, match=r"not an \.npz of plain arrays"):
            load_squeezenet(["fire2"], tmp_path / "weights.npz")


@pytest.mark.skipif(SQUEEZENET is None, reason="HARMONIZATION_SQUEEZENET does not name SqueezeNet's weights")
def test_the_true_squeezenet_finds_a_photograph_farther_from_itself_the_more_it_is_blurred():
    real = torch.from_numpy(astronaut()[:224, 100:324].copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    extractor = load_squeezenet(["fire2", "fire5", "fire9"], Path(SQUEEZENET))
    loss = feature_loss(extractor, weights={"fire2": 1.0, "fire5": 1.0, "fire9": 1.0}, distance=l1_loss)
    blurred = [avg_pool2d(real, size, stride=1, padding=size // 2, count_include_pad=False) for size in (1, 3, 7, 15)]
    distances = [loss(picture, real, torch.ones(1, 1, 224, 224)).item() for picture in blurred]
    assert distances[0] == 0
    assert distances == sorted(set(distances))
