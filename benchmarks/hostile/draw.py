"""All attempts in one order, and which of them are tried."""

import hashlib
import time
from collections.abc import Iterator
from functools import cache

import torch

from benchmarks.hostile import annotations, films, pictures, services, sets, settings
from benchmarks.hostile.attempts import Attempt, Outcome, tried

torch.set_num_threads(1)  # each try is a fork of this process, which threads would not survive


@cache
def attempts() -> list[Attempt]:
    """Every attempt of every kind, in an order that never changes."""
    return [attempt for module in (pictures, annotations, sets, settings, services, films) for attempt in module.attempts()]


def drawn(share: float, draw: str, kinds: list[str]) -> Iterator[int]:
    """The numbers of the attempts that are tried."""
    for number, attempt in enumerate(attempts()):
        place = hashlib.sha256(f"{draw}\0{attempt.kind}\0{attempt.name}".encode("utf-8", "replace")).digest()
        if int.from_bytes(place[:4], "big") < share * (1 << 32) and (not kinds or attempt.kind in kinds):
            yield number


def one(number: int) -> tuple[int, Outcome, float]:
    """Tries the attempt of this number."""
    begin = time.perf_counter()
    outcome = tried(attempts()[number])
    return number, outcome, time.perf_counter() - begin
