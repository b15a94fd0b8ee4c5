"""Deep Image Matting: the sizes of its two forms, where its decoder puts features, any size, and that all of it learns."""

import pytest
import torch
from torch import nn

from imharmony.networks.deep_matting import DeepMatting, Unpool, dim_lite
from imharmony.training.initialisation import initialise

FORMS = [False, True]


def small(*, lite: bool) -> DeepMatting:
    network = DeepMatting(width=0.0625, lite=lite)
    initialise(network, name="xavier", generator=torch.Generator().manual_seed(0))  # torch's own weights let the signal fade
    return network


def inputs(height: int = 32, width: int = 32) -> torch.Tensor:
    return torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(1))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_light_form_differs_in_what_conv6_takes_and_gives():
    with torch.device("meta"):
        full, lite = DeepMatting(), dim_lite()
    assert count(full) == 130_545_345
    assert count(full.bottleneck) == 49 * 512 * 4096 + 4096
    assert count(lite.bottleneck) == 512 * 512 + 512
    assert count(full) - count(lite) == count(full.bottleneck) - count(lite.bottleneck) + (4096 - 512) * 512
    assert f"{count(lite) / 1e6:.1f}" == "26.2"


def test_features_go_where_torchs_own_layer_puts_them():
    given = torch.randn(2, 3, 8, 12, generator=torch.Generator().manual_seed(1)).relu()  # with ties, of zeros
    pooled, places = nn.MaxPool2d(2, return_indices=True)(given)
    features = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(2))
    assert torch.equal(Unpool()(features, places), nn.MaxUnpool2d(2)(features, places))


def test_a_feature_goes_where_the_maximum_of_its_cell_was():
    pooled, places = nn.MaxPool2d(2, return_indices=True)(torch.tensor([[[[1.0, 2.0, 9.0, 8.0], [4.0, 3.0, 7.0, 6.0]]]]))
    assert pooled.tolist() == [[[[4.0, 9.0]]]]
    assert Unpool()(torch.tensor([[[[5.0, -1.0]]]]), places).tolist() == [[[[0.0, 0.0, -1.0, 0.0], [5.0, 0.0, 0.0, 0.0]]]]


@pytest.mark.parametrize("lite", FORMS)
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (1, 70)])
def test_an_alpha_has_the_pictures_size(height, width, lite):
    assert small(lite=lite).eval()(inputs(height, width)).shape == (2, 1, height, width)


@pytest.mark.parametrize("lite", FORMS)
def test_all_parameters_get_a_gradient(lite):
    network = small(lite=lite)
    network.train()(inputs(64, 64)).square().mean().backward()
    silent = [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert silent == []


@pytest.mark.parametrize("lite", FORMS)
def test_the_heads_are_the_decoder_and_the_prediction(lite):
    network = small(lite=lite)
    heads = count(network.decoder) + count(network.prediction)
    assert sum(parameter.numel() for parameter in network.head_parameters()) == heads
    assert sum(parameter.numel() for parameter in network.backbone_parameters()) == count(network) - heads


def test_nothing_is_clipped_from_above():
    network = small(lite=True).eval()
    for block in network.encoder:
        nn.init.constant_(block[-2].bias, 1000.0)
    seen = []
    for pool in network.pools:
        pool.register_forward_hook(lambda _module, _given, pooled: seen.append(pooled[0].max().item()))
    network(inputs())
    assert min(seen) > 900


def test_inner_maps_are_not_padded_where_the_picture_fits():
    network = small(lite=True).eval()
    seen = []
    network.bottleneck.register_forward_pre_hook(lambda _module, given: seen.append(tuple(given[0].shape[2:])))
    network(inputs(64, 96))
    network(inputs(65, 96))
    assert seen == [(2, 3), (3, 3)]


def test_autocast_does_not_quantise_the_alpha():
    with torch.autocast("cpu", torch.bfloat16):
        alpha = small(lite=True).eval()(inputs())
    assert alpha.dtype == torch.float32
    assert not torch.equal(alpha, alpha.bfloat16().float())
