"""The matting networks against the authors' own programs."""

import pytest
import torch
from torch import Tensor, nn

from imharmony.networks.deep_matting import DeepMatting
from imharmony.networks.indexnet import IndexNet
from imharmony.networks.matting import matting_inputs
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.published.networks import PUBLISHED
from tests.imharmony.published.drawing import composite, trimap
from tests.imharmony.published.parity import Case, expect_parity, expect_stages, golden, lines, outputs_of, with_drawn_weights


def with_trimap(size_px: int) -> Tensor:
    return matting_inputs(composite(size_px, size_px), trimap(size_px, size_px)).float()


def signed(size_px: int) -> Tensor:
    return (2 * composite(size_px, size_px) - 1).float()


def matte(network: nn.Module) -> dict[str, Tensor]:
    return {"alpha": network(with_trimap(64 if isinstance(network, DeepMatting) else 256))}


def portrait(network: nn.Module) -> dict[str, Tensor]:
    semantic, detail, alpha = network(signed(256))
    return {"semantic_not_inference": semantic, "detail_not_inference": detail, "matte": alpha}


CASES = {
    "indexnet_m2o": Case(PUBLISHED["indexnet"], matte),
    "indexnet_o2o": Case(PUBLISHED["indexnet"], matte, lambda: IndexNet(index="o2o")),
    "deep_matting": Case(PUBLISHED["deep_matting"], matte),
    "modnet": Case(PUBLISHED["modnet"], portrait),
}
CHEAP = ["indexnet_m2o", "indexnet_o2o", "modnet"]


@pytest.mark.parametrize("name", CASES)
def test_the_trained_parameters_are_as_many_as_the_authors(name):
    assert sum(parameter.numel() for parameter in CASES[name].built().parameters()) == golden(name)["count"]


@pytest.mark.parametrize("name", CHEAP)
def test_names_outputs_and_every_stage_are_the_authors(name):
    expect_parity(name, CASES[name])


@pytest.mark.slow
def test_names_outputs_and_every_stage_of_deep_matting_are_the_authors():
    expect_parity("deep_matting", CASES["deep_matting"])


@torch.no_grad()
def test_the_encoder_of_deep_matting_is_the_authors():
    """Without the slow test's 100 million weights of conv6: 13 convolutions, their norms and five pools."""
    case, given = CASES["deep_matting"], golden("deep_matting")
    network, sums = with_drawn_weights(case, lambda ours: ours.startswith("encoder."))
    assert isinstance(network, DeepMatting)
    theirs = dict(zip(lines(given["names"]), given["sums"], strict=True))
    assert sums == pytest.approx({name: total for name, total in theirs.items() if name.startswith(("conv", "bn")) and "conv6" not in name})
    features = with_trimap(64)
    with outputs_of(case, network) as seen:
        for block, pool in zip(network.encoder, network.pools, strict=True):
            features, _ = pool(block(features))
    assert expect_stages(case, seen, given, of=lambda stage: bool(seen.get(stage))) == 2 * 13 + 5


def test_the_portraits_matte_alone_is_the_third_output():
    torch.manual_seed(0)
    network = PortraitMatting(width=0.25).eval()
    pictures = signed(48)
    with torch.no_grad():
        assert torch.equal(network.matte(pictures), network(pictures).matte)
