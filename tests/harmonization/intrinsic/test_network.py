"""The shading network: any size in, the same size out, within its range, and stored in one file that says what is wrong with it."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from harmonization.errors import InputError
from harmonization.intrinsic.checkpoint import load_shading_network, save_shading_network
from harmonization.intrinsic.decomposition import linear_of
from harmonization.intrinsic.learned import learned_shading
from harmonization.intrinsic.network import BRIGHTEST, DARKEST, ShadingNetwork, log_shading
from harmonization.randomness import torch_seed

CHANNELS = (8, 16, 8)


@pytest.fixture
def network() -> ShadingNetwork:
    with torch_seed(0, torch.device("cpu")):
        return ShadingNetwork(channels=CHANNELS).eval()


@pytest.fixture
def saved(network, tmp_path):
    save_shading_network(tmp_path / "model.safetensors", network, channels=CHANNELS, size_px=32, metadata={"commit": "abc"})
    return tmp_path / "model.safetensors"


def test_the_networks_size_is_what_the_readme_says():
    assert sum(weight.numel() for weight in ShadingNetwork().parameters()) == 925_729


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (1, 1), (5, 64)])
def test_any_size_comes_back_within_the_networks_range(network, size):
    inverse = network(torch.rand(2, 3, *size) * 2 - 1)
    assert inverse.shape == (2, 1, *size)
    assert inverse.min() >= BRIGHTEST
    assert inverse.max() <= DARKEST


def test_a_picture_is_seen_alike_alone_and_in_a_batch(network):
    pictures = torch.rand(3, 3, 24, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert_close(network(pictures)[1:2], network(pictures[1:2]))


def test_log_shading_undoes_the_inverse():
    shading = torch.tensor([0.05, 0.5, 1.0, 20.0])
    assert_close(log_shading(1 / (1 + shading)), shading.log())


@pytest.mark.parametrize("channels", [(8,), (8, 12)])
def test_channels_that_no_group_fits_are_refused(channels):
    with pytest.raises(InputError, match="expected two or more multiples of 8"):
        ShadingNetwork(channels=channels)


@pytest.mark.parametrize("size", [(90, 60), (16, 24), (3, 200), (1, 1)])
def test_learned_shading_has_the_photographs_size_and_is_above_nothing(network, size):
    photograph = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    shading = learned_shading(network, size_px=32)(photograph)
    assert shading.shape == size
    assert shading.min() > 0
    assert np.isfinite(linear_of(photograph) / shading[..., None]).all()


def test_a_loaded_network_gives_the_same_shading_and_equal_networks_equal_bytes(saved, network, tmp_path):
    loaded, metadata = load_shading_network(saved)
    picture = torch.rand(1, 3, 32, 40) * 2 - 1
    assert torch.equal(loaded(picture), network(picture))
    assert metadata == {"commit": "abc", "shading": {"channels": list(CHANNELS), "size_px": 32}}
    save_shading_network(tmp_path / "again", network, channels=CHANNELS, size_px=32, metadata={"commit": "abc"})
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_tensors_must_be_exactly_those_of_the_network(saved):
    tensors = load_file(saved)
    tensors.pop("head.bias")
    save_file(tensors, saved, {"harmonization": json.dumps({"shading": {"channels": CHANNELS, "size_px": 32}})})
    with pytest.raises(InputError, match=r"missing tensors \['head\.bias'\] \(1\)"):
        load_shading_network(saved)


@pytest.mark.parametrize("shading", [None, {"channels": [8, 8]}, {"channels": 3, "size_px": 32}, {"channels": [8, 8], "size_px": "big"}])
def test_a_file_of_another_kind_is_refused(saved, shading):
    save_file(load_file(saved), saved, {"harmonization": json.dumps({"shading": shading} if shading else {"classifier": {}})})
    with pytest.raises(InputError, match="not a shading network of this version"):
        load_shading_network(saved)
