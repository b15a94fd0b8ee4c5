"""torch's own random numbers, its determinism and its threads, set for a block and given back afterwards."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch


@contextmanager
def torch_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Inside the block, dropout and the like draw from ``seed`` on the CPU and on ``device``; the caller's state returns after it."""
    is_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if is_cuda else []):
        torch.default_generator.manual_seed(seed)
        if is_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def deterministic_algorithms() -> Iterator[None]:
    """Inside the block torch computes the same bits every time, or raises where it cannot.

    Every operator writes the whole of what it allocates. So torch is told not to fill new memory first, which takes time.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it; no effect on a CPU
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # pyright: ignore[reportAttributeAccessIssue]
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # pyright: ignore[reportAttributeAccessIssue]


def repeatable(device: torch.device) -> AbstractContextManager[None]:
    """``deterministic_algorithms`` for a network's way forwards, where it takes that.

    A CPU computes the same bits anyway, and torch's switch loads its compiler, which takes two seconds.
    """
    return nullcontext() if device.type == "cpu" else deterministic_algorithms()


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Inside the block torch takes so many threads of the processor, because the last bits of sums depend on their number."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
