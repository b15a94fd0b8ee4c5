"""The published harmonizers against the authors' own programs; DoveNet's critic too, which was not released."""

from collections.abc import Callable
from functools import cache, partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from imharmony.networks.attention_unet import AttentionUNet
from imharmony.networks.bargain import Bargain
from imharmony.networks.blocks import Generator
from imharmony.networks.domain_code import harmony_score
from imharmony.networks.domain_verification import DomainVerification, vector_of
from imharmony.networks.harmonizer import Harmonizer, pasted
from imharmony.networks.matting import IMAGENET_MEAN, IMAGENET_STD
from imharmony.networks.published.encoder_decoder import EncoderDecoder
from imharmony.networks.published.filters import FILTERS
from imharmony.networks.published.hdnet import HDNet
from imharmony.networks.published.pct_net import PCTNet, PCTNetCNN
from imharmony.networks.published.separated_unet import ISSAM
from imharmony.networks.published.white_box import WhiteBox
from imharmony.published.dovenet_names import discriminator_names
from imharmony.published.networks import PUBLISHED
from imharmony.published.record import Published
from tests.imharmony.published import parity
from tests.imharmony.published.drawing import Scene, scene
from tests.imharmony.published.parity import DRAWN_ONCE, Case, expect_parity, expect_stages, golden, outputs_of, with_drawn_weights

SIZE_PX, HIGH, WIDE = 256, 320, 384
GIVEN = (0.2, -0.15, 0.1, 0.25, -0.2, 0.15)  # arguments of the six filters


@cache
def pictures(*, hard: bool, height: int = SIZE_PX, width: int = SIZE_PX) -> Scene:
    """In [-1, 1], and the mask, float32."""
    photograph, composite, mask = scene(height, width, hard=hard)
    return Scene((2 * photograph - 1).float(), (2 * composite - 1).float(), mask.float())


