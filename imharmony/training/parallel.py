"""One training in several processes, each on a device of its own, over Lightning Fabric; alone, nothing here changes a bit.

All processes hold the same weights. Each takes its rows of every batch, and the gradients become the mean over the whole batch
right before an optimiser's step. DDP's wrapper would send them off during the backward pass, but it counts on a single pass through
itself: a game calls its critic several times, frozen and not, and domain codes enter a network beside its forward.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn
from torch.distributed import all_reduce, broadcast
from torch.optim import Optimizer

from imharmony.errors import InputError
from imharmony.running.ranks import ranks

PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"fp32": "32-true", "bf16": "bf16-mixed"}


class _Unwrapped(DDPStrategy):
    """Fabric's processes and their communication, with the networks as they are."""

    def setup_module(self, module: nn.Module) -> Any:
        return module


def fabric_on(device: torch.device, *, precision: Literal["fp32", "bf16"] = "fp32") -> Fabric:
    """Fabric on one device, or connected to the other processes if torchrun started this one."""
    here = ranks()
    if here.count == 1:
        devices = [device.index or 0] if device.type == "cuda" else 1
        return Fabric(accelerator=device.type, devices=devices, precision=PRECISIONS[precision])
    hosts = here.count // here.local_count
    fabric = Fabric(
        accelerator=device.type, devices=here.local_count, num_nodes=hosts, strategy=_Unwrapped(), precision=PRECISIONS[precision]
    )
    fabric.launch()
    return fabric


@contextmanager
def first_of_host_first(device: torch.device) -> Iterator[None]:
    """The block is run by the first process of each host, then by its others: what the first one makes they find made."""
    with fabric_on(device).rank_zero_first(local=True):
        yield


def rows_of(fabric: Fabric, count: int) -> slice:
    """Which rows of a batch of ``count`` are this process's: consecutive, of nearly equal number."""
    if count < fabric.world_size:
        came = f"a batch has {count} composites for {fabric.world_size} processes"
        raise InputError(f"{came}; expected one or more each; raise training.batch_size or start fewer processes")
    edges = [count * rank // fabric.world_size for rank in (fabric.global_rank, fabric.global_rank + 1)]
    return slice(*edges)


def mean_over_processes(fabric: Fabric, tensors: list[Tensor], *, weight: int) -> list[Tensor]:
    """The mean of each tensor over the processes, each counted ``weight`` times; all tensors are of one type."""
    if fabric.world_size == 1:
        return tensors
    flat = torch.cat([tensor.flatten() * weight for tensor in tensors] + [tensors[0].new_tensor([weight])])
    all_reduce(flat)  # a sum, the same bits in each process
    parts = (flat[:-1] / flat[-1]).split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]


def average_gradients(fabric: Fabric, optimizer: Optimizer, *, rows: int) -> None:
    """The gradients of ``rows`` rows here become those of the whole batch, the same bits in each process."""
    if fabric.world_size > 1:
        gradients = [parameter.grad for group in optimizer.param_groups for parameter in group["params"] if parameter.grad is not None]
        for own, mean in zip(gradients, mean_over_processes(fabric, gradients, weight=rows), strict=True):
            own.copy_(mean)


def share_buffers(fabric: Fabric, networks: Iterable[nn.Module | None]) -> None:
    """Batch statistics, which each process gathers of its own rows, become the first process's everywhere."""
    if fabric.world_size > 1:
        for network in networks:
            for buffer in network.buffers() if network is not None else ():
                broadcast(buffer, src=0)


def expect_equal(fabric: Fabric, value: object, *, what: str) -> None:
    """Raises an ``InputError`` where a process has another value than the first one."""
    first = fabric.broadcast(value)
    if value != first:
        raise InputError(f"{what}: process {fabric.global_rank} found {value}, process 0 {first}; give all hosts the same files")
