"""Steps per second of training, and what of a step is spent on data: ``python -m benchmarks.training [--width 16] ...``.

With ``--peer CHECKOUT`` steps at 256 px are compared with those of the original pix2pix (``benchmarks.pix2pix``) instead.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from benchmarks.pix2pix import compare_steps, report_parity
from imharmony.composing.packed_split import PackedSplit
from imharmony.losses import ADVERSARIAL_LOSSES, l1
from imharmony.networks.harmonizer import build_discriminator, build_harmonizer
from imharmony.running.randomness import deterministic_algorithms
from imharmony.training.batches import Batches, augmentation_rng, shuffled
from imharmony.training.initialisation import initialise
from imharmony.training.loop import Precision, resolve_precision
from imharmony.training.participants import Critic, Objective, Players, Reconstruction, set_up
from imharmony.training.steps import step_of

WARM_UP = 3


def noise(count: int, size_px: int) -> PackedSplit:
    """``count`` composites of noise."""
    rng = np.random.default_rng(0)
    composite, real = rng.integers(0, 256, (2, count, size_px, size_px, 3), dtype=np.uint8)
    names = pa.table({"sample_id": [str(row) for row in range(count)]})
    return PackedSplit(names, composite, real, np.full((count, size_px, size_px), 255, np.uint8))


def players(name: str, width: int, size_px: int, *, with_critic: bool, precision: Precision, device: torch.device) -> Players:
    """The networks of a variant of this width."""
    harmonizer = build_harmonizer(name=name, width=width, size_px=size_px, mask_input=True, paste=True, inference_mode="eval")
    network = build_discriminator(name="patchgan", width=width, size_px=size_px, field_px=70)
    for part in (harmonizer, network):
        initialise(part, name="normal", generator=torch.Generator().manual_seed(0))
    critic = Critic(network, ADVERSARIAL_LOSSES["least_squares"], 1.0) if with_critic else None
    parts = Objective({"l1": Reconstruction(l1, 100.0)})
    return set_up(harmonizer.train(), parts, critic, precision=resolve_precision(precision, device), betas=(0.5, 0.999), device=device)


def measure(game: Players, batches: Batches, *, batch_size: int, steps: int, device: torch.device) -> tuple[float, float]:
    """Median seconds of a step without its data, and of its data."""
    computing, fetching = [], []
    index = [part for epoch in range(steps) for part in shuffled(len(batches), batch_size=batch_size, seed=0, epoch=epoch)]
    with deterministic_algorithms():
        for step in range(WARM_UP + steps):
            start = time.perf_counter()
            batch = batches.take(index[step], augmentation_rng(0, epoch=1, step=step))
            fetched = time.perf_counter()
            step_of(game.critic)(game, batch)
            if device.type == "cuda":
                torch.cuda.synchronize()
            computing.append(time.perf_counter() - fetched)
            fetching.append(fetched - start)
    return statistics.median(computing[WARM_UP:]), statistics.median(fetching[WARM_UP:])


def main() -> None:
    """Prints one line per kind of step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--peer", type=Path, help="a checkout of junyanz/pytorch-CycleGAN-and-pix2pix")
    parser.add_argument("--rounds", type=int, default=5)
    values = parser.parse_args()
    if values.peer:
        report_parity(values.peer)
        for count in (4, 1):
            compare_steps(values.peer, count=count, rounds=values.rounds)
        return
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batches = Batches(noise(16 * values.batch, values.size), device=device)
    print(f"{device.type}, {torch.get_num_threads()} threads, {resolve_precision(values.precision, device)}, batch {values.batch}")
    for name, with_critic in (("unet", True), ("unet", False), ("idih", False)):
        game = players(name, values.width, values.size, with_critic=with_critic, precision=values.precision, device=device)
        computing, fetching = measure(game, batches, batch_size=values.batch, steps=values.steps, device=device)
        kind = f"{name} + patchgan" if with_critic else name
        rate = 1 / (computing + fetching)
        share = 100 * fetching * rate
        parts = f"{1e3 * computing:7.1f} ms a step + {1e3 * fetching:5.1f} ms data ({share:.1f} %)"
        print(f"{kind:16} {parts} = {rate:5.1f} steps/s, {rate * values.batch:6.0f} images/s")


if __name__ == "__main__":
    main()
