"""Report 001's generator: the code's size, and where the two forms shrink the picture."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from imharmony.networks.fcn import fcn, fcn_code


def test_parameters_of_the_codes_network_are_counted_as_in_the_code():
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in fcn_code(in_channels=3, width=64, size_px=256).parameters()) == 741_379


def test_the_third_halving_of_the_text_adds_one_doubling():
    with torch.device("meta"):
        added = sum(parameter.numel() for parameter in fcn(in_channels=3, width=64, size_px=256).parameters()) - 741_379
    assert added == 64 * 64 * 3 * 3 + 64


@pytest.mark.parametrize(("factory", "strides"), [(fcn, [2, 2, 2]), (fcn_code, [1, 2, 2])])
def test_the_text_shrinks_three_times_and_the_code_twice(factory, strides):
    network = factory(in_channels=3, width=4, size_px=64)
    convolutions = [layer for layer in network.layers if isinstance(layer, nn.Conv2d)]
    assert [layer.stride[0] for layer in convolutions] == strides
    assert 2**network.depth == torch.tensor(strides).prod()


def test_the_codes_network_equals_its_layers_written_out():
    torch.manual_seed(0)
    network, x = fcn_code(in_channels=3, width=4, size_px=16), torch.randn(1, 3, 16, 16)
    first, second, third, up, last_up = network.layers
    features = F.relu(F.conv2d(x, first.weight, first.bias, stride=1, padding=1))
    features = F.relu(F.conv2d(features, second.weight, second.bias, stride=2, padding=1))
    features = F.relu(F.conv2d(features, third.weight, third.bias, stride=2, padding=1))
    features = F.relu(F.conv_transpose2d(features, up.weight, up.bias, stride=2, padding=1, output_padding=1))
    features = F.relu(F.conv_transpose2d(features, last_up.weight, last_up.bias, stride=2, padding=1, output_padding=1))
    assert features.shape == (1, 4, 16, 16)
    assert torch.equal(network(x), F.conv2d(features, network.last.weight, network.last.bias, padding=1))


def test_the_codes_output_is_linear():
    network = fcn_code(in_channels=3, width=4, size_px=16)
    nn.init.zeros_(network.last.weight)
    nn.init.constant_(network.last.bias, 7.0)
    assert torch.equal(network(torch.randn(1, 3, 16, 16)), torch.full((1, 3, 16, 16), 7.0))