def imagenet(signed: Tensor) -> Tensor:
    mean, std = (torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (((signed.double() + 1) / 2 - mean) / std).float()


def inputs(*, hard: bool) -> Tensor:
    _, composite, mask = pictures(hard=hard)
    return torch.cat([composite, mask], 1)


def samsung(network: nn.Module) -> dict[str, Tensor]:
    assert isinstance(network, EncoderDecoder | ISSAM)
    picture = network(inputs(hard=False))
    return {"raw": imagenet(picture), "picture255": (127.5 * (picture + 1)).clamp(0, 255)}


def pct_net(network: nn.Module) -> dict[str, Tensor]:
    """At 256 px and at full size, where the maps are enlarged; the transformer's result is pasted by the mask."""
    assert isinstance(network, PCTNet)
    small, large = pictures(hard=False), pictures(hard=False, height=HIGH, width=WIDE)
    units = imagenet if isinstance(network, PCTNetCNN) else lambda signed: (signed + 1) / 2
    parameters, attention = network.parameters_and_attention(inputs(hard=False))
    network.parameters_and_attention = lambda _: (parameters, attention)  # once is enough
    maps = network.maps(inputs(hard=False))
    enlarged = interpolate(maps, (HIGH, WIDE), mode="bicubic", align_corners=False)
    low, full = network.mapped(small.composite, maps), network.mapped(large.composite, enlarged)
    if not isinstance(network, PCTNetCNN):
        attention = small.mask
        low, full = pasted(low, small.composite, small.mask), pasted(full, large.composite, large.mask)
    return {"parameters": parameters, "attention": attention, "low": units(low), "full": units(full)}


def white_box(network: nn.Module) -> dict[str, Tensor]:
    assert isinstance(network, WhiteBox)
    _, composite, mask = pictures(hard=True, height=HIGH, width=WIDE)
    unit = (composite + 1) / 2

    def with_arguments(arguments: Tensor) -> Tensor:
        return pasted((network.mapped(composite, arguments[..., None, None]) + 1) / 2, unit, mask)

    def means(arguments: Tensor) -> Tensor:
        """Of each channel inside the mask and around it after each filter: a filter of argument 0 leaves the picture, but for rounding."""
        steps = [arguments * (torch.arange(len(FILTERS)) <= last) for last in range(len(FILTERS))]
        return torch.stack([with_arguments(each).mean((0, 2, 3)) for each in steps])

    arguments, given = network.arguments(unit, mask), torch.tensor([GIVEN])
    return {
        "arguments": arguments,
        "picture": with_arguments(arguments.clamp(-1, 1)),
        "picture_given": with_arguments(given),
        "picture_given_negated": with_arguments(-given),
        "mean_after_each_filter_given": means(given),
        "mean_after_each_filter_given_negated": means(-given),
    }


def with_tanh(network: nn.Module, *, hard: bool = True) -> tuple[Tensor, Tensor]:
    """What the last layer gives before its tanh, and the network's picture."""
    before: list[Tensor] = []
    with_hook = network.get_submodule("last").register_forward_hook(lambda _module, _arguments, output: before.append(output))
    picture = network(inputs(hard=hard))
    with_hook.remove()
    return before[0], picture


def with_mask_in_the_norms(network: nn.Module) -> dict[str, Tensor]:
    before, raw = with_tanh(network)
    _, composite, mask = pictures(hard=True)
    return {"before_tanh": before, "raw": raw, "picture": pasted(raw, composite, mask)}


def of_one_picture(network: nn.Module) -> None:
    """The mode ``train`` of the harmonizer without its dropout, which is random in the authors' program."""
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    assert isinstance(network, Generator)
    Harmonizer(network, mask_input=True, paste=False, inference_mode="train").infer()


def dovenet(network: nn.Module, *, both: bool = True) -> dict[str, Tensor]:
    assert isinstance(network, AttentionUNet)
    outputs = dict(zip(("before_tanh", "picture"), with_tanh(network), strict=True))
    if both:
        of_one_picture(network)
        outputs |= dict(zip(("before_tanh_batchstats", "picture_batchstats"), with_tanh(network), strict=True))
    return outputs


def bargainnet(network: nn.Module) -> dict[str, Tensor]:
    """The background is the photograph's, around a hard mask."""
    assert isinstance(network, Bargain)
    photograph, composite, mask = pictures(hard=True)
    outputs: dict[str, Tensor] = {}
    for mode in ("", "_batchstats"):
        if mode:
            of_one_picture(network)
        before: list[Tensor] = []
        hook = network.unet.get_submodule("last").register_forward_hook(lambda _m, _a, output, before=before: before.append(output))
        outputs[f"picture{mode}"] = network(inputs(hard=True))
        hook.remove()
        foreground, background = network.codes(composite, mask), network.codes(composite, 1 - mask)
        outputs |= {
            f"before_tanh{mode}": before[0],
            f"code_background{mode}": background,
            f"code_composite_foreground{mode}": foreground,
            f"harmony_score{mode}": harmony_score(foreground, background),
        }
    assert torch.equal(background, network.codes(photograph, 1 - mask))
    return outputs


def dih(network: nn.Module) -> dict[str, Tensor]:
    """Blue first."""
    before: list[Tensor] = []
    network.get_submodule("last").register_forward_hook(lambda _module, _arguments, output: before.append(output))
    picture = network(inputs(hard=False))
    return {"raw": before[0], "picture": picture.flip(1)}


def critic(network: nn.Module) -> dict[str, Tensor]:
    assert isinstance(network, DomainVerification)
    _, composite, mask = pictures(hard=True)
    scores = network(composite, mask)
    regions = torch.cat([composite, composite]), torch.cat([mask, 1 - mask])
    return {
        "whole": scores.whole,
        "domains": scores.domains,
        "vector_whole": vector_of(*network.whole(composite, torch.ones_like(mask))),
        "vectors_foreground_background": vector_of(*network.region(*regions)),
    }


def naming(name: str, module: str, theirs: str) -> Published:
    """The record with one name more, of a module without weights of its own."""
    published = PUBLISHED[name]
    return published._replace(names={**published.names, module: theirs})


def critic_case(norm: str) -> Case:
    published = PUBLISHED["dovenet"]._replace(names=discriminator_names())
    return Case(published, critic, partial(DomainVerification, width=64, size_px=SIZE_PX, norm=norm), draw=DRAWN_ONCE)


def rainnet_stages() -> dict[str, Callable[[Tensor], Tensor]]:
    return {f"model_layer{layer}att": torch.sigmoid for layer in (11, 12, 13)} | {"model_out": torch.tanh}


CASES = {
    "samsung_dih256": Case(PUBLISHED["dih256"], samsung),
    "samsung_improved_dih256": Case(PUBLISHED["idih256"], samsung),
    "samsung_improved_ssam256": Case(PUBLISHED["issam256"], samsung),
    "samsung_hrnet18s_idih256": Case(PUBLISHED["hrnet18s_idih256"], samsung),
    "samsung_hrnet18_idih256": Case(PUBLISHED["hrnet18_idih256"], samsung),
    "pctnet_CNN_pct": Case(PUBLISHED["pctnet_cnn"], pct_net, unused=99),
    "pctnet_ViT_pct": Case(PUBLISHED["pctnet_vit"], pct_net),
    "harmonizer": Case(PUBLISHED["harmonizer"], white_box),
    "hdnet": Case(PUBLISHED["hdnet"], with_mask_in_the_norms, shown={"model_out": torch.tanh}, unused=902),
    "dih_tensorflow": Case(PUBLISHED["dih_tensorflow"], dih),
    "rainnet": Case(PUBLISHED["rainnet"], with_mask_in_the_norms, shown=rainnet_stages()),
    "dovenet_g_batch": Case(naming("dovenet", "", "model"), dovenet, draw=DRAWN_ONCE),
    "dovenet_g_instance": Case(naming("dovenet_instance", "", "model"), partial(dovenet, both=False), draw=DRAWN_ONCE),
    "bargainnet": Case(naming("bargainnet", "unet", "G.model"), bargainnet, draw=DRAWN_ONCE),
    "dovenet_d_batch": critic_case("batch"),
    "dovenet_d_instance": critic_case("instance"),
}
SLOW = ["pctnet_ViT_pct"]


@pytest.fixture(scope="module", autouse=True)
def drawn_once():
    """Frees what several networks had in common."""
    yield
    DRAWN_ONCE.cache_clear()
    parity.LEADING.clear()


@pytest.mark.parametrize("name", CASES)
def test_the_trained_parameters_are_as_many_as_the_authors(name):
    case = CASES[name]
    assert sum(parameter.numel() for parameter in case.built().parameters()) + case.unused == golden(name)["count"]


@pytest.mark.parametrize("name", [name for name in CASES if name not in SLOW])
def test_names_outputs_and_every_stage_are_the_authors(name):
    expect_parity(name, CASES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_names_outputs_and_every_stage_of_slow_networks_are_the_authors(name):
    expect_parity(name, CASES[name])


def test_unet_with_attention_is_dovenets_generator():
    dovenet, unet = PUBLISHED["dovenet"], PUBLISHED["unet_attention"]
    assert (unet.names, unet.build.args) == (dovenet.names, dovenet.build.args)


@torch.no_grad()
def test_the_transformers_first_layer_is_the_authors():
    """Without the slow test's eight others: patches, their embedding and one attention over all of them."""
    case, given = CASES["pctnet_ViT_pct"], golden("pctnet_ViT_pct")
    network, _ = with_drawn_weights(case, lambda ours: not ours.startswith(tuple(f"layers.{layer}" for layer in range(1, 9))))
    network.layers = network.layers[:1]
    with outputs_of(case, network) as seen:
        network.parameters_and_attention(inputs(hard=False))
    early = {"encoder.patch_to_embedding", "encoder.transformer_enc.layers.0"}
    assert expect_stages(case, seen, given, of=lambda stage: stage in early) == len(early)


def test_the_local_step_asks_the_background_alone():
    torch.manual_seed(0)
    network, (_, composite, mask) = HDNet(width=2).eval(), pictures(hard=True, height=32, width=48)
    pixels = torch.rand(1, 16, 32, 48)
    with torch.no_grad():
        changed = network.local(pixels, mask)
        assert torch.equal(changed[mask.expand_as(changed) == 0], pixels[mask.expand_as(pixels) == 0])
        assert network(torch.cat([composite, mask], 1)).shape == composite.shape
