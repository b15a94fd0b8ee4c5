"""The two loops that are compared: the library's own as it is, and one in plain PyTorch as one would write it."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import count
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam

from benchmarks.gpu.scale import LEARNING_RATE, Scale, harmonizer_of, members_of, objective_of, recipe_of
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_seed
from imharmony.training.batches import Batch
from imharmony.training.loop import Recipe, resolve_precision
from imharmony.training.participants import set_up
from imharmony.training.point_batches import PointBatch
from imharmony.training.point_composites import PointComposites
from imharmony.training.point_pool import PointPool
from imharmony.training.steps import Losses
from imharmony.training.ways import WAYS

WARM_UP = 3  # of a step, before it is captured

Step = Callable[[], object]


def learning(scale: Scale, name: str, recipe: Recipe) -> tuple[Harmonizer, Generator[Losses]]:
    """A harmonizer and its training by the library's own steps, one for each item, without validation."""
    harmonizer = harmonizer_of(name, scale, members=members_of(name, recipe.batch_size))
    players = set_up(
        harmonizer,
        objective_of(name),
        None,
        precision=resolve_precision(recipe.precision, scale.device),
        betas=recipe.betas,
        compiled=recipe.compiled,
        channels_last=recipe.channels_last,
        device=scale.device,
    )
    way = WAYS[recipe.way](scale.split, recipe, players, device=players.fabric.device)

    def steps() -> Generator[Losses]:
        harmonizer.train()
        with torch_seed(0, scale.device), bar(total=1, what="", unit="", is_shown=False) as progress:
            for epoch in count(1):
                yield from (losses for _, losses in way.steps(players, epoch, progress))

    return harmonizer, steps()


@dataclass(frozen=True)
class Options:
    """What a plain loop may do. Without ``resident`` batches come from the processor's memory, pinned."""

    channels_last: bool = False
    fused: bool = False  # Adam in one kernel
    resident: bool = False  # the pictures as uint8 on the device
    graphs: bool = False  # the whole step is a CUDA graph
    compiled: bool = False  # the network, by torch.compile


def plain_step(scale: Scale, name: str, batch_size: int, options: Options) -> Step:
    """One step of a plain loop in bfloat16: the same network, loss and kind of optimiser.

    ``regions`` takes one batch of points again and again, which costs it no drawing, in float32 as the library does.
    """
    network = harmonizer_of(name, scale, members=members_of(name, batch_size)).train().to(scale.device)
    if options.channels_last:
        network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    if options.compiled:
        network.network.compile()
    optimizer = Adam(network.parameters(), LEARNING_RATE, (0.9, 0.999), fused=options.fused, capturable=options.graphs)
    ((loss, weight),) = objective_of(name).reconstructions.values()

    def step(batch: Batch | PointBatch) -> None:
        optimizer.zero_grad(set_to_none=True)
        if isinstance(batch, PointBatch):
            output = batch.harmonized(cast("RegionEnsemble", network.network))
        else:
            with torch.autocast(scale.device.type, torch.bfloat16, cache_enabled=not options.graphs):
                output = network(batch.composite, batch.mask)
        (weight * loss(output.float(), batch.real, batch.mask)).backward()
        optimizer.step()

    batches = _points(scale, network, batch_size) if name == "regions" else _pictures(scale, batch_size, options)
    return _captured(step, batches) if options.graphs else lambda: step(next(batches))


def _pictures(scale: Scale, batch_size: int, options: Options) -> Iterator[Batch]:
    """Random pictures of the split, on the device."""
    arrays = (scale.split.composite, scale.split.real, scale.split.mask[..., None])
    place = scale.device if options.resident else torch.device("cpu")
    stored = [torch.from_numpy(array).to(place) for array in arrays]
    while True:
        index = torch.randint(scale.pictures, (batch_size,), device=place)
        rows = [pictures[index] for pictures in stored]
        if place != scale.device:
            rows = [each.pin_memory().to(scale.device, non_blocking=True) for each in rows]
        composite, real, mask = (each.permute(0, 3, 1, 2).float() for each in rows)
        yield Batch((composite / 127.5 - 1).contiguous(), (real / 127.5 - 1).contiguous(), (mask / 255).contiguous())


def _points(scale: Scale, network: Harmonizer, batch_size: int) -> Iterator[PointBatch]:
    ensemble, rules = (
        cast("RegionEnsemble", network.network),
        recipe_of("regions", batch_size=batch_size, epochs=1, precision="bf16").points,
    )
    if rules is None:
        raise ValueError("the variant regions learns from points no more")
    pool = PointPool(scale.split, ensemble.counts, device=scale.device)
    composites = PointComposites(scale.split, pool, rules, seed=0, device=scale.device)
    index = np.arange(batch_size)
    batch = composites.drawn(index % len(composites), visit=0, turns=index % len(ensemble.members))
    while True:
        yield batch


def _captured(step: Callable[[Batch | PointBatch], None], batches: Iterator[Batch] | Iterator[PointBatch]) -> Step:
    """The step as a CUDA graph that is replayed on new pictures."""
    held = next(batches)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step(held)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step(held)

    def replayed() -> None:
        fresh: tuple[Tensor, ...] = next(batches)
        for kept, new in zip(held, fresh, strict=True):
            kept.copy_(new)
        graph.replay()

    return replayed
