"""Networks that begin at the composite: it comes out to the bit, the last layer learns at once, and any colour can be reached."""

import pytest
import torch
from torch import nn

from imharmony.networks import GENERATORS
from imharmony.networks.blocks import LARGEST_CHANGE, Generator, StartsAtZero
from imharmony.training.initialisation import INITIALISATIONS, initialise

WITHOUT_ANOTHER = ["regions", "regions_foreground_only"]  # as designed they begin there: their own tests look at the gradients
BOUNDED = ["attention_unet", "bargain", "bargain_code", "bargain_hsv", "bargain_hsv_code", "fcn", "rain", "unet"]
WITH_OTHER_OUTPUTS = ["unet3plus", "bargain_unet3plus"]
CHOOSING = [name for name in GENERATORS if name not in WITHOUT_ANOTHER]


def built(name: str, *, start: str = "composite", size_px: int = 32, init: str = "xavier") -> Generator:
    network = GENERATORS[name](in_channels=4, width=4, size_px=size_px, start=start)
    initialise(network, name=init, generator=torch.Generator().manual_seed(0))
    return network


def pictures(height: int = 32, width: int = 32) -> torch.Tensor:
    inputs = torch.rand(2, 4, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1
    inputs[:, 3] = 0
    inputs[:, 3, : height // 2, : width // 2] = 1
    return inputs


def zeros_of(network: Generator) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, StartsAtZero)]


@pytest.mark.parametrize("init", INITIALISATIONS)
@pytest.mark.parametrize("name", GENERATORS)
def test_before_it_learns_the_composite_comes_out_bit_for_bit(name, init):
    inputs = pictures(64, 96)
    network = built(name, init=init)
    assert network.begins_at_composite
    for mode in (True, False):
        for output in network.train(mode).outputs(inputs):
            assert torch.equal(output, inputs[:, :3])
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network(inputs), inputs[:, :3])


@pytest.mark.parametrize("name", GENERATORS)
def test_a_photograph_of_any_size_is_not_changed_either(name):
    photograph = torch.rand(2, 3, 50, 70, generator=torch.Generator().manual_seed(2)) * 2 - 1
    network = built(name).eval()
    maps = nn.functional.interpolate(network.maps(pictures()), (50, 70), mode="bilinear")
    assert torch.equal(network.mapped(photograph, maps), photograph)


@pytest.mark.parametrize("name", CHOOSING)
def test_the_published_start_is_another_picture_from_the_same_weights_but_the_last(name):
    published, other = built(name, start="published"), built(name)
    assert (published.begins_at_composite, zeros_of(published)) == (False, [])
    assert not torch.allclose(published(pictures()), pictures()[:, :3], atol=0.01)
    zeroed = {id(parameter) for module in zeros_of(other) for parameter in module.parameters()}
    weights = published.state_dict()
    assert other.state_dict().keys() == weights.keys()
    for label, parameter in other.named_parameters():
        assert torch.equal(parameter, weights[label]) or id(parameter) in zeroed


@pytest.mark.parametrize("name", CHOOSING)
def test_the_last_layer_learns_from_the_first_step_and_all_others_from_the_second(name):
    network, inputs = built(name).train(), pictures()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    last = [parameter for module in zeros_of(network) for parameter in module.parameters()]
    for step in range(2):
        optimizer.zero_grad()
        torch.stack([(output - 1).square().mean() for output in network.outputs(inputs)]).sum().backward()
        reached = {id(parameter) for parameter in network.parameters() if parameter.grad is not None and parameter.grad.abs().sum() > 0}
        assert {id(parameter) for parameter in last} <= reached
        optimizer.step()
        if step == 1:
            assert [label for label, parameter in network.named_parameters() if parameter.ndim > 1 and id(parameter) not in reached] == []


@pytest.mark.parametrize("name", BOUNDED)
def test_a_bounded_change_leads_from_black_to_white_and_back(name):
    network, inputs = built(name).eval(), pictures()
    (last,) = zeros_of(network)
    for sign in (1, -1):
        nn.init.constant_(last.bias, 20 * sign)
        assert torch.equal(network(inputs), inputs[:, :3] + sign * LARGEST_CHANGE)


def test_idih_blends_the_composite_with_the_composite_changed():
    """By the published head's own formula: k x + (1 - k)(x + c)."""
    network, inputs = built("idih").eval(), pictures()
    nn.init.constant_(network.colours.bias, 0.5)
    nn.init.zeros_(network.attention.weight)
    nn.init.constant_(network.attention.bias, torch.logit(torch.tensor(0.75)).item() / 3)
    assert torch.allclose(network(inputs), 0.75 * inputs[:, :3] + 0.25 * (inputs[:, :3] + 0.5), atol=1e-6)


def test_every_side_output_of_unet3plus_has_a_head_of_zeros():
    for name in WITH_OTHER_OUTPUTS:
        network = built(name)
        assert len(zeros_of(network)) == len(network.outputs(pictures())) == 5
