"""Means of a network's weights over the steps of a training: what is scored and kept, while training goes on from the weights."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from imharmony.errors import InputError

RECENCY = 8.0  # `recent` reaches back over about the last ninth of the steps taken so far

Tensors = tuple[Tensor, ...] | list[Tensor]
Share = Callable[[Tensor | int], Tensor | float]  # of the distance, by how many steps are in the average
WeightAverage = Literal["recent"] | float | None  # a number is the decay of an exponential moving average


def averaged(network: nn.Module, kind: WeightAverage) -> AveragedModel | None:
    """A copy of the network that ``update_parameters`` moves after each step, weights and batch statistics; None for None.

    It begins as the weights after the first step.
    """
    if kind is None:
        return None
    if isinstance(kind, float) and not 0 < kind < 1:
        raise InputError(f"the decay of the average of weights is {kind}; expected a number between 0 and 1, such as 0.999")
    return AveragedModel(network, multi_avg_fn=partial(_move, _recent if kind == "recent" else _exponential(kind)), use_buffers=True)


def _move(share_of: Share, averages: Tensors, latest: Tensors, averaged: Tensor | int) -> None:
    """Moves all averages towards the latest by a share of their distance, in few calls; a counter's average stays whole."""
    moves = torch._foreach_mul(torch._foreach_sub(latest, averages), share_of(averaged))  # pyright: ignore[reportPrivateImportUsage]
    torch._foreach_copy_(averages, torch._foreach_add(averages, moves))  # pyright: ignore[reportPrivateImportUsage]


def _recent(averaged: Tensor | int) -> Tensor | float:
    """Polynomial-decay averaging (Shamir & Zhang 2013, arXiv:1212.1824): no decay rate to fit to the number of steps."""
    return (RECENCY + 1) / (averaged + 1 + RECENCY)


def _exponential(decay: float) -> Share:
    return lambda _averaged: 1 - decay
