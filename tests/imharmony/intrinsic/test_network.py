"""The shading network: any size in, the same size out, within its range, and stored in one file that says what is wrong with it."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, load_networks, save_networks
from imharmony.intrinsic.decomposition import linear_of
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.learned import learned_shading
from imharmony.intrinsic.network import BRIGHTEST, DARKEST, ShadingNetwork, log_shading
from imharmony.running.randomness import torch_seed

CHANNELS = (8, 16, 8)


@pytest.fixture
def network() -> ShadingNetwork:
    with torch_seed(0, torch.device("cpu")):
        return ShadingNetwork(channels=CHANNELS).eval()


@pytest.fixture
def saved(network, tmp_path):
    save_networks(tmp_path / "model.safetensors", IntrinsicNetworks(network, 32), {"commit": "abc"})
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


def test_loaded_networks_give_the_same_and_equal_ones_equal_bytes(saved, network, tmp_path):
    loaded, metadata = load_networks(saved)
    picture = torch.rand(1, 3, 32, 40) * 2 - 1
    assert torch.equal(loaded.shading(picture), network(picture))
    assert (loaded.shading_px, loaded.edits) == (32, None)
    assert metadata == {"commit": "abc", "networks": {"shading": {"channels": list(CHANNELS), "size_px": 32}}}
    save_networks(tmp_path / "again", IntrinsicNetworks(network, 32), {"commit": "abc"})
    assert (tmp_path / "again").read_bytes() == saved.read_bytes()


def test_both_networks_lie_in_one_file(network, tmp_path):
    edits = EditNetwork(width=16)
    torch.nn.init.normal_(edits.choose.weight)
    save_networks(tmp_path / "both", IntrinsicNetworks(network, 32, edits.eval(), 64), {})
    loaded, metadata = load_networks(tmp_path / "both")
    layers, mask = torch.rand(1, 4, 16, 16), torch.ones(1, 1, 16, 16)
    assert torch.equal(loaded.edits(layers, mask).curve, edits(layers, mask).curve)
    assert metadata["networks"]["edits"] == {"width": 16, "size_px": 64}
    assert loaded.edits_px == 64


def test_tensors_must_be_exactly_those_of_the_network(saved):
    tensors = load_file(saved)
    tensors.pop("shading.head.bias")
    save_file(tensors, saved, {"harmonization": json.dumps({"networks": {"shading": {"channels": CHANNELS, "size_px": 32}}})})
    with pytest.raises(InputError, match=r"missing tensors \['shading\.head\.bias'\] \(1\)"):
        load_networks(saved)


@pytest.mark.parametrize(
    "networks",
    [
        None,
        {"shading": {"channels": [8, 8]}},
        {"shading": {"channels": 3, "size_px": 32}},
        {"shading": {"channels": [8, 8], "size_px": "big"}},
        {"edits": {"size_px": 32}},
    ],
)
def test_a_file_of_another_kind_is_refused(saved, networks):
    save_file(load_file(saved), saved, {"harmonization": json.dumps({"networks": networks} if networks else {"classifier": {}})})
    with pytest.raises(InputError, match="no networks of the preprocessing of this version"):
        load_networks(saved)
