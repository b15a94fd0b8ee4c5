"""The loop that trains the small networks beside the harmonizers: the preprocessing's and detectors."""

from collections.abc import Callable
from typing import TypeVar

from torch import Tensor, nn
from torch.optim import Adam

from imharmony.errors import InputError
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms
from imharmony.training.schedules import linear

Network = TypeVar("Network", bound=nn.Module)


def fitted(network: Network, loss_of: Callable[[int], Tensor], *, steps: int, learning_rate: float, what: str, warm_up: int = 0) -> Network:
    """The network after ``steps`` of Adam, whose rate falls to 0 on a line, on the CPU in its evaluation mode.

    Over the first ``warm_up`` steps the rate rises to that line.

    ``loss_of`` gives a step's loss. There is no state to go on from: minutes of training, and a killed one starts anew.
    """
    optimizer, falling = Adam(network.parameters(), lr=learning_rate, fused=True), linear()
    network.train()
    with deterministic_algorithms():
        for step in track(range(steps), total=steps, what=what, unit="steps"):
            optimizer.param_groups[0]["lr"] = learning_rate * falling(step / steps) * min(1, (step + 1) / (warm_up + 1))
            loss = loss_of(step)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.cpu().eval()


def expect_work(steps: int, batch_size: int, *, of: str) -> None:
    """An ``InputError`` for a training of nothing."""
    if steps < 1 or batch_size < 1:
        raise InputError(f"{steps} steps of {batch_size} {of}: expected at least 1 of each")
