"""The network of edits: what it chooses is applied as the edits' own definition has it, and stays within their bounds."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.intrinsic.edit_network import EditNetwork, Gains, edited_light, network_layers
from imharmony.intrinsic.edits import GAINS, AlbedoEdit, Layers, Pasted, ShadingEdit
from imharmony.intrinsic.learned import learned_edits
from imharmony.running.randomness import torch_seed

SIZE = 24


@pytest.fixture
def layers() -> Layers:
    rng = np.random.default_rng(0)
    return Layers(rng.uniform(0, 1, (SIZE, SIZE, 3)).astype(np.float32), rng.uniform(0.1, 2, (SIZE, SIZE)))


@pytest.fixture
def inside() -> np.ndarray:
    inside = np.zeros((SIZE, SIZE), bool)
    inside[4:14, 6:20] = True
    return inside


def chosen(*, scale: float = 1.0, width: int = 8) -> EditNetwork:
    """A network whose last layer chooses something."""
    with torch_seed(0, torch.device("cpu")):
        network = EditNetwork(width=width)
        torch.nn.init.normal_(network.choose.weight, std=scale)
    return network.eval()


def drawn_gains() -> Gains:
    rng = np.random.default_rng(1)
    shapes = ((1, 3), (1, 3, 8), (1, 1), (1, 1), (1, 1))
    return Gains(*(torch.from_numpy(rng.uniform(*GAINS, shape)) for shape in shapes))


def test_the_networks_size_is_what_the_readme_says():
    assert sum(weight.numel() for weight in EditNetwork().parameters()) == 95_742


def test_edited_light_is_what_the_edits_themselves_make_of_the_layers(layers, inside):
    gains = drawn_gains()
    albedo = torch.from_numpy(layers.albedo.astype(np.float64)).permute(2, 0, 1)[None] * 1.2  # beyond 1 too
    logs = torch.from_numpy(np.log(layers.shading))[None, None]
    light = edited_light(albedo, logs, torch.from_numpy(inside[None, None].astype(np.float64)), gains)
    white_balance, curve, saturation, exposure, contrast = (gain[0].numpy() for gain in gains)
    edit = AlbedoEdit(white_balance, curve, float(saturation[0]), float(exposure[0]))
    light_edit = ShadingEdit(float(np.log(layers.shading)[inside].mean()), 0.0, float(contrast[0]))
    expected = edit(layers.albedo.astype(np.float64) * 1.2) * light_edit(layers.shading)[..., None]
    np.testing.assert_allclose(light[0].permute(1, 2, 0).numpy(), expected, rtol=1e-9, atol=1e-12)


def test_an_untrained_network_changes_nothing_to_the_last_bit(layers, inside):
    edit, light_edit = learned_edits(EditNetwork(width=8).eval(), size_px=16)(Pasted(layers, inside))
    assert (edit(layers.albedo) == layers.albedo).all()
    assert (light_edit.level, light_edit.contrast) == (0.0, 1.0)


def test_gains_stay_within_their_bounds_whatever_the_weights(layers, inside):
    albedo, logs = torch.from_numpy(layers.albedo).permute(2, 0, 1)[None], torch.from_numpy(np.log(layers.shading)).float()[None, None]
    gains = chosen(scale=100.0)(network_layers(albedo, logs), torch.from_numpy(inside[None, None]).float())
    for gain in gains:
        assert gain.min() >= GAINS[0]
        assert gain.max() <= GAINS[1]
    assert gains.curve.shape == (1, 3, 8)


def test_a_picture_is_judged_alike_alone_and_in_a_batch_and_mirrored():
    rng = torch.Generator().manual_seed(0)
    layers, mask = torch.rand(3, 4, 16, 16, generator=rng) * 2 - 1, (torch.rand(3, 1, 16, 16, generator=rng) > 0.5).float()
    network = chosen()
    together, alone = network(layers, mask), network(layers[1:2], mask[1:2])
    assert_close(together.curve[1:2], alone.curve)
    assert (alone.white_balance != together.white_balance[:1]).any()


def test_a_clean_background_takes_the_place_of_what_is_seen_of_it(layers, inside):
    edits_of = learned_edits(chosen(), size_px=SIZE)
    other = Layers(layers.albedo[::-1].copy(), layers.shading[::-1].copy())
    seen, known, same = (edits_of(Pasted(layers, inside, background)) for background in (None, other, other))
    assert (known[0].curve == same[0].curve).all()
    assert (known[0].curve != seen[0].curve).any()


@pytest.mark.parametrize("size", [(40, 30), (7, 90), (1, 2)])
def test_any_size_and_a_mask_of_one_pixel_give_finite_edits(size):
    rng = np.random.default_rng(2)
    layers, inside = Layers(rng.uniform(0, 1, (*size, 3)).astype(np.float32), np.full(size, 1e-4)), np.zeros(size, bool)
    inside[0, 0] = True
    edit, light_edit = learned_edits(chosen(), size_px=16)(Pasted(layers, inside))
    assert np.isfinite(edit(layers.albedo) * light_edit(layers.shading)[..., None]).all()


def test_layers_are_limited_before_the_network_sees_them():
    layers = network_layers(torch.tensor([-1.0, 0.0, 2.0]).reshape(1, 3, 1, 1), torch.full((1, 1, 1, 1), -20.0))
    assert layers.flatten().tolist() == [-1.0, -1.0, 1.0, -1.0]


@pytest.mark.parametrize("width", [0, 12])
def test_a_width_that_no_group_fits_is_refused(width):
    with pytest.raises(InputError, match="expected a multiple of 8"):
        EditNetwork(width=width)
