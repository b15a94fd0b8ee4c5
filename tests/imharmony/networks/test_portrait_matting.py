"""MODNet's form: its three outputs and their sizes, which branch sees what, its norm of two kinds, and that all of it learns."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.networks.portrait_matting import PortraitMatting, _HalfInstanceNorm


def small() -> PortraitMatting:
    torch.manual_seed(0)
    return PortraitMatting(width=0.125)


def pictures(height: int = 64, width: int = 64) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(("height", "width", "coarse"), [(64, 32, (4, 2)), (33, 47, (3, 3)), (1, 70, (1, 5))])
def test_the_three_outputs_have_the_pictures_size_or_a_sixteenth(height, width, coarse):
    semantic, detail, matte = small().eval()(pictures(height, width))
    assert semantic.shape == (2, 1, *coarse)
    assert detail.shape == matte.shape == (2, 1, height, width)
    for output in (semantic, detail, matte):
        assert output.min() >= 0
        assert output.max() <= 1


def test_the_matte_alone_is_the_third_output():
    network, given = small().eval(), pictures(40, 72)
    assert torch.equal(network.matte(given), network(given).matte)


@pytest.mark.parametrize("size", [(64, 64), (40, 70)])
def test_the_coarse_matte_alone_is_the_first_output(size):
    network, pictures = PortraitMatting(width=0.125).eval(), torch.rand(1, 3, *size) * 2 - 1
    assert_close(network.coarse(pictures), network(pictures).semantic)


def test_all_parameters_get_a_gradient_from_the_outputs():
    network = small().train()
    torch.cat([output.flatten() for output in network(pictures())]).square().sum().backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()] == []


def test_each_output_reaches_its_own_branch_and_those_before_it():
    def reached(output: int) -> set[str]:
        network = small().train()
        network(pictures())[output].square().sum().backward()
        return {name.partition(".")[0] for name, parameter in network.named_parameters() if parameter.grad is not None}

    assert reached(0) == {"backbone", "semantic"}
    assert reached(1) == {"backbone", "semantic", "detail"}
    assert reached(2) == {"backbone", "semantic", "detail", "fusion"}


def test_all_but_mobilenet_are_heads():
    network = small()
    backbone = {id(parameter) for parameter in network.backbone.parameters()}
    assert {id(parameter) for parameter in network.backbone_parameters()} == backbone
    assert len(network.head_parameters()) + len(backbone) == len(list(network.parameters()))


def test_half_of_the_channels_have_a_batch_norm_and_half_one_of_each_picture():
    norm = _HalfInstanceNorm(6).train()
    features = pictures(8, 8).repeat(1, 2, 1, 1) * torch.tensor([1.0, 3.0])[:, None, None, None]
    output = norm(features)
    assert_close(output[:, :3], nn.BatchNorm2d(3)(features[:, :3]))
    assert_close(output[:, 3:].mean((2, 3)), torch.zeros(2, 3), atol=1e-5, rtol=0)
    assert_close(output[:, 3:].std((2, 3), correction=0), torch.ones(2, 3), atol=1e-3, rtol=0)


def test_channels_are_weighed_by_all_channels_means():
    excitation = small().semantic.excitation
    for layer in (excitation.layers[0], excitation.layers[2]):
        nn.init.zeros_(layer.weight)
    features = torch.randn(2, excitation.layers[0].in_features, 3, 3)
    assert torch.equal(excitation(features), features / 2)  # sigmoid(0)


def test_autocast_does_not_quantise_the_matte():
    with torch.autocast("cpu", torch.bfloat16):
        matte = small().eval().matte(pictures())
    assert matte.dtype == torch.float32
    assert not torch.equal(matte, matte.bfloat16().float())
