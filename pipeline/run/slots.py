"""How many stages of each kind this machine takes at once, and which GPU each of them gets."""

import os
import subprocess
from collections.abc import Mapping
from queue import SimpleQueue

from pipeline.params.file import Params
from pipeline.run.graph import Slot


def gpus_here(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names for ``CUDA_VISIBLE_DEVICES``, one for each GPU that may be used."""
    chosen = environment.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name for name in chosen.split(",") if name and name != "-1"]
    try:
        listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return []
    return [str(number) for number, _ in enumerate(listed.stdout.splitlines())]


def capacities(params: Params, *, jobs: int, cores: int, gpus: int) -> dict[Slot, int]:
    """Stages at once, by kind: one per GPU; where networks run on processors, as many as the cores have threads for.

    Two networks that each take all cores are many times slower side by side than one after the other.
    """
    threads = params.active.threads or cores
    networks = gpus if gpus and params.machine.device != "cpu" else cores // threads
    return {"cpu": jobs, "network": jobs, "gpu": max(1, min(jobs, networks))}


class Gpus:
    """Hands each stage that runs a network a GPU of its own; where there is none, nothing."""

    def __init__(self, names: list[str]) -> None:
        self._free: SimpleQueue[str] = SimpleQueue()
        self._count = len(names)
        for name in names:
            self._free.put(name)

    def take(self) -> dict[str, str]:
        """The environment that shows one GPU; waits until one is free."""
        return {"CUDA_VISIBLE_DEVICES": self._free.get()} if self._count else {}

    def give_back(self, environment: Mapping[str, str]) -> None:
        """Takes up what ``take`` gave."""
        if name := environment.get("CUDA_VISIBLE_DEVICES"):
            self._free.put(name)
