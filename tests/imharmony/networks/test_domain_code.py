"""BargainNet's domain code: its size against the published network, what it sees, and the harmony score."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.domain_code import DomainCodeExtractor, harmony_score
from imharmony.networks.partial_conv import PartialConv


def pictures(*, size_px: int = 64) -> torch.Tensor:
    return torch.rand(2, 3, size_px, size_px, generator=torch.Generator().manual_seed(0)) * 2 - 1


def masks(*, size_px: int = 64) -> dict[str, torch.Tensor]:
    empty, square, pixel = (torch.zeros(2, 1, size_px, size_px) for _ in range(3))
    square[:, :, 20:40, 10:50] = 1
    pixel[:, :, 30, 30] = 1
    return {"empty": empty, "square": square, "pixel": pixel, "full": torch.ones_like(empty)}


def test_parameters_equal_the_published_extractor():
    with torch.device("meta"):
        extractor = DomainCodeExtractor(width=64, size_px=256)
    assert sum(parameter.numel() for parameter in extractor.parameters()) == 3_919_376


def test_256_px_become_127_63_31_15_7():
    extractor, sides = DomainCodeExtractor(width=2, size_px=256), []
    for layer in extractor.stack.layers:
        if isinstance(layer, PartialConv):
            layer.register_forward_hook(lambda _layer, _inputs, outputs: sides.append(outputs[0].shape[3]))
    extractor(torch.zeros(1, 3, 256, 256), torch.ones(1, 1, 256, 256))
    assert sides == [127, 63, 31, 15, 7]


def test_norms_are_on_layers_two_to_four_and_the_last_layer_is_bare():
    kinds = [type(layer) for layer in DomainCodeExtractor(width=2, size_px=256).stack.layers]
    first, inner, last = [PartialConv, nn.ReLU], [PartialConv, nn.BatchNorm2d, nn.ReLU], [PartialConv]
    assert kinds == first + 3 * inner + last


def test_with_instance_norms_as_report_002_has_them_convolutions_keep_their_biases():
    layers = DomainCodeExtractor(width=2, size_px=256, norm="instance").stack.layers
    norms = [layer for layer in layers if isinstance(layer, nn.InstanceNorm2d | nn.BatchNorm2d)]
    assert [(type(norm), norm.affine) for norm in norms] == [(nn.InstanceNorm2d, False)] * 3
    assert all(layer.convolution.bias is not None for layer in layers if isinstance(layer, PartialConv))


@pytest.mark.parametrize(("size_px", "layers"), [(256, 5), (128, 5), (96, 5), (64, 5), (48, 4), (32, 4)])
def test_smaller_pictures_get_as_many_layers_as_fit(size_px, layers):
    extractor = DomainCodeExtractor(width=1, size_px=size_px)
    assert sum(isinstance(layer, PartialConv) for layer in extractor.stack.layers) == layers
    assert extractor(pictures(size_px=size_px), torch.ones(2, 1, size_px, size_px)).shape == (2, 16)


def test_a_picture_without_room_for_two_layers_is_refused():
    with pytest.raises(InputError, match="size_px is 6"):
        DomainCodeExtractor(width=2, size_px=6)


@pytest.mark.parametrize("training", [True, False])
def test_content_outside_the_region_is_irrelevant(training):
    extractor, mask = DomainCodeExtractor(width=2, size_px=64).train(training), masks()["square"]
    assert torch.equal(extractor(pictures(), mask), extractor(torch.where(mask > 0, pictures(), 1), mask))


def test_the_code_of_an_empty_region_is_a_constant():
    extractor = DomainCodeExtractor(width=2, size_px=64)
    assert_close(extractor(pictures(), masks()["empty"]), extractor.head.bias.expand(2, -1))


@pytest.mark.parametrize("region", masks())
def test_codes_and_gradients_are_finite_for_any_region(region):
    extractor, inputs = DomainCodeExtractor(width=2, size_px=64), pictures().requires_grad_()
    codes = extractor(inputs, masks()[region])
    codes.square().sum().backward()
    assert codes.isfinite().all()
    assert inputs.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in extractor.parameters())


def test_every_parameter_gets_a_gradient():
    extractor = DomainCodeExtractor(width=4, size_px=96)
    extractor(pictures(size_px=96), torch.ones(2, 1, 96, 96)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in extractor.parameters())


def test_after_training_a_code_does_not_depend_on_the_call_or_the_batch():
    extractor, mask = DomainCodeExtractor(width=2, size_px=64).eval(), masks()["square"]
    codes = extractor(pictures(), mask)
    assert torch.equal(codes, extractor(pictures(), mask))
    assert_close(codes[:1], extractor(pictures()[:1], mask[:1]))


@pytest.mark.parametrize(("distance", "score"), [(0.0, 1.0), (16.46, 0.5), (100.0, 0.0148)])
def test_the_harmony_score_halves_every_16_46(distance, score):
    background = torch.randn(1, 16)
    foreground = background.clone()
    foreground[0, 3] += distance
    assert_close(harmony_score(foreground, background).item(), score, rtol=0, atol=1e-4)


def test_the_harmony_score_is_one_number_per_picture_and_differentiable_for_equal_codes():
    codes = torch.randn(3, 16, requires_grad=True)
    scores = harmony_score(codes, codes.detach())
    scores.sum().backward()
    assert torch.equal(scores, torch.ones(3))
    assert torch.equal(codes.grad, torch.zeros(3, 16))
