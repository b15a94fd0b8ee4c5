"""Index blocks: what they count, what their maps add up to, which channels each kind sees, and what they do as poolings."""

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate
from torch.testing import assert_close

from imharmony.networks.index_blocks import IndexBlock, indexed_pool, indexed_unpool
from imharmony.networks.indexnet import POOLED, IndexNet

KINDS = ("hin", "o2o", "m2o")
LAYERS = ((False, False), (False, True), (True, False), (True, True))  # nonlinear, context
CHANNELS = 6


def features(*, size: tuple[int, int] = (8, 12)) -> torch.Tensor:
    return torch.randn(2, CHANNELS, *size, generator=torch.Generator().manual_seed(1))


def built(index, *, nonlinear=True, context=True) -> IndexBlock:
    torch.manual_seed(0)
    return IndexBlock(CHANNELS, index=index, nonlinear=nonlinear, context=context).eval()


def cells(index: torch.Tensor) -> torch.Tensor:
    """(B, C, H / 2, W / 2, 4): the places of each cell."""
    return index.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)


@pytest.mark.parametrize(("nonlinear", "context"), LAYERS)
@pytest.mark.parametrize("index", KINDS)
def test_all_blocks_of_the_network_count_what_their_layers_say(index, nonlinear, context):
    with torch.device("meta"):
        network = IndexNet(index=index, nonlinear=nonlinear, context=context)
    kernel = 16 if context else 4
    expected = 0
    for channels in (32, 24, 32, 64, 160):  # of the five maps that are halved
        if index == "hin":  # kernel, batch norm, 1 x 1
            expected += 2 * channels**2 * kernel + 4 * channels + 8 * channels if nonlinear else 4 * channels * kernel
        else:
            seen = 1 if index == "o2o" else channels
            expected += 4 * channels * (seen * kernel + (2 + seen if nonlinear else 0))
    assert sum(parameter.numel() for parameter in network.index.parameters()) == expected


def test_the_released_index_blocks_are_2_200_million_and_a_level_has_one():
    with torch.device("meta"):
        network = IndexNet()
    assert list(network.index) == [str(level) for level in POOLED]
    assert f"{sum(parameter.numel() for parameter in network.index.parameters()) / 1e6:.3f}" == "2.200"


@pytest.mark.parametrize(("nonlinear", "context"), LAYERS)
@pytest.mark.parametrize("index", KINDS)
def test_a_cell_of_the_encoders_map_has_the_sum_one_and_the_decoders_any(index, nonlinear, context):
    encoder, decoder = built(index, nonlinear=nonlinear, context=context)(features())
    assert encoder.shape == decoder.shape == (2, 1 if index == "hin" else CHANNELS, 8, 12)
    assert_close(cells(encoder).sum(-1), torch.ones(2, encoder.shape[1], 4, 6))
    assert decoder.min() > 0
    assert decoder.max() < 1
    assert_close(cells(encoder), cells(decoder).softmax(-1))


@pytest.mark.parametrize(("index", "changed"), [("o2o", 1), ("m2o", CHANNELS), ("hin", 1)])
def test_only_one_to_one_looks_at_each_channel_alone(index, changed):
    block, one = built(index), features()
    other = one.clone()
    other[:, 0] += 1
    maps = zip(block(one)[1].split(1, 1), block(other)[1].split(1, 1), strict=True)
    assert [torch.equal(*pair) for pair in maps].count(False) == changed  # of as many as it has


@pytest.mark.parametrize(("context", "reach"), [(False, 0), (True, 1)])
def test_context_is_one_pixel_around_the_cell(context, reach):
    block, one = built("m2o", context=context), features()
    other = one.clone()
    other[..., 4 + reach :, :] += 1  # cells of rows 2 and 3 end at row 4
    assert torch.equal(block(one)[1][:, :, 2:4], block(other)[1][:, :, 2:4])
    other[..., 4 + reach - 1, :] += 1
    assert not torch.equal(block(one)[1][:, :, 2:4], block(other)[1][:, :, 2:4])


def test_a_many_to_one_block_written_out_place_by_place():
    block, given = built("m2o", context=False), 20 * features(size=(2, 2))  # beyond the limit of 6 too
    decoder = block(given)[1]
    for place, net in enumerate(block.nets):
        first, norm, _, second = net
        seen = torch.einsum("bcij,ocij->bo", given, first.weight) / (1 + norm.eps) ** 0.5
        expected = (seen.clamp(0, 6) @ second.weight[..., 0, 0].T).sigmoid()
        assert_close(decoder[:, :, place // 2, place % 2], expected)


@pytest.mark.parametrize("index", KINDS)
def test_silent_networks_pool_by_the_mean_and_put_back_a_half(index):
    block, given = built(index, nonlinear=False), features()
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    encoder, decoder = block(given)
    assert_close(indexed_pool(encoder * given), avg_pool2d(given, 2))
    small = avg_pool2d(given, 2)
    assert_close(indexed_unpool(small, decoder), interpolate(small, scale_factor=2.0) / 2)


def test_indexed_pooling_of_one_cell():
    given, index = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0.1, 0.2], [0.3, 0.4]])
    assert indexed_pool((given * index)[None, None]).item() == pytest.approx(0.1 + 0.4 + 0.9 + 1.6)
    assert_close(indexed_unpool(torch.full((1, 1, 1, 1), 5.0), index[None, None])[0, 0], 5 * index)
