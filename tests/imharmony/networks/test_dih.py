"""Deep image harmonization: its counts, its bottleneck, its sum skips and the parsing decoder beside it."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.networks.dih import dih, dih_parsing


@pytest.fixture
def inputs():
    return torch.rand(2, 4, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


def plain():
    torch.manual_seed(0)
    return dih(in_channels=4, width=4, size_px=64)


def parsing():
    torch.manual_seed(0)
    return dih_parsing(in_channels=4, width=4, size_px=64, classes=5)


@pytest.mark.parametrize(("factory", "count"), [(dih, 8_268_800), (dih_parsing, 14_502_528)])
def test_parameters_equal_the_re_implementations_layers(factory, count):
    """8.27 M is published for the first; both are sums over the kernels, scales and shifts that its code declares."""
    with torch.device("meta"):
        network = factory(in_channels=4, width=64, size_px=256)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


@pytest.mark.parametrize(("size_px", "depth"), [(512, 6), (256, 6), (128, 5), (96, 4), (48, 3), (32, 3)])
def test_depth_leaves_a_bottleneck_of_four_pixels_or_more(size_px, depth):
    assert dih(in_channels=4, width=4, size_px=size_px).depth == depth


def test_at_its_own_size_the_bottleneck_is_a_fully_connected_layer(inputs):
    network, seen = plain().eval(), []
    network.bottleneck.register_forward_hook(lambda _module, arguments, output: seen.extend([arguments[0], output]))
    network(inputs)
    entering, leaving = seen
    assert (entering.shape, leaving.shape) == ((2, 8, 4, 4), (2, 16, 1, 1))
    connected = entering.flatten(1) @ network.bottleneck.weight.flatten(1).T + network.bottleneck.bias
    torch.testing.assert_close(leaving.flatten(1), connected)


@pytest.mark.parametrize("factory", [plain, parsing])
def test_skips_are_sums(factory, inputs):
    """With silent decoders the features before the last layer are the first encoder map."""
    network, seen = factory(), []
    decoders = [network.decoder] if network.parser is None else [network.decoder, network.parser]
    for parameter in (parameter for decoder in decoders for parameter in decoder.parameters()):
        nn.init.zeros_(parameter)
    network.last.register_forward_pre_hook(lambda _module, arguments: seen.append(arguments[0]))
    network(inputs)
    assert torch.equal(seen[0], network.encoder[0](inputs))


def test_the_parsing_map_stands_beside_the_harmonizing_one_at_every_level_but_the_finest():
    with torch.device("meta"):
        network = dih_parsing(in_channels=4, width=64, size_px=256)
    sizes = [(block[0].in_channels, block[0].out_channels) for block in network.decoder]
    assert sizes == [(512, 256), (2 * 256, 256), (2 * 256, 128), (2 * 128, 128), (2 * 128, 64), (2 * 64, 64)]
    assert network.last.in_channels == 64


def test_parsing_gives_the_same_picture_and_a_logit_per_class_and_pixel(inputs):
    network = parsing().eval()
    picture, logits = network.harmonize_and_parse(inputs)
    assert torch.equal(picture, network(inputs))
    assert logits.shape == (2, 5, 64, 64)


def test_the_picture_depends_on_the_parsing_decoder(inputs):
    network = parsing()
    network(inputs).square().sum().backward()
    assert all(block[0].weight.grad.any() for block in network.parser[:-1])


def test_every_parameter_gets_a_gradient_from_picture_and_labels(inputs):
    network = parsing()
    picture, logits = network.harmonize_and_parse(inputs)
    (picture.square().sum() + logits.square().sum()).backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()]


def test_a_network_without_parsing_has_no_labels_to_give(inputs):
    with pytest.raises(ValueError, match="built without parsing_classes"):
        plain().harmonize_and_parse(inputs)


def test_a_picture_too_small_for_the_bottleneck_is_named():
    with pytest.raises(InputError, match="needs pictures of 64 px or more; got 64 x 48 px; resize them first"):
        plain()(torch.zeros(1, 4, 48, 64))
