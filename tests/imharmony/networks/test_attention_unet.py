"""DoveNet's attention U-Net: its size against published counts, its gates, and what it shares with pix2pix."""

import numpy as np
import pytest
import torch
from torch import nn

from imharmony.networks.attention_unet import AttentionGate, AttentionUNet, attention_unet
from imharmony.networks.unet import unet


def trainable(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("in_channels", "norm", "count"),
    [
        (4, "batch", 54_759_939),
        (4, "instance", 54_755_587),
        (20, "batch", 54_776_324 - 1),  # BargainNet's, whose last parameter is the weight of its style code
    ],
)
def test_parameters_equal_the_published_networks(in_channels, norm, count):
    with torch.device("meta"):
        assert trainable(AttentionUNet(in_channels=in_channels, width=64, depth=8, norm=norm)) == count


@pytest.mark.parametrize(("size_px", "depth"), [(512, 8), (256, 8), (128, 7), (96, 5), (144, 4)])
def test_depth_follows_the_size(size_px, depth):
    assert attention_unet(in_channels=4, width=4, size_px=size_px).depth == depth


@pytest.mark.parametrize(("depth", "dropout"), [(8, [1, 2, 3]), (7, [1, 2]), (5, []), (4, [])])
def test_the_three_outermost_joins_are_gated_and_dropout_lies_between_them_and_the_innermost(depth, dropout):
    network = AttentionUNet(in_channels=4, width=4, depth=depth)
    gated = [level for level, gate in enumerate(network.gates) if isinstance(gate, AttentionGate)]
    dropping = [level for level, block in enumerate(network.decoder) if any(isinstance(layer, nn.Dropout) for layer in block)]
    assert gated == [depth - 4, depth - 3, depth - 2]
    assert dropping == dropout


def test_a_gate_equals_its_formula():
    torch.manual_seed(0)
    gate, features = AttentionGate(6), torch.randn(2, 6, 3, 5)
    x = features.numpy().astype(np.float64)
    weight, bias = gate.weighing.weight.detach().numpy()[:, :, 0, 0], gate.weighing.bias.detach().numpy()
    scores = np.einsum("oc,bchw->bohw", weight, x) + bias[None, :, None, None]
    np.testing.assert_allclose(gate(features).detach().numpy(), x / (1 + np.exp(-scores)), rtol=1e-5, atol=1e-6)


def test_with_open_gates_it_is_the_u_net_of_pix2pix():
    torch.manual_seed(0)
    network = attention_unet(in_channels=4, width=4, size_px=64).eval()
    for gate in network.gates:
        if isinstance(gate, AttentionGate):
            nn.init.zeros_(gate.weighing.weight)
            nn.init.constant_(gate.weighing.bias, 50.0)
    plain = unet(in_channels=4, width=4, size_px=64).eval()
    plain.load_state_dict({name: tensor for name, tensor in network.state_dict().items() if not name.startswith("gates")})
    inputs = torch.randn(2, 4, 64, 64)
    assert torch.equal(network(inputs), plain(inputs))


def test_a_shut_gate_silences_what_it_joins():
    network = attention_unet(in_channels=4, width=4, size_px=64).eval()
    nn.init.zeros_(network.gates[-1].weighing.weight)
    nn.init.constant_(network.gates[-1].weighing.bias, -200.0)
    expected = network.last.bias.tanh()[None, :, None, None].expand(2, 3, 64, 64)
    torch.testing.assert_close(network(torch.randn(2, 4, 64, 64)), expected)


def test_with_instance_norms_training_is_inference_but_for_dropout():
    torch.manual_seed(0)
    network = AttentionUNet(in_channels=4, width=4, depth=5, norm="instance")  # too shallow for dropout
    inputs = torch.randn(2, 4, 32, 32)
    assert torch.equal(network.train()(inputs), network.eval()(inputs))
