"""Learned indices: where a feature goes when a map is halved, and where it comes from when it is doubled again.

Lu, Dai, Shen & Xu 2019, arXiv:1908.00672. Maps are float (B, C, H, W) with even sides; an index map has values in (0, 1) and one
channel for all (holistic) or one for each channel of the features.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pixel_shuffle

Index = Literal["hin", "o2o", "m2o"]  # holistic; depthwise, each channel from its own or from all

CELL = 4  # places of the 2 x 2 cell that a feature stands for


class IndexBlock(nn.Module):
    """The two index maps of a feature map.

    ``hin`` has one small network of 1/4 of the places whose four outputs all channels share; ``o2o`` and ``m2o`` have one for each
    place, which sees a channel alone or all of them. ``nonlinear`` adds a second layer to each, ``context`` lets the first see
    4 x 4 px instead of the cell itself.
    """

    def __init__(self, channels: int, *, index: Index, nonlinear: bool, context: bool) -> None:
        super().__init__()
        sizes = {"hin": (2 * channels, CELL, 1), "o2o": (channels, channels, channels), "m2o": (channels, channels, 1)}
        hidden, outputs, groups = sizes[index]
        count = 1 if index == "hin" else CELL
        self.nets = nn.ModuleList(
            _net(channels, hidden if nonlinear else outputs, outputs, groups=groups, nonlinear=nonlinear, context=context)
            for _ in range(count)
        )

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's map, whose four values of a cell have the sum 1, and the decoder's, both (B, C or 1, H, W)."""
        places = torch.stack([net(features) for net in self.nets], 2) if len(self.nets) == CELL else self.nets[0](features)[:, None]
        shares = places.sigmoid()  # (B, C or 1, 4, H / 2, W / 2)
        # The softmax is over what the sigmoid gave, as in the paper's figure: a cell's largest share is then at most e times its least.
        return pixel_shuffle(shares.softmax(2).flatten(1, 2), 2), pixel_shuffle(shares.flatten(1, 2), 2)


def indexed_pool(features: Tensor) -> Tensor:
    """Features that were multiplied by their encoder's map, halved: the sum over each cell of 2 x 2 px."""
    return CELL * avg_pool2d(features, 2)


def indexed_unpool(features: Tensor, index: Tensor) -> Tensor:
    """Features of half the size doubled: each goes to the four places of its cell by the decoder's map."""
    return index * interpolate(features, scale_factor=2.0, mode="nearest")


def _net(inputs: int, first: int, outputs: int, *, groups: int, nonlinear: bool, context: bool) -> nn.Sequential:
    net = nn.Sequential(nn.Conv2d(inputs, first, 4 if context else 2, stride=2, padding=1 if context else 0, groups=groups, bias=False))
    if nonlinear:
        net.extend([nn.BatchNorm2d(first), nn.ReLU6(), nn.Conv2d(first, outputs, 1, groups=groups, bias=False)])
    return net
