"""What every matting network does: an alpha that keeps what the trimap knows, gradients through the unknown pixels alone."""

import pytest
import torch
from torch.testing import assert_close
from torchvision.transforms.v2.functional import normalize

from imharmony.errors import InputError
from imharmony.networks.matting import MATTING, build_matting, matting_inputs, predict_alpha
from imharmony.networks.matting_blocks import MattingNetwork, scaled
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.pictures.trimaps import UNKNOWN
from imharmony.training.initialisation import initialise

HALF = UNKNOWN / 255
WITH_TRIMAP = ["dim", "dim_lite", "indexnet"]


def built(name: str) -> MattingNetwork:
    network = build_matting(name=name, width=0.0625).eval()
    initialise(network, name="xavier", generator=torch.Generator().manual_seed(0))
    return network


@pytest.fixture
def picture() -> torch.Tensor:
    return torch.rand(2, 3, 40, 56, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def trimap() -> torch.Tensor:
    trimap = torch.zeros(2, 1, 40, 56)
    trimap[:, :, 8:32, 8:48] = HALF
    trimap[:, :, 16:24, 16:40] = 1
    return trimap


@pytest.mark.parametrize("name", MATTING)
def test_only_unknown_pixels_are_predicted(name, picture, trimap):
    alpha, unknown = predict_alpha(built(name), picture, trimap), trimap == HALF
    assert torch.equal(alpha[~unknown], trimap[~unknown])
    assert alpha[unknown].unique().numel() > 100
    assert alpha.min() >= 0
    assert alpha.max() <= 1


@pytest.mark.parametrize("name", WITH_TRIMAP)
def test_unknown_pixels_have_the_networks_own_values(name, picture, trimap):
    network, unknown = built(name), trimap == HALF
    own = network(matting_inputs(picture, trimap))
    assert torch.equal(predict_alpha(network, picture, trimap, clipped=False)[unknown], own[unknown])
    assert torch.equal(predict_alpha(network, picture, trimap)[unknown], own.clamp(0, 1)[unknown])


@pytest.mark.parametrize("name", MATTING)
def test_no_gradient_comes_from_known_pixels(name, picture, trimap):
    network = built(name)
    unknown = trimap == HALF
    alpha = predict_alpha(network, picture, trimap, clipped=False)
    known = torch.autograd.grad(alpha[~unknown].sum(), list(network.parameters()), retain_graph=True, allow_unused=True)
    own = torch.autograd.grad(alpha[unknown].sum(), list(network.parameters()), allow_unused=True)
    assert not any(gradient.any() for gradient in known if gradient is not None)
    assert any(gradient.any() for gradient in own if gradient is not None)


def test_without_clipping_a_gradient_leads_back_into_the_range(picture, trimap):
    network = built("dim_lite")
    torch.nn.init.constant_(network.get_parameter("prediction.bias"), 3.0)
    for clipped in (True, False):
        network.zero_grad()
        predict_alpha(network, picture, trimap, clipped=clipped).mean().backward()
        assert bool(network.get_parameter("prediction.bias").grad) == (not clipped)


def test_a_portrait_needs_no_trimap(picture):
    network = built("portrait")
    assert isinstance(network, PortraitMatting)
    assert not network.takes_trimap
    assert torch.equal(predict_alpha(network, picture, None), network.matte(2 * picture - 1))


@pytest.mark.parametrize("name", WITH_TRIMAP)
def test_a_network_that_takes_a_trimap_says_so(name, picture):
    assert built(name).takes_trimap
    with pytest.raises(InputError, match="this matting network takes a trimap and got none; give one, or take 'portrait'"):
        predict_alpha(built(name), picture, None)


@pytest.mark.parametrize("name", WITH_TRIMAP)
def test_the_trimap_is_seen_where_it_is_known(name, picture, trimap):
    network, unknown = built(name), trimap == HALF
    other = torch.where(unknown, trimap, 1 - trimap)
    assert not torch.equal(predict_alpha(network, picture, trimap)[unknown], predict_alpha(network, picture, other)[unknown])


def test_inputs_are_by_imagenets_statistics_and_the_trimap_as_it_is(picture, trimap):
    inputs = matting_inputs(picture, trimap)
    assert_close(inputs[:, :3], normalize(picture, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    assert torch.equal(inputs[:, 3:], trimap)


@pytest.mark.parametrize("name", MATTING)
def test_the_two_groups_are_all_parameters_each_once(name):
    network = built(name)
    both = [*network.backbone_parameters(), *network.head_parameters()]
    assert len(both) == len({id(parameter) for parameter in both})
    assert {id(parameter) for parameter in both} == {id(parameter) for parameter in network.parameters()}
    assert network.backbone_parameters()
    assert network.head_parameters()


@pytest.mark.parametrize(
    ("channels", "width", "expected"), [(320, 1.0, 320), (24, 0.5, 12), (24, 0.25, 8), (16, 0.125, 4), (3, 1.0, 3), (160, 0.35, 56)]
)
def test_channels_at_a_width(channels, width, expected):
    assert scaled(channels, width) == expected


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match=r"matting network is 'gca'; expected one of \['dim', 'dim_lite', 'indexnet', 'portrait'\]"):
        build_matting(name="gca", width=1.0)
