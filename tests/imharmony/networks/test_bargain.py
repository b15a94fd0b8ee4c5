"""BargainNet's generator: its size against the published network, and where the code that guides it comes from."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from imharmony.errors import InputError
from imharmony.networks.bargain import Bargain, bargain, bargain_code, bargain_hsv_code, bargain_unet3plus_code
from imharmony.networks.harmonizer import Harmonizer


def inputs(*, height: int = 32, width: int = 32, covered: float = 1.0) -> torch.Tensor:
    composite = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mask = torch.zeros(2, 1, height, width)
    mask[:, :, 4:20, 8:24] = covered
    return torch.cat([composite, mask], 1)


def seen_by_the_unet(network: Bargain, given: torch.Tensor) -> torch.Tensor:
    seen = []
    with network.unet.register_forward_pre_hook(lambda _unet, arguments: seen.append(arguments[0])):
        network(given)
    return seen[0]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_parameters_equal_the_published_generator_and_extractor():
    with torch.device("meta"):
        network = bargain(in_channels=4, width=64, size_px=256)
    assert count(network.unet) + network.scale.numel() == 54_776_324
    assert count(network) == 54_776_324 + 3_919_376


@pytest.mark.parametrize("in_channels", [3, 20])
def test_without_the_mask_it_cannot_be_built(in_channels):
    with pytest.raises(InputError, match=f"got {in_channels} input channels; expected 4"):
        bargain(in_channels=in_channels, width=2, size_px=32)


def test_the_unet_sees_the_inputs_and_a_constant_map_of_the_scaled_background_code():
    network = bargain(in_channels=4, width=2, size_px=32).eval()
    given = inputs()
    seen = seen_by_the_unet(network, given)
    code = network.extractor(given[:, :3], 1 - given[:, 3:])
    assert torch.equal(seen[:, :4], given)
    assert_close(seen[:, 4:], (0.1 * code)[:, :, None, None].expand(2, 16, 32, 32))


def test_the_code_does_not_depend_on_the_foreground():
    network, given = bargain(in_channels=4, width=2, size_px=32).eval(), inputs()
    other = torch.cat([given[:, :3] * (1 - given[:, 3:]), given[:, 3:]], 1)
    assert torch.equal(seen_by_the_unet(network, given)[:, 4:], seen_by_the_unet(network, other)[:, 4:])


def test_the_code_depends_on_the_background():
    network, given = bargain(in_channels=4, width=2, size_px=32).eval(), inputs()
    other = torch.cat([-given[:, :3], given[:, 3:]], 1)
    assert not torch.equal(seen_by_the_unet(network, given)[:, 4:], seen_by_the_unet(network, other)[:, 4:])


def test_the_scale_of_the_code_has_a_floor():
    network = bargain(in_channels=4, width=2, size_px=32).eval()
    nn.init.constant_(network.scale, -3.0)
    negative = network(inputs())
    nn.init.constant_(network.scale, 0.001)
    assert torch.equal(negative, network(inputs()))


@pytest.mark.parametrize("covered", [0.0, 0.5, 1.0])
def test_output_has_the_size_of_the_input_and_stays_in_range(covered):
    output = bargain(in_channels=4, width=2, size_px=96)(inputs(height=96, width=64, covered=covered))
    assert output.shape == (2, 3, 96, 64)
    assert output.abs().max() <= 1


def test_a_mask_that_covers_the_picture_leaves_finite_gradients():
    network = bargain(in_channels=4, width=2, size_px=32)
    given = torch.cat([inputs()[:, :3], torch.ones(2, 1, 32, 32)], 1).requires_grad_()
    network(given).square().sum().backward()
    assert given.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_every_parameter_gets_a_gradient():
    network = bargain(in_channels=4, width=4, size_px=32)
    network(inputs()).square().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_in_use_a_picture_does_not_depend_on_the_call_or_the_batch(mode):
    network = bargain(in_channels=4, width=2, size_px=32)
    harmonizer = Harmonizer(network, mask_input=True, paste=True, inference_mode=mode).infer()
    composite, mask = inputs().split([3, 1], 1)
    output = harmonizer(composite, mask)
    assert torch.equal(output, harmonizer(composite, mask))
    assert_close(output[:1], harmonizer(composite[:1], mask[:1]))


def test_as_report_002_coded_it_has_no_dropout_and_instance_norms_in_its_extractor():
    network = bargain_code(in_channels=4, width=2, size_px=256)
    assert not [module for module in network.modules() if isinstance(module, nn.Dropout)]
    assert [type(module) for module in network.extractor.modules() if "Norm" in type(module).__name__] == [nn.InstanceNorm2d] * 3
    assert {type(module) for module in network.unet.modules() if "Norm" in type(module).__name__} == {nn.BatchNorm2d}


def test_codes_of_saved_hsv_teach_the_extractor_and_not_the_picture():
    network = bargain_hsv_code(in_channels=4, width=2, size_px=32)
    picture, mask = inputs().split([3, 1], 1)
    codes = network.codes(picture.requires_grad_(), mask)
    codes.square().sum().backward()
    assert picture.grad is None
    assert network.extractor.head.weight.grad.abs().sum() > 0
    network_rgb = bargain_code(in_channels=4, width=2, size_px=32)
    network_rgb.codes(picture, mask).square().sum().backward()
    assert picture.grad.abs().sum() > 0


def test_report_002s_unet3plus_is_told_the_code_as_it_is():
    network, given = bargain_unet3plus_code(in_channels=4, width=2, size_px=32).eval(), inputs()
    code = network.extractor(given[:, :3], 1 - given[:, 3:])
    assert_close(seen_by_the_unet(network, given)[:, 4:], code[:, :, None, None].expand(2, 16, 32, 32))
