"""Small tables of a finished run, kept in git with what is needed to judge them."""

import json
import os
import platform
from pathlib import Path

import pyarrow.compute as pc
import torch

from imharmony.composing.packed_split import data_hash
from imharmony.evaluation.conventions import rows_of
from imharmony.storage.files import write_text
from imharmony.storage.tables import read_table, write_csv, write_table
from pipeline.params.file import load_params
from pipeline.steps.paths import REPORTS, Layout
from pipeline.steps.provenance import code_commit


def publish(name: str) -> None:
    """Copies the summary of the last report to reports/published/ with commit, data hashes, parameters and hardware."""
    params = load_params()
    layout = Layout(params.profile)
    summary = read_table(REPORTS / "tables" / "summary.parquet")
    target = REPORTS / "published" / name
    write_table(target.with_suffix(".parquet"), summary)
    write_csv(target.with_suffix(".csv"), rows_of(summary).filter(pc.field("bucket") == "all"))
    facts = {
        "commit": code_commit(),
        "data_hash": {dataset: data_hash(layout.composites(dataset)) for dataset in params.datasets},
        "hardware": hardware(),
        "software": {"python": platform.python_version(), "torch": torch.__version__},
        "profile": params.profile,
        "parameters": params.active.model_dump(mode="json"),
        "variants": {key: variant.model_dump(mode="json") for key, variant in params.variants.items()},
        "outside": {key: method.model_dump(mode="json") for key, method in params.imported.items()},
    }
    write_text(target.with_suffix(".json"), json.dumps(facts, indent=2) + "\n")


def hardware() -> dict[str, object]:
    """The machine in words: processor, cores, memory, accelerators."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"processor": model, "cores": os.cpu_count(), "memory_gib": round(memory_gib), "accelerators": devices}
