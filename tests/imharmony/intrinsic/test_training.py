"""The studio's scenes are read by their own split, and a network learns their shading to the same bits."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from imharmony.colour.ranges import network_from_uint8
from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import linear_of
from imharmony.intrinsic.network import log_shading
from imharmony.intrinsic.scenes import ShadingPairs, read_scenes, shading_pairs
from imharmony.intrinsic.training import fit_shading, shading_loss
from imharmony.sources.studio import write_studio

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio") / "world"
    write_studio(folder, purpose="photographs", scenes=18, width_px=48, height_px=36, seed=0, workers=1)
    return folder


@pytest.fixture(scope="module")
def pairs(world) -> ShadingPairs:
    return shading_pairs(read_scenes(world, split="train2017"), size_px=32)


def fitted(pairs: ShadingPairs, *, steps: int, seed: int = 0):
    return fit_shading(pairs, steps=steps, batch_size=4, learning_rate=5e-3, seed=seed, device=CPU, channels=(8, 16, 16))


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([tensor.double().flatten() for tensor in network.state_dict().values()])


def test_each_sixth_scene_is_held_out(world):
    train, held_out = ({scene.image_id for scene in read_scenes(world, split=split)} for split in ("train2017", "val2017"))
    assert held_out == {6, 12, 18}
    assert train == set(range(1, 19)) - held_out


def test_layers_explain_the_photograph_but_for_vignetting_noise_and_the_lights_tint(world):
    for scene in read_scenes(world, split="val2017"):
        explained = (scene.albedo * scene.shading[..., None]).mean(axis=2)
        seen = linear_of(scene.image).mean(axis=2)
        unclipped = (scene.image.max(axis=2) < 250) & (seen > 0.01)
        assert np.median(np.abs(np.log(seen / explained))[unclipped]) < 0.25
        assert scene.normals.shape == scene.albedo.shape
        assert np.linalg.norm(scene.light_direction) == pytest.approx(1)
        assert all(alpha.shape == scene.shading.shape for alpha in scene.alphas)
        assert 0 < scene.direct_share < 1


def test_pairs_are_squared_and_their_shading_is_a_logarithm(world, pairs):
    assert pairs.images.shape == (15, 32, 32, 3)
    assert pairs.log_shading.shape == (15, 32, 32)
    first = next(read_scenes(world, split="train2017"))
    assert pairs.log_shading[0].mean() == pytest.approx(np.log(np.maximum(first.shading, 1e-3)).mean(), abs=0.02)


def test_an_unknown_split_or_one_without_scenes_is_named(world, tmp_path):
    with pytest.raises(InputError, match=r"split 'test': expected one of \['train2017', 'val2017'\]"):
        next(read_scenes(world, split="test"))
    write_studio(tmp_path / "short", purpose="photographs", scenes=3, width_px=48, height_px=36, seed=0, workers=1)
    with pytest.raises(InputError, match="no scenes in split 'val2017'"):
        next(read_scenes(tmp_path / "short", split="val2017"))
    with pytest.raises(InputError, match="no scenes to learn shading from"):
        shading_pairs([], size_px=32)


def test_the_loss_by_hand():
    estimate = torch.tensor([[[[1.0, 3.0], [1.0, 3.0]]]])  # the mean is 2, the distance from it 1, the step across 2, down 0
    assert shading_loss(estimate, torch.zeros(1, 1, 2, 2)).item() == pytest.approx(1 + 2 * (2 + 0) / 2 + 0.05 * 2)


def test_a_factor_of_the_shading_costs_little_and_is_not_free():
    rng = torch.Generator().manual_seed(0)
    target = torch.rand(2, 1, 8, 8, generator=rng)
    assert_close(shading_loss(target + 1, target), torch.tensor(0.05), atol=1e-6, rtol=0)


def test_training_lowers_the_loss_well_below_that_of_an_even_light(pairs):
    network = fitted(pairs, steps=150)
    images, target = network_from_uint8(torch.from_numpy(pairs.images)), torch.from_numpy(pairs.log_shading)[:, None]
    even = shading_loss(torch.zeros_like(target), target).item()
    with torch.no_grad():
        assert shading_loss(log_shading(network(images)), target).item() < 0.75 * even


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(pairs):
    torch.manual_seed(1)
    first = weights(fitted(pairs, steps=2))
    torch.manual_seed(2)
    assert torch.equal(first, weights(fitted(pairs, steps=2)))
    assert not torch.equal(first, weights(fitted(pairs, steps=2, seed=1)))


def test_a_network_comes_back_in_its_evaluation_mode_and_without_steps_not_at_all(pairs):
    assert not fitted(pairs, steps=1).training
    with pytest.raises(InputError, match="0 steps of 4 scenes: expected at least 1 of each"):
        fitted(pairs, steps=0)
