"""``python -m benchmarks.gpu --minutes 8``: everything that an accelerator is for, in an order that gives results if it is cut short.

1. ``tests``: the tests marked ``gpu``. 2. ``resumed``: a killed training goes on to the same bits. 3. ``precision``: bf16 against fp32
after the same steps. 4. ``speed``: images a second of our loop and of a plain PyTorch loop in the same run, and their share of the peak
of a matmul that is measured here. 5. ``processes``: two devices against one. 6. ``starter``: the starter model's training, with what
time is left. The file of results is written anew after each row; what did not fit is listed as `not reached`. All values are measured.
``--device cpu`` runs it in miniature.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.gpu.checks import checks_of_precision, checks_of_resuming, checks_of_tests
from benchmarks.gpu.records import Job, Record
from benchmarks.gpu.runs import checks_of_processes, checks_of_starter
from benchmarks.gpu.scale import Scale
from benchmarks.gpu.speed import checks_of_speed
from imharmony.errors import InputError

RESULT = Path("reports/published/gpu.json")
IN_MINIATURE = Path(".work/gpu_in_miniature.json")  # a processor's figures are not published as an accelerator's
LEAST_MINUTES = 0.05


@dataclass(frozen=True)
class Part:
    """``until`` is the share of all time after which no further row of it begins; time that it leaves goes to those after it."""

    name: str
    jobs: Callable[[Scale], Sequence[Job]]
    until: float


PARTS = (
    Part("tests", checks_of_tests, 0.2),
    Part("resumed", checks_of_resuming, 0.3),
    Part("precision", checks_of_precision, 0.4),
    Part("speed", checks_of_speed, 0.85),
    Part("processes", checks_of_processes, 0.92),
    Part("starter", checks_of_starter, 1.0),
)


def run(device: torch.device, *, minutes: float, out: Path, parts: Sequence[Part] = PARTS) -> None:
    """Runs the parts, one after the other, within the minutes."""
    scale = Scale.of(device)
    jobs = {part.name: part.jobs(scale) for part in parts}
    record = Record(out, scale, minutes=minutes, planned={name: [job.what for job in own] for name, own in jobs.items()})
    for part in parts:
        record.run(part.name, jobs[part.name], until=part.until)


def main() -> None:
    """Exit code 2 and one line where there is nothing to run on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8.0, help="for all parts together")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--out", type=Path, help=f"by default {RESULT}, with --device cpu {IN_MINIATURE}")
    options = parser.parse_args()
    try:
        if not LEAST_MINUTES <= options.minutes < float("inf"):
            raise InputError(f"--minutes is {options.minutes:g}; expected a number of minutes from {LEAST_MINUTES:g}")
        if options.device == "cuda" and not torch.cuda.is_available():
            raise InputError("torch finds no CUDA device here; run it where there is one, or give --device cpu for the miniature")
        out = options.out or (RESULT if options.device == "cuda" else IN_MINIATURE)
        run(torch.device(options.device), minutes=options.minutes, out=out)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before cuBLAS starts, for bits that repeat
    main()
