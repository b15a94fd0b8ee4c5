"""IndexNet: the counts of its twelve variants, its two groups of parameters, any size, and that all of it learns."""

import pytest
import torch
from torch import nn

from imharmony.networks.index_blocks import IndexBlock
from imharmony.networks.indexnet import IndexNet
from imharmony.published.networks import PUBLISHED
from imharmony.published.record import authors_name

MILLIONS = {  # of the authors' networks, by index variant, nonlinear, context
    ("hin", False, False): 3.758,
    ("hin", False, True): 3.773,
    ("hin", True, False): 4.016,
    ("hin", True, True): 4.791,
    ("o2o", False, False): 3.758,
    ("o2o", False, True): 3.773,
    ("o2o", True, False): 3.762,
    ("o2o", True, True): 3.777,
    ("m2o", False, False): 4.270,
    ("m2o", False, True): 5.822,
    ("m2o", True, False): 4.402,
    ("m2o", True, True): 5.954,
}
VARIANTS = [pytest.param(*variant, id="-".join(map(str, variant))) for variant in MILLIONS]


def small(*, index="m2o", nonlinear=True, context=True) -> IndexNet:
    torch.manual_seed(0)
    return IndexNet(width=0.125, index=index, nonlinear=nonlinear, context=context)


def inputs(height: int = 32, width: int = 32) -> torch.Tensor:
    return torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(1))


def count(parameters: list[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


@pytest.mark.parametrize(("index", "nonlinear", "context"), VARIANTS)
def test_the_parameters_are_as_many_as_the_authors(index, nonlinear, context):
    with torch.device("meta"):
        network = IndexNet(index=index, nonlinear=nonlinear, context=context)
    assert round(count(list(network.parameters())) / 1e6, 3) == MILLIONS[index, nonlinear, context]


@pytest.mark.parametrize(("index", "nonlinear", "context"), VARIANTS)
def test_every_variant_trains_all_of_its_parameters(index, nonlinear, context):
    network = small(index=index, nonlinear=nonlinear, context=context).train()
    # The deepest map has three rows: on fewer no dilated convolution sees two, and the next norms take a shift before them away.
    network(inputs(96, 64)).square().mean().backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None or not parameter.grad.any()] == []


def test_the_heads_are_what_the_authors_train_at_the_higher_rate():
    """Theirs is a rule of names; the same rule on the same names."""
    with torch.device("meta"):
        network = IndexNet()
    named = dict(network.named_parameters())
    by_name = {name for name in named if any(part in authors_name(PUBLISHED["indexnet"], name) for part in ("dconv", "pred", "index"))}
    heads = {id(parameter) for parameter in network.head_parameters()}
    assert {name for name, parameter in named.items() if id(parameter) in heads} == by_name
    assert f"{count(network.head_parameters()) / 1e6:.3f}" == "4.142"
    assert f"{count(network.backbone_parameters()) / 1e6:.3f}" == "1.812"


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 32), (33, 47), (1, 70)])
def test_an_alpha_has_the_pictures_size(height, width):
    assert small().eval()(inputs(height, width)).shape == (2, 1, height, width)


def test_a_size_that_needs_padding_is_that_picture_with_its_edge_repeated():
    network, picture = small().eval(), inputs(30, 41)
    padded = picture[..., [*range(30), 29, 29], :][..., [*range(41), *[40] * 23]]
    assert torch.equal(network(picture), network(padded)[..., :30, :41])


def test_alphas_of_a_batch_do_not_depend_on_each_other():
    network, pictures = small().eval(), inputs()
    torch.testing.assert_close(network(pictures)[1:], network(pictures[1:]))


def test_a_map_is_halved_after_five_levels_by_indices_of_its_own():
    network = small().eval()
    seen = []
    for module in network.modules():
        if isinstance(module, IndexBlock):
            module.register_forward_hook(lambda _module, given, _maps: seen.append(given[0].shape[2]))
    network(inputs(64, 64))
    assert seen == [64, 32, 16, 8, 4]


def test_autocast_does_not_quantise_the_alpha():
    with torch.autocast("cpu", torch.bfloat16):
        alpha = small().eval()(inputs())
    assert alpha.dtype == torch.float32
    assert not torch.equal(alpha, alpha.bfloat16().float())


@pytest.mark.parametrize("width", [0.25, 0.5])
def test_a_width_makes_it_smaller(width):
    with torch.device("meta"):
        narrow, whole = (count(list(IndexNet(width=share).parameters())) for share in (width, 1.0))
    assert narrow / whole == pytest.approx(width**2, rel=0.4)
