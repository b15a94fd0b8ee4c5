"""Seconds and memory that one picture costs, method by method: every baseline, and every network of ``params.yaml`` at full width.

    python -m benchmarks.cost [--size 256] [--device cpu|cuda] [--threads 1] [--out reports/published/cost_256px.csv]

Each method runs in a process of its own, on a smooth picture with a foreground of a quarter of it, at S x S as scores are made.
Memory is what the method adds to the process at its highest (Linux counts it for the process; on CUDA it is what torch allocated),
weights included. Weights are fresh: what a network costs does not depend on them.
"""

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from imharmony.baselines import BASELINES
from imharmony.evaluation.methods import Harmonize, NetworkMethod
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.storage.files import write_text
from pipeline.params.file import load_params
from reporting.run_facts import hardware

REPEATS = 5
MEBIBYTE = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a CSV file; the machine is written beside it as JSON")
    parser.add_argument("--only", help=argparse.SUPPRESS)  # the child's method
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return
    arguments = ["--size", str(options.size), "--device", options.device, "--threads", str(options.threads)]
    rows = []
    for name in [*BASELINES, *networks()]:
        command = [sys.executable, "-m", "benchmarks.cost", *arguments, "--only", name]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        print("{method:28}{seconds:>9.4f} s {memory_mib:>8.0f} MiB {parameters:>12,} parameters".format(**rows[-1]), flush=True)
    if options.out:
        with options.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        facts = {"size_px": options.size, "device": options.device, "threads": options.threads, "hardware": hardware()}
        write_text(options.out.with_suffix(".json"), json.dumps(facts, indent=2) + "\n")


def networks() -> dict[str, dict[str, object]]:
    """The arguments of each network that a variant uses, by the first variant that has it."""
    found: dict[str, dict[str, object]] = {}
    for name, variant in load_params().catalogue.items():
        arguments = variant.generator.model_dump()
        if arguments not in found.values():
            found[name] = arguments
    return found


def measure(name: str, options: argparse.Namespace) -> dict[str, object]:
    """One method in this process."""
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    device = torch.device(options.device)
    composite, mask = picture(options.size)
    before = _highest(device)
    harmonize, parameters = method(name, size_px=options.size, device=device)
    harmonize(composite.copy(), mask.copy())  # what is set up once is not counted
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        harmonize(composite.copy(), mask.copy())
        seconds.append(time.perf_counter() - start)
    memory = (_highest(device) - before) / MEBIBYTE
    return {"method": name, "seconds": round(statistics.median(seconds), 5), "memory_mib": round(memory, 1), "parameters": parameters}


def method(name: str, *, size_px: int, device: torch.device) -> tuple[Harmonize, int]:
    """The method as scores see it, and its number of parameters."""
    if name in BASELINES:
        return BASELINES[name], 0
    harmonizer = build_harmonizer(**networks()[name], size_px=size_px).infer()
    return NetworkMethod(harmonizer, device=device), sum(weight.numel() for weight in harmonizer.parameters())


def picture(size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """A composite, uint8 (S, S, 3), and its mask, float32 (S, S)."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).random((size_px, size_px, 3)), (0, 0), 3)
    mask = np.zeros((size_px, size_px), dtype=np.float32)
    mask[size_px // 4 : -size_px // 4, size_px // 4 : -size_px // 4] = 1
    return (255 * (noise - noise.min()) / np.ptp(noise)).astype(np.uint8), mask


def _highest(device: torch.device) -> int:
    """Bytes that were in use at the highest so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)


if __name__ == "__main__":
    main()
