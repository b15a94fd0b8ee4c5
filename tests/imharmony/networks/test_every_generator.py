"""What every generator of harmonization research keeps, whatever its paper."""

import pytest
import torch

from imharmony.networks import GENERATORS
from imharmony.networks.blocks import Generator
from imharmony.networks.dih import dih_parsing

FACTORIES = GENERATORS | {"dih_parsing": dih_parsing}
BOUNDED = ["attention_unet", "bargain", "bargain_code", "bargain_hsv", "bargain_hsv_code", "fcn", "rain", "unet"]
STARTS_AT_THE_COMPOSITE = ["regions", "regions_foreground_only"]  # by a last layer of zeros: their own tests look at the gradients
WITH_OTHER_OUTPUTS = ["unet3plus", "bargain_unet3plus", "dih_parsing"]  # their own tests look at the gradients


def built(name: str, *, size_px: int = 32) -> Generator:
    torch.manual_seed(0)
    return FACTORIES[name](in_channels=4, width=4, size_px=size_px)


def pictures(height: int = 32, width: int = 32, *, batch: int = 2) -> torch.Tensor:
    inputs = torch.rand(batch, 4, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1
    inputs[:, 3] = 0
    inputs[:, 3, : height // 2, : width // 2] = 1
    return inputs


@pytest.mark.parametrize("name", FACTORIES)
def test_the_output_is_three_channels_of_the_inputs_size(name):
    output = built(name)(pictures(64, 96))
    assert output.shape == (2, 3, 64, 96)
    assert output.isfinite().all()


@pytest.mark.parametrize("name", FACTORIES)
@pytest.mark.parametrize("size_px", [96, 128, 256])
def test_a_picture_of_the_size_it_was_built_for_passes(name, size_px):
    network = built(name, size_px=size_px).eval()
    assert size_px % 2**network.depth == 0
    with torch.inference_mode():
        assert network(pictures(size_px, size_px, batch=1)).shape == (1, 3, size_px, size_px)


@pytest.mark.parametrize("name", BOUNDED)
def test_a_bounded_output_stays_in_range(name):
    inputs = 50 * pictures()
    inputs[:, 3] /= 50
    assert built(name)(inputs).abs().max() <= 1


@pytest.mark.parametrize("name", FACTORIES)
def test_autocast_does_not_quantise_the_output(name):
    with torch.autocast("cpu", torch.bfloat16):
        output = built(name)(pictures())
    assert output.dtype == torch.float32
    assert not torch.equal(output, output.bfloat16().float())


@pytest.mark.parametrize("name", [name for name in FACTORIES if name not in [*WITH_OTHER_OUTPUTS, *STARTS_AT_THE_COMPOSITE]])
def test_every_parameter_gets_a_gradient_also_from_a_batch_of_one(name):
    network = built(name).train()
    network(pictures(batch=1)).square().sum().backward()
    assert not [label for label, parameter in network.named_parameters() if parameter.grad is None]
    weights = {label: parameter for label, parameter in network.named_parameters() if parameter.ndim > 1}
    assert not [label for label, parameter in weights.items() if parameter.grad.abs().sum() == 0]


@pytest.mark.parametrize("name", FACTORIES)
def test_two_calls_after_training_give_the_same_picture(name):
    network, inputs = built(name).eval(), pictures()
    with torch.inference_mode():
        assert torch.equal(network(inputs), network(inputs))
