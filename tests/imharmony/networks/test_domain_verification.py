"""DoveNet's discriminator: its size against the published network, its field, and what each of its scores sees."""

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.domain_verification import DomainVerification
from imharmony.networks.partial_conv import PartialConv, PartialStack


def pictures(*, size_px: int = 32) -> torch.Tensor:
    return torch.rand(2, 3, size_px, size_px, generator=torch.Generator().manual_seed(0)) * 2 - 1


def masks(*, size_px: int = 32) -> dict[str, torch.Tensor]:
    empty, square, pixel = (torch.zeros(2, 1, size_px, size_px) for _ in range(3))
    square[:, :, 5:20, 8:25] = 1
    pixel[:, :, 12, 12] = 1
    return {"empty": empty, "square": square, "pixel": pixel, "full": torch.ones_like(empty)}


def without_norms(stack: PartialStack) -> PartialStack:
    """Instance norms see the whole picture; here only convolutions count."""
    return PartialStack(layer for layer in stack.layers if not isinstance(layer, nn.InstanceNorm2d))


def test_parameters_equal_the_published_discriminator():
    critic = DomainVerification(width=64, size_px=256)  # a spectral norm takes longer on the meta device than on the CPU
    assert sum(parameter.numel() for parameter in critic.parameters()) == 17_789_954


def test_256_px_become_one_vector_of_a_field_of_255_px():
    stack = DomainVerification(width=1, size_px=256).region
    sides = []
    for layer in stack.layers:
        if isinstance(layer, PartialConv):
            layer.register_forward_hook(lambda _layer, _inputs, outputs: sides.append(outputs[0].shape[3]))
    stack(torch.zeros(1, 3, 256, 256), torch.ones(1, 1, 256, 256))
    assert sides == [127, 63, 31, 15, 7, 3, 1]
    assert stack.field_px == 255


def test_the_last_row_and_column_of_256_px_are_not_seen():
    stack = without_norms(DomainVerification(width=1, size_px=256).region.eval())
    for parameter in stack.parameters():
        nn.init.constant_(parameter, 0.01)
    picture = torch.ones(1, 3, 256, 256, requires_grad=True)
    stack(picture, torch.ones(1, 1, 256, 256))[0].sum().backward()
    seen = picture.grad.abs().sum((0, 1)) > 0
    assert seen[:255, :255].all()
    assert seen.sum() == 255**2


@pytest.mark.parametrize(("size_px", "layers"), [(256, 7), (128, 6), (96, 5), (64, 5), (32, 4), (7, 2)])
def test_smaller_pictures_get_as_many_layers_as_fit(size_px, layers):
    critic = DomainVerification(width=1, size_px=size_px)
    assert sum(isinstance(layer, PartialConv) for layer in critic.whole.layers) == layers
    scores = critic(pictures(size_px=size_px), torch.ones(2, 1, size_px, size_px))
    assert scores.whole.shape == scores.domains.shape == (2, 1)


def test_a_picture_without_room_for_two_layers_is_refused():
    with pytest.raises(InputError, match="size_px is 6"):
        DomainVerification(width=2, size_px=6)


def test_the_whole_score_is_that_of_ordinary_convolutions_and_ignores_the_mask():
    critic = DomainVerification(width=2, size_px=96).eval()
    features = pictures(size_px=96)
    for layer in critic.whole.layers:
        if isinstance(layer, PartialConv):
            features = conv2d(features, layer.convolution.weight, layer.convolution.bias, stride=layer.stride)
        else:
            features = layer(features)
    expected = critic.whole_head(features.mean((2, 3), keepdim=True)).flatten(1)
    for mask in masks(size_px=96).values():
        assert_close(critic(pictures(size_px=96), mask).whole, expected)


def test_a_region_s_vector_does_not_shrink_with_the_region():
    """With equal weights one colour gives one vector, however few of the last windows see the region."""
    critic = DomainVerification(width=2, size_px=96).eval()
    critic.region = without_norms(critic.region)
    for parameter in critic.region.parameters():
        nn.init.constant_(parameter, 0.1)
    grey, regions = torch.full((2, 3, 96, 96), 0.3), masks(size_px=96)
    _, seen = critic.region(grey, regions["square"])
    assert seen.sum((2, 3)).unique().tolist() == [4]
    # Sums of many equal terms: how they are grouped, and with it the last bits, depends on the processor.
    assert_close(critic(grey, regions["square"]).domains, critic(grey, 1 - regions["square"].roll(40, 3)).domains, rtol=1e-5, atol=0)
    assert_close(critic(grey, regions["square"]).domains, critic(grey, regions["pixel"]).domains, rtol=1e-5, atol=0)


def test_the_verification_treats_the_two_regions_alike():
    critic, mask = DomainVerification(width=2, size_px=32).eval(), masks()["square"]
    assert_close(critic(pictures(), mask).domains, critic(pictures(), 1 - mask).domains)


@pytest.mark.parametrize("region", ["empty", "full"])
def test_with_one_region_only_the_verification_says_nothing(region):
    critic = DomainVerification(width=2, size_px=32).eval()
    assert torch.equal(critic(pictures(), masks()[region]).domains, critic(-pictures(), masks()[region]).domains)


@pytest.mark.parametrize("region", masks())
def test_scores_and_gradients_are_finite_for_any_region(region):
    critic, inputs = DomainVerification(width=2, size_px=32), pictures().requires_grad_()
    scores = critic(inputs, masks()[region])
    (gradient,) = torch.autograd.grad(scores.whole.sum() + scores.domains.sum(), inputs, create_graph=True)
    gradient.square().sum().backward()  # as a gradient penalty does
    assert torch.cat(scores).isfinite().all()
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in critic.parameters())


def test_every_parameter_gets_a_gradient():
    critic = DomainVerification(width=4, size_px=64)
    scores = critic(pictures(size_px=64), masks(size_px=64)["square"])
    (scores.whole.square().sum() + scores.domains.square().sum()).backward()
    assert not [name for name, parameter in critic.named_parameters() if not parameter.grad.abs().sum() > 0]


def test_in_evaluation_a_score_does_not_depend_on_the_call_or_the_batch():
    critic, mask = DomainVerification(width=2, size_px=32).eval(), masks()["square"]
    scores = torch.cat(critic(pictures(), mask), 1)
    assert torch.equal(scores, torch.cat(critic(pictures(), mask), 1))
    assert_close(scores[:1], torch.cat(critic(pictures()[:1], mask[:1]), 1))
