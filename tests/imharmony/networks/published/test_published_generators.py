"""What every generator in its authors' form keeps."""

import pytest
import torch

from imharmony.errors import InputError
from imharmony.networks import GENERATORS
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.networks.published import PUBLISHED_GENERATORS
from imharmony.networks.published.efficientnet import SamePadded
from imharmony.networks.published.object_context import ObjectContext
from imharmony.networks.published.region_norm import PublishedRegionNorm
from imharmony.networks.published.separated_unet import Blur
from imharmony.networks.published.units import imagenet_from_network, network_from_imagenet
from imharmony.networks.rain import RegionAwareNorm

WIDTHS = {"harmonizer": 8, "hrnet18_idih256": 4, "hrnet18s_idih256": 4, "pctnet_vit": 4}
SIZE_PX = 64


def built(name: str):
    torch.manual_seed(0)
    return PUBLISHED_GENERATORS[name](in_channels=4, width=WIDTHS.get(name, 2), size_px=SIZE_PX).eval()


def inputs(height: int = SIZE_PX, width: int = 2 * SIZE_PX) -> torch.Tensor:
    pictures = torch.rand(2, 4, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1
    pictures[:, 3] = 0
    pictures[:, 3, : height // 2, : width // 2] = 1
    return pictures


def test_no_name_is_one_of_ours():
    assert not PUBLISHED_GENERATORS.keys() & GENERATORS.keys()


@pytest.mark.parametrize("name", PUBLISHED_GENERATORS)
def test_a_picture_of_another_shape_passes_and_neither_batch_nor_call_changes_it(name):
    network, pictures = built(name), inputs()
    with torch.inference_mode():
        both = network(pictures)
        assert both.shape == (2, 3, *pictures.shape[2:])
        assert both.dtype == torch.float32
        torch.testing.assert_close(network(pictures[:1]), both[:1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", PUBLISHED_GENERATORS)
def test_autocast_does_not_quantise_the_output(name):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        output = built(name)(inputs())
    assert output.dtype == torch.float32
    assert not torch.equal(output, output.bfloat16().float())


@pytest.mark.parametrize("name", PUBLISHED_GENERATORS)
def test_every_parameter_learns(name):
    network = built(name)
    network(inputs()).square().sum().backward()
    assert not [label for label, parameter in network.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize("name", PUBLISHED_GENERATORS)
def test_without_a_mask_or_from_the_composite_it_is_not_built(name):
    arguments = {"name": name, "width": 8, "size_px": SIZE_PX, "paste": False, "inference_mode": "eval"}
    with pytest.raises(InputError, match=f"{name} got 3 input channels; expected 4"):
        build_harmonizer(**arguments, mask_input=False)
    with pytest.raises(InputError, match=f"{name} got start 'composite'; expected 'published'"):
        build_harmonizer(**arguments, mask_input=True, start="composite")


def test_a_picture_that_does_not_reach_the_bottleneck_is_refused():
    with pytest.raises(InputError, match="the picture is 96 x 64 px; this network takes multiples of 64 px"):
        built("idih256")(inputs(64, 96))


def test_imagenets_units_are_torchvisions():
    grey = torch.zeros(1, 3, 1, 1)
    assert imagenet_from_network(grey).flatten().tolist() == pytest.approx([0.015 / 0.229, 0.044 / 0.224, 0.094 / 0.225], abs=1e-6)
    pictures = inputs()[:, :3]
    torch.testing.assert_close(network_from_imagenet(imagenet_from_network(pictures)), pictures)


@pytest.mark.parametrize("mask", [0.0, 1.0])
def test_the_published_norm_is_ours_where_masks_are_hard(mask):
    features, region = torch.randn(1, 3, 8, 8), torch.full((1, 1, 8, 8), mask)
    region[..., :4] = 1 - mask
    published, ours = PublishedRegionNorm(3), RegionAwareNorm(3)
    torch.testing.assert_close(published(features, region), ours(features, region), rtol=0, atol=1e-4)
    assert not torch.allclose(published(features, 0.7 * region), ours(features, 0.7 * region), atol=1e-2)


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 2, 8), (5, 2, 8), (3, 1, 7), (5, 2, 7)])
def test_padding_is_tensorflows(kernel, stride, side):
    """One more pixel at the end than at the beginning, where the sum is odd."""
    convolution = SamePadded(1, 1, kernel, stride=stride)
    torch.nn.init.ones_(convolution.weight)
    made = convolution(torch.ones(1, 1, side, side))
    assert made.shape[2] == -(-side // stride)
    before = max((made.shape[2] - 1) * stride + kernel - side, 0) // 2
    assert made[0, 0, 0, 0].item() == (kernel - before) ** 2


def test_the_blur_is_of_sum_one_and_keeps_what_lies_inside():
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 3:13, 3:13] = 1
    blurred = Blur()(mask)
    assert blurred[0, 0, 8, 8].item() == pytest.approx(1)
    assert blurred.sum().item() == pytest.approx(100, abs=1e-3)


def test_a_context_does_not_depend_on_where_the_pixels_lie():
    torch.manual_seed(0)
    context, features, regions = ObjectContext(4, keys=2).eval(), torch.randn(1, 4, 3, 4), torch.rand(1, 2, 3, 4)
    order = torch.randperm(12)

    def moved(maps: torch.Tensor) -> torch.Tensor:
        return maps.flatten(2)[..., order].unflatten(2, (3, 4))

    with torch.no_grad():
        torch.testing.assert_close(context(moved(features), moved(regions)), moved(context(features, regions)))
