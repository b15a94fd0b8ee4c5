"""One of the processes of a training side by side: ``torchrun --nproc_per_node N -m benchmarks.gpu.worker DEVICE STEPS``."""

import json
import sys
import time

import torch

from benchmarks.gpu.loops import learning
from benchmarks.gpu.scale import Scale, recipe_of
from benchmarks.gpu.speed import WARM_UP
from imharmony.running.randomness import deterministic_algorithms
from imharmony.running.ranks import ranks
from pipeline.steps.device import pick_device


def main(kind: str, steps: int) -> None:
    """Prints the images a second of all processes together."""
    device = pick_device(kind)
    scale = Scale.of(device)
    batch_size = max(scale.batch_sizes)
    with deterministic_algorithms():
        _, training = learning(scale, "unet", recipe_of("unet", batch_size=batch_size, epochs=10**6, precision="bf16"))
        for _ in range(WARM_UP):
            next(training)
        begin = _now(device)
        for _ in range(steps):
            next(training)
        spent = _now(device) - begin
    if ranks().is_first:
        print(json.dumps({"images_per_s": steps * batch_size / spent}))


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
