"""iDIH: its channels, its sum skips and its image fusion."""

import pytest
import torch
from torch import nn

from imharmony.networks.idih import idih


@pytest.fixture
def network():
    torch.manual_seed(0)
    return idih(in_channels=4, width=4, size_px=64)


def channels(network: nn.Module) -> list[int]:
    return [block[0].out_channels for block in network.encoder]


def test_channels_at_256_are_those_of_deep_image_harmonization():
    assert channels(idih(in_channels=4, width=64, size_px=256)) == [64, 64, 128, 128, 256, 256, 512]


@pytest.mark.parametrize(("size_px", "depth"), [(512, 7), (256, 7), (128, 6), (64, 5), (48, 3)])
def test_depth_leaves_a_bottleneck_of_two_pixels_or_more(size_px, depth):
    assert idih(in_channels=4, width=4, size_px=size_px).depth == depth


def test_norms_start_at_the_third_block_and_end_there(network):
    def normalised(blocks: nn.ModuleList) -> list[bool]:
        return [any(isinstance(layer, nn.BatchNorm2d) for layer in block) for block in blocks]

    assert normalised(network.encoder) == [False, False, True, True, True]
    assert normalised(network.decoder) == [True, True, False, False]


def test_full_attention_returns_the_composite(network):
    nn.init.zeros_(network.attention.weight)
    nn.init.constant_(network.attention.bias, 50.0)
    inputs = torch.rand(2, 4, 64, 64) * 2 - 1
    assert torch.equal(network(inputs), inputs[:, :3])


def test_no_attention_returns_the_colours(network):
    nn.init.zeros_(network.attention.weight)
    nn.init.constant_(network.attention.bias, -50.0)
    nn.init.zeros_(network.colours.weight)
    nn.init.constant_(network.colours.bias, 0.25)
    assert torch.equal(network(torch.randn(2, 4, 64, 64)), torch.full((2, 3, 64, 64), 0.25))


def test_attention_is_three_times_as_steep_as_a_sigmoid(network):
    nn.init.zeros_(network.attention.weight)
    nn.init.constant_(network.attention.bias, 1.0)
    nn.init.zeros_(network.colours.weight)
    nn.init.zeros_(network.colours.bias)
    inputs = torch.ones(1, 4, 64, 64)
    assert torch.allclose(network(inputs), torch.full((1, 3, 64, 64), 0.9525741))  # 1 / (1 + exp(-3))


def test_skips_are_sums(network):
    """With a silent decoder the features before the last layer are the first encoder map."""
    for block in network.decoder:
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
    seen = []
    network.last.register_forward_pre_hook(lambda _module, arguments: seen.append(arguments[0]))
    inputs = torch.randn(2, 4, 64, 64)
    network(inputs)
    assert torch.equal(seen[0], network.encoder[0](inputs))


def test_autocast_does_not_quantise_the_output(network):
    inputs = torch.rand(2, 4, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        output = network(inputs)
    assert output.dtype == torch.float32
    assert not torch.equal(output, output.bfloat16().float())


def test_a_batch_of_one_trains(network):
    network.train()(torch.randn(1, 4, 64, 64)).square().mean().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]
