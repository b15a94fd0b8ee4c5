"""The U-Net: its size against published counts, its shape, its precision."""

import pytest
import torch
from torch import nn

from imharmony.networks.unet import UNet, unet


def trainable(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_equal_pix2pix_unet_256():
    assert trainable(unet(in_channels=3, width=64, size_px=256)) == 54_413_955


def test_the_mask_channel_adds_one_kernel_per_first_filter():
    assert trainable(unet(in_channels=4, width=64, size_px=256)) == 54_413_955 + 4 * 4 * 64


def test_with_keras_biases_and_its_moving_statistics_the_count_is_that_of_report_000():
    network = UNet(in_channels=3, width=64, depth=8, conv_bias=True)
    statistics = sum(2 * norm.num_features for norm in network.modules() if isinstance(norm, nn.BatchNorm2d))
    assert trainable(network) + statistics == 54_429_315


@pytest.mark.parametrize(("size_px", "depth"), [(512, 8), (256, 8), (128, 7), (64, 6), (96, 5), (144, 4)])
def test_depth_follows_the_size(size_px, depth):
    assert unet(in_channels=4, width=4, size_px=size_px).depth == depth


def test_dropout_is_in_the_three_innermost_decoder_blocks():
    network = unet(in_channels=4, width=4, size_px=256)
    assert [any(isinstance(layer, nn.Dropout) for layer in block) for block in network.decoder] == [True] * 3 + [False] * 4


def test_output_has_the_size_of_the_input_and_stays_in_range():
    network = unet(in_channels=4, width=4, size_px=96)
    output = network(50 * torch.randn(2, 4, 96, 64))
    assert output.shape == (2, 3, 96, 64)
    assert output.abs().max() <= 1


def test_autocast_does_not_quantise_the_output():
    network = unet(in_channels=4, width=4, size_px=32)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(torch.randn(2, 4, 32, 32))
    assert output.dtype == torch.float32
    assert not torch.equal(output, output.bfloat16().float())


def test_every_parameter_gets_a_gradient():
    network = unet(in_channels=4, width=4, size_px=32)
    network(torch.randn(2, 4, 32, 32)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters() if parameter.grad is not None)
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]


def test_the_network_equals_pix2pix_layer_by_layer():
    """An oracle written as pix2pix nests its blocks: each wraps the next and the LeakyReLU works in place."""
    torch.manual_seed(0)
    network = unet(in_channels=3, width=4, size_px=32).eval()
    inputs = torch.randn(1, 3, 32, 32)
    assert torch.equal(network(inputs), torch.tanh(network.last(_nested(network, inputs))))


def _nested(network: UNet, inputs: torch.Tensor) -> torch.Tensor:
    downs = [network.first[0], *(nn.Sequential(*block[:2]) for block in network.encoder)]

    def block(level: int, x: torch.Tensor) -> torch.Tensor:
        x = downs[level](x)
        x = nn.functional.leaky_relu(x, 0.2, inplace=True)
        inner = torch.relu(network.bottleneck[0](x)) if level == len(downs) - 1 else block(level + 1, x)
        return torch.relu(torch.cat([x, network.decoder[len(downs) - 1 - level](inner)], 1))

    return block(0, inputs)
