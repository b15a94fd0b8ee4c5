"""UNet 3+: its full-scale joins, its side outputs, its gate, and report 002's form."""

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d

from imharmony.networks.unet3plus import UNet3Plus, unet3plus, unet3plus_code


@pytest.fixture
def network():
    torch.manual_seed(0)
    return unet3plus(in_channels=4, width=4, size_px=32)


@pytest.fixture
def inputs():
    return torch.rand(2, 4, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def trainable(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_equal_the_published_26_97_million():
    """The paper's network has three input channels and one output; ours has two more kernels and biases in its head."""
    with torch.device("meta"):
        network = UNet3Plus(in_channels=3, width=64, depth=4, deep_supervision=False, guided=False)
    count = trainable(network) - 2 * (320 * 9 + 1)
    assert f"{count / 1e6:.2f}" == "26.97"


def test_the_form_of_report_002_has_its_norms_without_parameters():
    with torch.device("meta"):
        plain = UNet3Plus(in_channels=20, width=64, depth=4, deep_supervision=False, guided=False)
        network = unet3plus_code(in_channels=20, width=64, size_px=256)
    norms = sum(2 * norm.num_features for norm in plain.modules() if isinstance(norm, nn.BatchNorm2d))
    assert trainable(network) == trainable(plain) - norms


def test_a_node_makes_64_channels_of_each_of_five_levels_and_joins_320():
    with torch.device("meta"):
        network = unet3plus(in_channels=4, width=64, size_px=256)
    entering = [[branch[0].in_channels for branch in node.branches] for node in network.nodes]
    assert entering == [
        [64, 320, 320, 320, 1024],
        [64, 128, 320, 320, 1024],
        [64, 128, 256, 320, 1024],
        [64, 128, 256, 512, 1024],
    ]
    assert {branch[0].out_channels for node in network.nodes for branch in node.branches} == {64}
    assert {(node.join[0].in_channels, node.join[0].out_channels) for node in network.nodes} == {(320, 320)}


def test_maps_travel_as_published(inputs):
    """Three levels written out: encoder maps by maxima, decoder maps and the deepest bilinearly."""
    torch.manual_seed(0)
    network = UNet3Plus(in_channels=4, width=4, depth=2, residual=False, guided=False).eval()
    e1 = network.encoder[0](inputs)
    e2 = network.encoder[1](max_pool2d(e1, 2))
    e3 = network.encoder[2](max_pool2d(e2, 2))

    def node(level: int, *maps: torch.Tensor) -> torch.Tensor:
        joined = [branch(features) for branch, features in zip(network.nodes[level].branches, maps, strict=True)]
        return network.nodes[level].join(torch.cat(joined, 1))

    d2 = node(1, max_pool2d(e1, 2), e2, interpolate(e3, (16, 16), mode="bilinear"))
    d1 = node(0, e1, interpolate(d2, (32, 32), mode="bilinear"), interpolate(e3, (32, 32), mode="bilinear"))
    main, second, third = network.outputs(inputs)
    assert torch.equal(main, network.heads[0](d1))
    assert torch.equal(second, interpolate(network.heads[1](d2), (32, 32), mode="bilinear"))
    assert torch.equal(third, interpolate(network.heads[2](e3), (32, 32), mode="bilinear"))


def test_there_is_one_output_per_level_all_of_full_size_and_the_first_is_the_main_one(network, inputs):
    outputs = network.eval().outputs(inputs)
    assert [output.shape for output in outputs] == [(2, 3, 32, 32)] * 5
    assert torch.equal(outputs[0], network(inputs))


def test_without_deep_supervision_the_main_output_is_all(inputs):
    network = unet3plus_code(in_channels=4, width=4, size_px=32).eval()
    (only,) = network.outputs(inputs)
    assert torch.equal(only, network(inputs))


def test_a_closed_gate_returns_the_composite_at_every_level(network, inputs):
    nn.init.zeros_(network.gate[1].weight)
    nn.init.constant_(network.gate[1].bias, -200.0)
    for output in network.outputs(inputs):
        torch.testing.assert_close(output, inputs[:, :3])


def test_a_half_open_gate_halves_the_change(network, inputs):
    network.eval()
    nn.init.zeros_(network.gate[1].weight)
    nn.init.zeros_(network.gate[1].bias)
    half = network(inputs) - inputs[:, :3]
    nn.init.constant_(network.gate[1].bias, 50.0)
    torch.testing.assert_close(network(inputs) - inputs[:, :3], 2 * half)


def test_in_training_all_levels_share_one_gate_with_its_dropout(network, inputs):
    for head in network.heads:
        nn.init.zeros_(head.weight)
        nn.init.ones_(head.bias)
    main, *others = network.train().outputs(inputs)
    for other in others:
        assert torch.equal(main, other)


def test_every_parameter_gets_a_gradient_from_the_outputs(network, inputs):
    torch.stack(network.outputs(inputs)).square().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()]


def test_the_form_of_report_002_has_instance_norms_and_leaks_in_the_encoder_only():
    network = unet3plus_code(in_channels=4, width=4, size_px=32)
    assert not [module for module in network.modules() if isinstance(module, nn.BatchNorm2d | nn.Dropout | nn.Tanh)]

    def slopes(part: nn.Module) -> set[float]:
        return {module.negative_slope for module in part.modules() if isinstance(module, nn.LeakyReLU)}

    assert (slopes(network.encoder), slopes(network.nodes)) == ({0.01}, {0.0})
