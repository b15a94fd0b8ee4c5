"""Where a report was made: commit, machine, versions. It lies beside the page, which is equal on every machine that reproduces it."""

import json
import os
import platform
from pathlib import Path

import torch

from imharmony.storage.files import write_text
from pipeline.steps.provenance import code_commit

RUN = "run.json"


def write_run(path: Path) -> None:
    """Writes the facts; no output of DVC's, because they differ where results do not."""
    write_text(path, json.dumps(run_facts(), indent=2) + "\n")


def run_facts() -> dict[str, object]:
    """The commit of the code, the hardware and the software."""
    return {
        "commit": code_commit(),
        "hardware": hardware(),
        "software": {"python": platform.python_version(), "torch": torch.__version__},
    }


def hardware() -> dict[str, object]:
    """The machine in words: processor, cores, memory, accelerators."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"processor": model, "cores": os.cpu_count(), "memory_gib": round(memory_gib), "accelerators": devices}
