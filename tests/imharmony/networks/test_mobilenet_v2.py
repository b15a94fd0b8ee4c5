"""MobileNetV2 against torchvision's, its scales, and the padding that IndexNet moves."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torchvision.models import mobilenet_v2

from imharmony.networks.mobilenet_v2 import InvertedResidual, MobileNetV2, convolution


def with_statistics(network: nn.Module) -> nn.Module:
    """The network as after a training: no batch norm is an identity."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return network.eval()


def pictures(*size: int, channels: int = 3) -> torch.Tensor:
    return torch.randn(2, channels, *size, generator=torch.Generator().manual_seed(1))


def test_its_maps_are_torchvisions():
    torch.manual_seed(0)
    theirs = with_statistics(mobilenet_v2(weights=None).features)
    ours = MobileNetV2().eval()
    pairs = zip(ours.state_dict().keys(), theirs.state_dict().values(), strict=True)
    ours.load_state_dict(dict(pairs))
    maps, features = [pictures(64, 96)], []
    for block in theirs:
        maps.append(block(maps[-1]))
    features = [maps[1 + place] for place in (1, 3, 6, 13, 18)]
    for own, expected in zip(ours(maps[0]), features, strict=True):
        assert_close(own, expected)


def test_it_has_the_papers_channels_at_five_scales():
    shapes = [tuple(features.shape[1:]) for features in MobileNetV2().eval()(pictures(64, 96))]
    assert shapes == [(16, 32, 48), (24, 16, 24), (32, 8, 12), (96, 4, 6), (1280, 2, 3)]


def test_a_width_scales_all_channels_to_multiples_of_four():
    shapes = [features.shape[1] for features in MobileNetV2(width=0.25).eval()(pictures(32, 32))]
    assert shapes == [4, 8, 8, 24, 320]


def test_a_layer_is_clipped_at_six():
    layers = nn.Sequential(*convolution(3, 4, 3)).eval()
    nn.init.constant_(layers[1].bias, 100.0)
    assert torch.equal(layers(pictures(8, 8)), torch.full((2, 4, 8, 8), 6.0))


def test_a_block_that_keeps_its_shape_adds_its_input():
    block = InvertedResidual(4, 4, expansion=6).eval()
    nn.init.zeros_(block.layers[-1].weight)
    features = pictures(8, 8, channels=4)
    assert torch.equal(block(features), features)


@pytest.mark.parametrize(("outputs", "stride"), [(8, 1), (4, 2)])
def test_a_block_that_changes_its_shape_does_not(outputs, stride):
    block = InvertedResidual(4, outputs, expansion=6, stride=stride).eval()
    nn.init.zeros_(block.layers[-1].weight)
    assert not block(pictures(8, 8, channels=4)).any()


def test_padding_first_changes_the_border_alone():
    torch.manual_seed(0)
    inside = with_statistics(InvertedResidual(4, 4, expansion=6))
    first = InvertedResidual(4, 4, expansion=6, pads_first=True).eval()
    first.load_state_dict(inside.state_dict())
    features = pictures(8, 8, channels=4)
    assert_close(first(features)[..., 1:-1, 1:-1], inside(features)[..., 1:-1, 1:-1])
    assert not torch.isclose(first(features)[..., 0, :], inside(features)[..., 0, :]).all()


def test_padding_first_is_no_padding_of_a_larger_picture_of_zeros():
    torch.manual_seed(0)
    block = with_statistics(InvertedResidual(4, 8, expansion=6, pads_first=True))
    features = pictures(8, 8, channels=4)
    larger = nn.functional.pad(features, (1, 1, 1, 1))
    assert_close(block(larger)[..., 1:-1, 1:-1], block(features))
