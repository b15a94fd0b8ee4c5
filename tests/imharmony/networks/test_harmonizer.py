"""What every harmonizer does, whichever network is inside."""

import pytest
import torch
from torch import nn

from imharmony.errors import InputError
from imharmony.networks import GENERATORS
from imharmony.networks.blocks import StartsAtZero
from imharmony.networks.harmonizer import Harmonizer, build_discriminator, build_harmonizer
from imharmony.training.initialisation import initialise

BLIND = [name for name in GENERATORS if name != "rain" and not name.startswith(("bargain", "regions"))]  # can do without the mask


def built(name="unet", *, mask_input=True, paste=True, inference_mode="eval") -> Harmonizer:
    harmonizer = build_harmonizer(name=name, width=4, size_px=32, mask_input=mask_input, paste=paste, inference_mode=inference_mode)
    initialise(harmonizer, name="xavier", generator=torch.Generator().manual_seed(0))
    for module in harmonizer.modules():
        if isinstance(module, StartsAtZero):  # it would hand on the composite
            nn.init.normal_(module.weight, std=0.1, generator=torch.Generator().manual_seed(0))
    return harmonizer


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(1)
    composite = torch.rand(4, 3, 32, 32, generator=generator) * 2 - 1
    mask = torch.zeros(4, 1, 32, 32)
    mask[:, :, 8:20, 8:20] = 1
    mask[:, :, 20:22, 8:20] = 0.5
    return composite, mask


@pytest.mark.parametrize("name", GENERATORS)
def test_pasting_leaves_the_background_as_it_was_to_the_bit(name, pictures):
    composite, mask = pictures
    outside = (mask == 0).expand_as(composite)
    output = built(name)(composite, mask)
    assert torch.equal(output[outside], composite[outside])


@pytest.mark.parametrize("name", GENERATORS)
def test_pasting_takes_the_raw_picture_inside_and_the_mean_where_the_mask_is_half(name, pictures):
    composite, mask = pictures
    harmonizer = built(name).infer()
    raw, output = harmonizer.raw(composite, mask), harmonizer(composite, mask)
    inside, half = (mask == 1).expand_as(raw), (mask == 0.5).expand_as(raw)
    assert torch.equal(output[inside], raw[inside])
    assert torch.allclose(output[half], (raw[half] + composite[half]) / 2)


def test_without_pasting_the_output_is_the_raw_picture(pictures):
    harmonizer = built(paste=False).infer()
    assert torch.equal(harmonizer(*pictures), harmonizer.raw(*pictures))


@pytest.mark.parametrize("name", GENERATORS)
def test_a_mask_that_is_an_input_is_seen(name, pictures):
    composite, mask = pictures
    harmonizer = built(name, mask_input=True).infer()
    assert not torch.equal(harmonizer.raw(composite, mask), harmonizer.raw(composite, 1 - mask))


@pytest.mark.parametrize("name", BLIND)
def test_a_mask_that_is_no_input_is_not_seen(name, pictures):
    composite, mask = pictures
    harmonizer = built(name, mask_input=False).infer()
    assert torch.equal(harmonizer.raw(composite, mask), harmonizer.raw(composite, 1 - mask))


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - set(BLIND)))
def test_a_network_that_cannot_do_without_the_mask_says_so(name):
    with pytest.raises(InputError, match="got 3 input channels; expected 4"):
        built(name, mask_input=False)


@pytest.mark.parametrize("inference_mode", ["eval", "train"])
@pytest.mark.parametrize("name", GENERATORS)
def test_inference_does_not_depend_on_what_else_is_in_the_batch(name, inference_mode, pictures):
    composite, mask = pictures
    harmonizer = built(name, inference_mode=inference_mode).infer()
    alone = harmonizer(composite[:1], mask[:1])
    # Some outputs are not bounded: rounding is judged against their size.
    assert torch.allclose(harmonizer(composite, mask)[:1], alone, atol=2e-5 * max(1, alone.abs().max().item()))


@pytest.mark.parametrize("inference_mode", ["eval", "train"])
def test_inference_repeats_itself_and_changes_neither_the_module_nor_the_callers_random_numbers(inference_mode, pictures):
    harmonizer = built(inference_mode=inference_mode).infer()
    before = {name: tensor.clone() for name, tensor in harmonizer.state_dict().items()}
    state = torch.get_rng_state()
    assert torch.equal(harmonizer(*pictures), harmonizer(*pictures))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in harmonizer.state_dict().items())


def test_training_mode_at_inference_keeps_batch_statistics_and_dropout(pictures):
    as_code, mended = built(inference_mode="train").infer(), built(inference_mode="eval").infer()
    assert not torch.allclose(as_code(*pictures), mended(*pictures), atol=1e-2)


def test_after_inference_training_gathers_statistics_again(pictures):
    harmonizer = built(inference_mode="train").infer()
    harmonizer.train()(*pictures)
    norms = [tensor for name, tensor in harmonizer.state_dict().items() if name.endswith("num_batches_tracked")]
    assert [count.item() for count in norms] == [1] * len(norms)


def test_a_size_that_the_network_cannot_halve_is_refused():
    with pytest.raises(InputError, match="40 x 32 px; this network takes multiples of 32 px"):
        built()(torch.zeros(1, 3, 32, 40), torch.zeros(1, 1, 32, 40))


def test_unknown_names_and_sizes_are_refused():
    with pytest.raises(InputError, match=r"generator is 'vnet'; expected one of \['affine', 'attention_unet'"):
        built("vnet")
    with pytest.raises(InputError, match=r"discriminator is 'x'; expected one of \['disharmony', 'domain_verification', 'fcn', 'patchgan'"):
        build_discriminator(name="x", width=4, size_px=64, field_px=70)
    with pytest.raises(InputError, match="discriminator 'patchgan' got field_px None; expected the size of its patches"):
        build_discriminator(name="patchgan", width=4, size_px=64)
    with pytest.raises(InputError, match="discriminator 'fcn' got field_px 70; expected none"):
        build_discriminator(name="fcn", width=4, size_px=64, field_px=70)
    with pytest.raises(InputError, match="size_px is 40; expected a multiple of 16"):
        build_harmonizer(name="unet", width=4, size_px=40, mask_input=True, paste=True, inference_mode="eval")
